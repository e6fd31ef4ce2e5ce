// All words of the page where pieces are found, in English and Chinese.

import { catalogue } from "./language.js";

const plural = (n, one, many) => `${n} ${n === 1 ? one : many}`;

const WORDS = {
  en: {
    skip: "Skip to the pieces", pages: "Pages", inspire: "Inspiration", tryOn: "Try it on", records: "Records", stock: "Stock", shop: "My shop", api: "API", other: "中文",
    title: "Show a piece. Find its like.", choose: "Choose a photo", chooseAnother: "Choose another photo", withMouse: "or drop one here, or paste it. ", camera: "Take a photo", photoAlt: "Your photo",
    kept: (days) => `The shop keeps it for ${days === 1 ? "a day" : `${days} days`}, without faces and without the place it was taken at.`, notKept: "It is only looked at, not kept.",
    sayIt: "Or say what it should be", sayMore: "Say what should be different", sayHint: "rose gold, with pearls, under 500", sayMoreHint: "but in rose gold", search: "Search",
    seenMany: "Your photo shows several pieces. Tap the one to search by.", seenOne: "This is searched by. If it is not what you mean, draw a box.", seenNone: "Draw a box around what you mean, if it is not the whole.",
    draw: "Draw a box", drawStop: "Do not draw", drawKeys: "A box on your photo. Arrow keys move it, with Shift they change its size, Enter searches by it, Escape leaves it.",
    drawAbout: "Draw a box around what you mean.", searchBy: (n, type) => `Search by piece ${n}${type ? `, ${type}` : ""}`, small: "The box is too small. Draw a larger one.",
    asked: "What you asked for", takeAway: (what) => `Take away: ${what}`, notLike: (what) => `not like ${what}`, unlike: "Not like this", unlikeOf: (what) => `Not like ${what}`,
    narrow: "Narrow down", type: "Type", metal: "Metal", stone: "Stone", cut: "Cut", setting: "Setting", inStock: "In stock", clearAll: "Take all away", narrowing: "Counting …", nothingToNarrow: "There is nothing to choose from.",
    fromShop: "From the shop", byPhoto: "Looks like your photo", byWords: "What you asked for, nearest first", narrowed: "In the shop", noneShown: "No pieces to show", clear: "Clear the photo", found: (n) => `${plural(n, "piece", "pieces")} found`,
    noMatch: "Nothing in this shop is near enough to be your piece. These come nearest.", noFit: "Nothing in the shop fits all of that.", noFitAbout: "Take something away, and look again.",
    empty: "The shop is empty", emptyAbout: "Pieces appear here a moment after their pictures were taken in.", more: "Show more",
    soldOut: "sold out", left: (n) => `only ${n} left`, sure: (n) => `${n}%`, sureAbout: (n) => `${n}% likely to be this very piece`,
    back: "Back to the pieces", similar: "Similar pieces", similarNone: "Nothing else here looks like it yet.", picture: (n) => `Picture ${n}`, tags: "tags",
    forYou: "For you", openFew: "Open a few pieces, and what suits them shows here.", cold: "What others look at, and what is new. Open a piece to make this yours.", warm: "Chosen by what you did here.",
    dismiss: "Not for me", dismissOf: (what) => `Not for me: ${what}`, dismissed: (what) => `${what} will not be suggested any more.`, why: "Why am I seeing this?",
    whyTitle: "Why you see these", whyCold: "Nothing is known of you yet. These are what others look at, and what is new in the shop.",
    whyWarm: "They are chosen by what was done in this browser, in this shop. Each piece says what it is like. What others like who opened the same pieces counts, too.",
    whyName: "The shop knows this browser by a name made at random, and nothing else of you:", whyTold: "What this page told under that name:", whyNothing: "Nothing yet.",
    acts: { clicked: (what) => `opened ${what}`, dismissed: (what) => `not for me: ${what}`, searched: () => "searched, and which pieces were found" },
    forget: "Forget me", forgetAbout: "All of it goes within a minute, and this browser gets a new name.", forgotten: "Forgotten. This browser is somebody new.", close: "Close",
    keyTitle: "An API key, please", keyAbout: "This page shows the shop that the key belongs to. The key stays in this tab and is forgotten when it closes.", key: "API key", keyUse: "Open the shop",
    wrong: "Something went wrong", again: "Try again", offline: "You are offline. What is shown may be old.",
  },
  zh: {
    skip: "跳到首饰", pages: "页面", inspire: "灵感", tryOn: "试戴", records: "登记", stock: "库存", shop: "我的店铺", api: "API", other: "English",
    title: "给出一件，找到相似的。", choose: "选择照片", chooseAnother: "换一张照片", withMouse: "或拖放到这里，或粘贴。", camera: "拍照", photoAlt: "您的照片",
    kept: (days) => `店铺会保存它 ${days} 天，去除人脸和拍摄地点。`, notKept: "只用于查看，不会保存。",
    sayIt: "或用文字描述", sayMore: "说说哪里应该不同", sayHint: "rose gold, with pearls, under 500", sayMoreHint: "but in rose gold", search: "搜索",
    seenMany: "照片中有多件首饰，点选要搜索的一件。", seenOne: "将以此搜索。如果不是您要的，请画一个框。", seenNone: "如果不是整张照片，请框出您要的部分。",
    draw: "画框", drawStop: "不画了", drawKeys: "照片上的框。方向键移动，按住 Shift 改变大小，Enter 以此搜索，Escape 退出。",
    drawAbout: "框出您要找的部分。", searchBy: (n, type) => `以第 ${n} 件搜索${type ? `，${type}` : ""}`, small: "框太小，请画大一些。",
    asked: "您的条件", takeAway: (what) => `去掉：${what}`, notLike: (what) => `不像 ${what}`, unlike: "不要这样的", unlikeOf: (what) => `不要像 ${what} 这样的`,
    narrow: "缩小范围", type: "类型", metal: "金属", stone: "宝石", cut: "切工", setting: "镶嵌", inStock: "有货", clearAll: "全部去掉", narrowing: "正在统计……", nothingToNarrow: "没有可选的条件。",
    fromShop: "店内首饰", byPhoto: "与您的照片相似", byWords: "符合描述，最接近的在前", narrowed: "店内", noneShown: "没有可显示的首饰", clear: "清除照片", found: (n) => `找到 ${n} 件`,
    noMatch: "本店没有足够接近的首饰。以下最为接近。", noFit: "店内没有完全符合的首饰。", noFitAbout: "去掉一些条件再看看。",
    empty: "店里还没有首饰", emptyAbout: "图片收录后，首饰会很快显示在这里。", more: "显示更多",
    soldOut: "已售罄", left: (n) => `仅剩 ${n} 件`, sure: (n) => `${n}%`, sureAbout: (n) => `有 ${n}% 的可能就是这一件`,
    back: "返回", similar: "相似的首饰", similarNone: "暂时没有相似的。", picture: (n) => `图片 ${n}`, tags: "标签",
    forYou: "为您推荐", openFew: "打开几件首饰，这里会显示合适的。", cold: "大家在看的和新到的。打开一件，推荐就会随您而变。", warm: "根据您在这里的浏览选出。",
    dismiss: "不适合我", dismissOf: (what) => `不适合我：${what}`, dismissed: (what) => `不再推荐${what}。`, why: "为什么推荐这些？",
    whyTitle: "为什么推荐这些", whyCold: "目前对您一无所知。这些是大家在看的和店里新到的。",
    whyWarm: "根据此浏览器在本店的操作选出。每件都说明了与什么相似；打开过同样首饰的人的喜好也计算在内。",
    whyName: "店铺只知道此浏览器的一个随机名称：", whyTold: "此页面以该名称告知的内容：", whyNothing: "还没有。",
    acts: { clicked: (what) => `打开了 ${what}`, dismissed: (what) => `不适合我：${what}`, searched: () => "搜索过，以及找到了哪些首饰" },
    forget: "忘记我", forgetAbout: "一分钟内全部删除，此浏览器会得到新的名称。", forgotten: "已忘记。此浏览器现在是新的访客。", close: "关闭",
    keyTitle: "请输入 API 密钥", keyAbout: "此页面显示密钥所属的店铺。密钥只留在此标签页，关闭后即被遗忘。", key: "API 密钥", keyUse: "打开店铺",
    wrong: "出错了", again: "重试", offline: "您已离线，显示的内容可能已过时。",
  },
};

export const { words, say } = catalogue(WORDS);
