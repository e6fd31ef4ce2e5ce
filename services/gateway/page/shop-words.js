// All words of the merchant's page, in English and Chinese.

import { catalogue } from "./language.js";

const WORDS = {
  en: {
    skip: "Skip to the shop", other: "中文",
    title: "My shop", ofShop: (name) => `Shop: ${name}`, may: { read: "look", write: "change the catalogue", events: "tell what shoppers do", admin: "administer the shop", operator: "operate the index" },
    mayAbout: (list) => `You may ${list}.`, useKey: "Use a key", otherKey: "Use another key", leave: "Forget the key",
    figures: { items: "pieces", indexed: "pictures to search", stored: "pictures on their way", rejected: "pictures refused", outbox: "messages on their way" },
    usage: "What the shop may have", of: (used, limit) => (limit === undefined ? used : `${used} of ${limit}`), usages: { items: "pieces", pictures: "pictures", storage_bytes: "storage", requests: "requests today" },
    catalogue: "Catalogue", show: "Show", all: "all pieces", refused: "refused pictures", waiting: "pictures on their way", sku: "SKU", piece: "Piece", price: "Price", inStock: "Stock", pictures: "Pictures", why: "Why", since: "Since",
    states: { stored: "on its way", analysed: "looked at", indexed: "searchable", rejected: "refused" }, noPictures: "no picture yet", none: "Nothing here.", noItems: "No pieces yet. Import a catalogue below.", more: "More",
    soldOut: "sold out", unknown: "not told",
    imports: "Import a catalogue", importAbout: "CSV, JSON Lines, Shopify's product CSV, or a zip of pictures named by SKU. What the file does not name stays; the same file again changes nothing.",
    file: "File", dryRun: "Only say what would change", start: "Import", needs: (scope) => `This needs a key with the scope ${scope}.`, sending: "Sending the file …", chooseFile: "Choose a file first.",
    importStates: { waiting: "waits", running: "runs", done: "done", failed: "failed", stopped: "stopped" }, rows: (done, all) => `${done} of ${all} rows`, reading: "being read",
    outcome: (one) => `${one.imported} new, ${one.updated} changed, ${one.unchanged} as before, ${one.rejected} refused, ${one.skipped} passed over`, tried: "tried only", errors: "What was wrong (CSV)", stop: "Stop", noImports: "No imports in the last 30 days.",
    alerts: "What needs a look", advice: { order: (n) => `${n} to order`, lies: (n) => `${n} that lie`, make: (n) => `${n} to make more like` }, stockAlerts: { "below-zero": "Below zero", "out-of-stock": "Out of stock", order: "Order", "dead-stock": "Lies", overstock: "Too many" }, noAdvice: "Nothing to order, and nothing lies.", toStock: "To the stock", adviceAway: "The stock cannot be read right now.",
    copies: (n) => (n ? `${n === 10 ? "10 or more" : n} look-alikes at other shops wait for your word.` : "No look-alikes wait for your word."), toCopies: "Review them", doubtful: (n) => `${n} pictures nobody has looked at yet.`, toLabel: "Label them", alertsAbout: "Alerts of the stock also go to the shop's queue and webhooks.",
    index: "Model and index", active: (model, pictures) => `Pictures are found by the model ${model}.`, filling: (model) => `Being filled anew by ${model}`, filled: (done, all) => `${done} of ${all} pictures`, refusedBy: (n) => `${n} cannot be analysed by it`,
    switchNow: "Search it now", abort: "Give it up", sureSwitch: "Search the new collection from now on?", sureAbort: "Give up the new collection?", indexNeeds: "How far a re-index is, a key with the scope operator is told.",
    keys: "Keys", keysAbout: "A key is shown once, when it is made. Loupe keeps a hash of it.", name: "What it is for", scopes: "It may", make: "Make a key", made: "The new key. Copy it now: it is not shown again.", copy: "Copy", copied: "Copied.", hide: "Hide it",
    used: (when) => `used ${when}`, unused: "never used", ends: (when) => `ends ${when}`, revoked: (when) => `revoked ${when}`, revoke: "Revoke", sureRevoke: (name) => `Revoke “${name}”? What uses it stops working within seconds.`, yes: "Yes", no: "No", noScope: "Choose what it may.",
    keyTitle: "An API key, please", keyAbout: "What you may do here depends on the scopes of your key. It stays in this tab and is forgotten when it closes.", key: "API key", keyUse: "Use it", cancel: "Not now",
    wrong: "Something went wrong", again: "Try again",
  },
  zh: {
    skip: "跳到店铺", other: "English",
    title: "我的店铺", ofShop: (name) => `店铺：${name}`, may: { read: "查看", write: "修改目录", events: "上报顾客行为", admin: "管理店铺", operator: "管理索引" },
    mayAbout: (list) => `您可以：${list}。`, useKey: "使用密钥", otherKey: "换一个密钥", leave: "忘记密钥",
    figures: { items: "件首饰", indexed: "张可搜索的图片", stored: "张处理中的图片", rejected: "张被拒的图片", outbox: "条处理中的消息" },
    usage: "店铺的限额", of: (used, limit) => (limit === undefined ? used : `${used} / ${limit}`), usages: { items: "首饰", pictures: "图片", storage_bytes: "存储", requests: "今日请求" },
    catalogue: "目录", show: "显示", all: "全部首饰", refused: "被拒的图片", waiting: "处理中的图片", sku: "SKU", piece: "首饰", price: "价格", inStock: "库存", pictures: "图片", why: "原因", since: "时间",
    states: { stored: "处理中", analysed: "已分析", indexed: "可搜索", rejected: "被拒" }, noPictures: "还没有图片", none: "这里没有内容。", noItems: "还没有首饰。请在下面导入目录。", more: "更多",
    soldOut: "售罄", unknown: "未告知",
    imports: "导入目录", importAbout: "CSV、JSON Lines、Shopify 商品 CSV，或以 SKU 命名的图片 zip。文件未提及的保持不变；同一文件再次导入不会改变任何内容。",
    file: "文件", dryRun: "仅说明会有哪些变化", start: "导入", needs: (scope) => `需要 ${scope} 权限的密钥。`, sending: "正在发送文件……", chooseFile: "请先选择文件。",
    importStates: { waiting: "等待中", running: "进行中", done: "完成", failed: "失败", stopped: "已停止" }, rows: (done, all) => `${done} / ${all} 行`, reading: "正在读取",
    outcome: (one) => `新增 ${one.imported}，更新 ${one.updated}，未变 ${one.unchanged}，被拒 ${one.rejected}，跳过 ${one.skipped}`, tried: "仅试运行", errors: "错误（CSV）", stop: "停止", noImports: "最近 30 天没有导入。",
    alerts: "需要关注", advice: { order: (n) => `${n} 件需订货`, lies: (n) => `${n} 件滞销`, make: (n) => `${n} 件可多做` }, stockAlerts: { "below-zero": "低于零", "out-of-stock": "无库存", order: "该订", "dead-stock": "滞销", overstock: "过多" }, noAdvice: "无需订货，也没有滞销。", toStock: "查看库存", adviceAway: "目前无法读取库存。",
    copies: (n) => (n ? `${n === 10 ? "10 个或更多" : n} 个其他店铺的相似款等待您判断。` : "没有等待判断的相似款。"), toCopies: "去查看", doubtful: (n) => `${n} 张图片还没有人看过。`, toLabel: "去标注", alertsAbout: "库存提醒也会发送到店铺的队列和 webhook。",
    index: "模型与索引", active: (model) => `图片由模型 ${model} 搜索。`, filling: (model) => `正在由 ${model} 重建`, filled: (done, all) => `${done} / ${all} 张图片`, refusedBy: (n) => `其中 ${n} 张无法分析`,
    switchNow: "立即启用", abort: "放弃", sureSwitch: "从现在起搜索新的索引？", sureAbort: "放弃新的索引？", indexNeeds: "重建进度需要 operator 权限的密钥。",
    keys: "密钥", keysAbout: "密钥只在生成时显示一次，Loupe 只保存其哈希。", name: "用途", scopes: "权限", make: "生成密钥", made: "新的密钥。请立即复制，之后不再显示。", copy: "复制", copied: "已复制。", hide: "隐藏",
    used: (when) => `最近使用 ${when}`, unused: "从未使用", ends: (when) => `${when} 到期`, revoked: (when) => `${when} 已吊销`, revoke: "吊销", sureRevoke: (name) => `吊销“${name}”？使用它的程序将在几秒内停止工作。`, yes: "是", no: "否", noScope: "请选择权限。",
    keyTitle: "请输入 API 密钥", keyAbout: "您能做什么取决于密钥的权限。密钥只留在此标签页，关闭后即被遗忘。", key: "API 密钥", keyUse: "使用", cancel: "以后再说",
    wrong: "出错了", again: "重试",
  },
};

export const { words, say } = catalogue(WORDS);
