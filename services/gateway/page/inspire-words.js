// All words of the page of inspiration, in English and Chinese.

const LANGUAGE = "loupe-language";

const WORDS = {
  en: {
    skip: "Skip to the page", pieces: "Pieces", title: "Inspiration", other: "中文",
    boards: "Boards", map: "Map", colours: "Colours", blend: "Blend",
    boardsTitle: "Your boards", boardsAbout: "Gather pictures, pieces and words. Say how much each counts, and what it should not be like. Loupe finds what is like all of it.",
    newBoard: "Begin a board", likedBoard: "Begin one with what you liked", noBoards: "No boards yet. Begin one, or add a piece from the map to one.", untitled: "New board",
    open: (name, n) => `${name}, ${n} entries`, entries: (n) => `${n} ${n === 1 ? "entry" : "entries"}`, shared: "shared",
    allBoards: "All boards", boardName: "Name of the board", addPicture: "Add a picture", dropHere: "or drop one here", addWords: "Add words", wordsHint: "rose gold, leaves, vintage …",
    add: "Add", weight: "Counts", negative: "Not like this", note: "Note", remove: "Take away", gone: "Not in the shop any more",
    emptyBoard: "Nothing here yet. Add a picture of your own, words, or pieces from the map.",
    kept: "Your pictures are kept for this board alone, without faces, and go with it. They are not part of what the shop sells.",
    share: "Share", unshare: "Stop sharing", shareAbout: "Whoever has this address may look at the board, and sees no prices.", copy: "Copy", copied: "Copied.",
    print: "Print", erase: "Erase", eraseSure: "Erase this board, with the pictures that were uploaded to it?", keep: "Keep it",
    like: "In the shop, like this board", searching: "Looking …", nothingLike: "Nothing in the shop is like this board.",
    usedSome: (n, all) => `Searched by the ${n} heaviest of ${all} entries.`,
    toBoard: "To the board", onBoard: (name) => `Added to “${name}”.`, toBlend: "Blend",
    mapTitle: "The whole catalogue", mapAbout: "What looks alike lies side by side. Drag to move, scroll or pinch to come nearer: points become pictures.",
    mapKeys: "Map of the catalogue. Arrow keys move, plus and minus zoom, Enter opens the piece in the middle.",
    making: "The map is being made. This takes some seconds, in a large shop a minute or two.", emptyMap: "No piece has a picture yet. Once there are some, they lie here.",
    colourBy: "Colour by", type: "type", metal: "metal", price: "price", age: "age", unknown: "not known", less: "low", more: "high", older: "older", newer: "newer",
    sales: "sales", noneSold: "none", mostSold: (n, days) => `${n.toLocaleString()} sold in ${days} days`,
    nearer: "Come nearer", farther: "Step back", whole: "Show all", count: (n) => `${n.toLocaleString()} pieces`,
    inView: "In the middle", gaps: "Where is the catalogue thin?", gapsAbout: "Where people searched in the last 30 days, and little lies.",
    noGaps: "Too few searches yet to say.", noThin: "Nowhere: what people search for is there.",
    gap: (s, u, p) => `${s} searches, ${u} without a match; ${p} ${p === 1 ? "piece" : "pieces"} here`,
    lift: (n) => `${n} times as many searches a piece as anywhere`, gapShow: "Show on the map",
    coloursTitle: "By colours", coloursAbout: "Choose colours and how much of each. Shapes do not count.", addColour: "One more colour", takeColour: "Take this colour away", shareOf: "How much", colour: "Colour",
    blendTitle: "Between two pieces", blendAbout: "Choose two pieces, here or by “Blend” anywhere, and move between them.", first: "First piece", second: "Second piece", chooseSku: "SKU", between: "Between the two",
    noBlend: "Choose two pieces.", results: "Pieces", none: "Nothing found.",
    wrong: "Something went wrong", again: "Try again", saved: "Saved.", loading: "Loading …",
    keyTitle: "An API key, please", keyAbout: "This page shows the shop that the key belongs to; to make boards the key needs the scopes read and events. It stays in this tab and is forgotten when it closes.", key: "API key", keyUse: "Open",
    sharedGone: "There is no board at this address, or it is not shared any more.",
  },
  zh: {
    skip: "跳到正文", pieces: "首饰", title: "灵感", other: "English",
    boards: "灵感板", map: "地图", colours: "颜色", blend: "融合",
    boardsTitle: "您的灵感板", boardsAbout: "收集图片、首饰和文字，设定各自的分量，以及不想要的样子。Loupe 会找出与整体相似的首饰。",
    newBoard: "新建灵感板", likedBoard: "用喜欢的首饰新建一个", noBoards: "还没有灵感板。新建一个，或从地图中添加一件首饰。", untitled: "新灵感板",
    open: (name, n) => `${name}，${n} 项`, entries: (n) => `${n} 项`, shared: "已分享",
    allBoards: "全部灵感板", boardName: "灵感板名称", addPicture: "添加图片", dropHere: "或拖放到此处", addWords: "添加文字", wordsHint: "玫瑰金、叶子、复古……",
    add: "添加", weight: "分量", negative: "不要这样", note: "备注", remove: "移除", gone: "店中已无此件",
    emptyBoard: "这里还是空的。添加自己的图片、文字，或地图中的首饰。",
    kept: "您的图片只为此灵感板保存，人脸已去除，并随灵感板一同删除；不属于店铺商品。",
    share: "分享", unshare: "停止分享", shareAbout: "知道此地址的人都可以查看，但看不到价格。", copy: "复制", copied: "已复制。",
    print: "打印", erase: "删除", eraseSure: "删除此灵感板及上传的图片？", keep: "保留",
    like: "店中与此灵感板相似的首饰", searching: "正在查找……", nothingLike: "店中没有与此灵感板相似的首饰。",
    usedSome: (n, all) => `按 ${all} 项中分量最重的 ${n} 项查找。`,
    toBoard: "加入灵感板", onBoard: (name) => `已加入“${name}”。`, toBlend: "融合",
    mapTitle: "全部商品", mapAbout: "相似的首饰彼此相邻。拖动可移动，滚动或双指可放大：圆点会变成图片。",
    mapKeys: "商品地图。方向键移动，加减键缩放，回车打开中间的首饰。",
    making: "正在绘制地图。需要几秒钟，大型店铺需要一两分钟。", emptyMap: "还没有带图片的首饰。有了之后会显示在这里。",
    colourBy: "着色", type: "类型", metal: "金属", price: "价格", age: "上架时间", unknown: "未知", less: "低", more: "高", older: "较早", newer: "较新",
    sales: "销量", noneSold: "未售出", mostSold: (n, days) => `${days} 天内售出 ${n.toLocaleString()} 件`,
    nearer: "放大", farther: "缩小", whole: "显示全部", count: (n) => `${n.toLocaleString()} 件`,
    inView: "画面中央", gaps: "哪里缺少商品？", gapsAbout: "近 30 天有人搜索、而商品稀少之处。",
    noGaps: "搜索次数太少，尚无法判断。", noThin: "没有：人们搜索的都有。",
    gap: (s, u, p) => `${s} 次搜索，${u} 次无匹配；此处有 ${p} 件`,
    lift: (n) => `每件被搜索的次数是平均的 ${n} 倍`, gapShow: "在地图上显示",
    coloursTitle: "按颜色", coloursAbout: "选择颜色及其比例，形状不计。", addColour: "再加一种颜色", takeColour: "移除此颜色", shareOf: "比例", colour: "颜色",
    blendTitle: "两件之间", blendAbout: "在此选择两件首饰，或在任意处点“融合”，再在两者之间移动。", first: "第一件", second: "第二件", chooseSku: "货号", between: "两者之间",
    noBlend: "请选择两件首饰。", results: "首饰", none: "没有找到。",
    wrong: "出错了", again: "重试", saved: "已保存。", loading: "加载中……",
    keyTitle: "请输入 API 密钥", keyAbout: "此页显示密钥所属店铺；建立灵感板需要 read 与 events 权限。密钥只留在此标签页，关闭后即被遗忘。", key: "API 密钥", keyUse: "打开",
    sharedGone: "此地址没有灵感板，或已停止分享。",
  },
};

export function language() {
  const chosen = localStorage.getItem(LANGUAGE) ?? navigator.language;
  return chosen.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export function turn() {
  localStorage.setItem(LANGUAGE, language() === "zh" ? "en" : "zh");
}

export const words = () => WORDS[language()];

// Puts the words where the page names them.
export function say(within = document) {
  document.documentElement.lang = language();
  for (const place of within.querySelectorAll("[data-word]")) place.textContent = words()[place.dataset.word];
  for (const place of within.querySelectorAll("[data-label]")) place.setAttribute("aria-label", words()[place.dataset.label]);
  for (const place of within.querySelectorAll("[data-hint]")) place.placeholder = words()[place.dataset.hint];
}
