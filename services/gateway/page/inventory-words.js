// All words of the page of the stock, in English and Chinese.

import { catalogue } from "./language.js";

const WORDS = {
  en: {
    skip: "Skip to the stock", other: "中文", title: "Stock", adviceFile: "Advice as CSV", movementsFile: "Movements as CSV", inShort: "In short", wrong: "Something went wrong", again: "Try again", close: "Close",
    orderTitle: "Order this week", makeTitle: "Make more like these", makeAbout: "One of a kind, or never to be ordered again; what looks like them sells.", liesTitle: "What lies", shopTitle: "The shop, week by week", stylesTitle: "Styles",
    moreStyles: "More styles", itemsTitle: "Pieces", show: "Show", all: "all", inStock: "in stock", outOfStock: "out of stock", belowZero: "below zero", uncounted: "not counted", moreItems: "More pieces",
    piece: "Piece", onHand: "On hand", where: "Where", lastSold: "Last sold",
    keyTitle: "An API key, please", keyAbout: "This page shows the stock of the shop that the key belongs to. The key stays in this tab and is forgotten when it closes.", key: "API key", keyUse: "Open the stock",
    pieces: "pieces", worth: "worth, at their prices", itemsInStock: "items in stock", of: (some, all) => `${some} of ${all}`, sold: (days) => `sold in ${days} days`, received: (days) => `received in ${days} days`, returned: (days) => `returned in ${days} days`,
    place: (name, pieces, items) => `${name}: ${pieces} pieces of ${items} items`,
    units: { pieces: "", "pieces a week": " pieces a week", days: " days" }, between: (low, high) => ` (${low} to ${high})`, setting: "a setting",
    numbers: {}, noNight: "Advice is made each night; there has been no night yet.", guess: (sales) => `Once ${sales} sales are known, what to order stands here. Tell them with orders, or as movements.`,
    toOrder: (n) => `${n} to order.`, noOrder: "Nothing needs to be ordered.", made: (day) => `Made ${day}.`, first: (n) => `The first ${n} are here, all are in the file.`,
    terms: (lead, review) => `${lead} days from an order to its arrival, ordered every ${review} days.`,
    yours: "What to do about it is yours to say.", liesGuess: "What lies too long is told then, too.", liesNone: "Nothing lies too long.",
    shopGuess: (sales) => `What the shop will sell is worked out each night, once ${sales} sales are known.`, plotNumbers: "The numbers of this plot", numbersOf: (name) => `The numbers of ${name}`,
    through: (weeks) => ` sold of what there was in ${weeks} weeks`, styleHas: (here, pieces) => `${here} on hand of ${pieces} pieces`,
    styles: (day, none) => `Pieces that look alike, made ${day}. ${none} pieces are like too few others.`, noStyles: "Styles are made each night of what pieces look like; there has been no night yet.", notCounted: "not counted",
    looking: "Looking…", from: "From ", when: "When", what: "What", count: "Pieces", why: "Why", counted: "Counted", lastMoved: "Last moved", share: "Of the style",
    kinds: {}, beyond: (more) => `, ${more} beyond the books`, weekFrom: "Week from", expected: "Expected", interval: "Four times out of five", soldHead: "Sold", inStockHead: "In stock", to: (low, high) => `${low} to ${high}`,
    method: (way, origins) => `By ${way}${origins ? `, looked back to from ${origins} dates` : ""}.`, ways: {}, plot: (sold, weeks, mean, next) => `${sold} sold in ${weeks} weeks; ${mean} expected in the next ${next}`,
  },
  zh: {
    skip: "跳到库存", other: "English", title: "库存", adviceFile: "建议（CSV）", movementsFile: "出入库记录（CSV）", inShort: "概况", wrong: "出错了", again: "重试", close: "关闭",
    orderTitle: "本周该订的货", makeTitle: "可以多做类似的", makeAbout: "独一件，或不再能订货；与它们相似的正在热卖。", liesTitle: "滞销", shopTitle: "店铺逐周情况", stylesTitle: "款式",
    moreStyles: "更多款式", itemsTitle: "首饰", show: "显示", all: "全部", inStock: "有库存", outOfStock: "无库存", belowZero: "低于零", uncounted: "未盘点", moreItems: "更多首饰",
    piece: "首饰", onHand: "现有", where: "位置", lastSold: "最近售出",
    keyTitle: "请输入 API 密钥", keyAbout: "此页面显示密钥所属店铺的库存。密钥只留在此标签页，关闭后即被遗忘。", key: "API 密钥", keyUse: "打开库存",
    pieces: "件", worth: "按售价计的价值", itemsInStock: "有库存的款", of: (some, all) => `${some}/${all}`, sold: (days) => `${days} 天内售出`, received: (days) => `${days} 天内入库`, returned: (days) => `${days} 天内退货`,
    place: (name, pieces, items) => `${name}：${items} 款共 ${pieces} 件`,
    units: { pieces: " 件", "pieces a week": " 件/周", days: " 天" }, between: (low, high) => `（${low} 至 ${high}）`, setting: "设置值",
    numbers: {
      on_hand: "现有", sold_12_weeks: "12 周售出", weekly_demand: "每周需求", lead_time: "到货时间", lead_time_demand: "到货前需求", days_of_cover: "可售天数", stock_out_risk: "断货可能", hold_up_to: "备货上限",
      order_at: "订货点", most_in_half_a_year: "半年最多需求", sell_through_12_weeks: "12 周售罄率", to_order: "应订", days_without_a_sale: "未售天数",
    },
    noNight: "建议每晚生成；目前还没有生成过。", guess: (sales) => `有 ${sales} 笔销售记录后，这里会显示该订什么。请通过订单或出入库记录告知。`,
    toOrder: (n) => `有 ${n} 款该订货。`, noOrder: "暂时无需订货。", made: (day) => `生成于 ${day}。`, first: (n) => `这里列出前 ${n} 款，全部见文件。`,
    terms: (lead, review) => `订货到到货 ${lead} 天，每 ${review} 天订一次。`,
    yours: "如何处理由您决定。", liesGuess: "届时也会说明什么滞销。", liesNone: "没有滞销的。",
    shopGuess: (sales) => `有 ${sales} 笔销售记录后，每晚会推算店铺的销量。`, plotNumbers: "此图的数字", numbersOf: (name) => `${name} 的数字`,
    through: (weeks) => ` 的存货在 ${weeks} 周内售出`, styleHas: (here, pieces) => `${pieces} 款现有 ${here} 件`,
    styles: (day, none) => `外观相似的首饰，生成于 ${day}。另有 ${none} 件与之相似的太少。`, noStyles: "款式每晚按外观生成；目前还没有生成过。", notCounted: "未盘点",
    looking: "正在读取……", from: "来源：", when: "时间", what: "类型", count: "件数", why: "原因", counted: "盘点于", lastMoved: "最近变动", share: "属于该款式",
    kinds: { sold: "售出", received: "入库", returned: "退货", counted: "盘点", moved: "调拨", adjusted: "调整" }, beyond: (more) => `，与账面相差 ${more}`, weekFrom: "周起始", expected: "预计", interval: "五次中有四次", soldHead: "售出", inStockHead: "有货时间", to: (low, high) => `${low} 至 ${high}`,
    method: (way, origins) => `方法：${way}${origins ? `，以 ${origins} 个日期回测` : ""}。`, ways: { "bottom-up": "由各件汇总", "top-down": "由总量分摊", "minimum-trace": "各层协调" }, plot: (sold, weeks, mean, next) => `${weeks} 周售出 ${sold} 件；预计未来 ${next} 周 ${mean} 件`,
  },
};

export const { words, say } = catalogue(WORDS);

// A number's name, a movement's kind, or how a forecast was made, as people say it.
export const named = (part, name) => words()[part][name] ?? name.replaceAll("_", " ");
