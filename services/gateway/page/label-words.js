// All words of the page of labelling, in English and Chinese.

import { catalogue } from "./language.js";

const WORDS = {
  en: {
    skip: "Skip to the picture", title: "Labelling", other: "中文",
    about: "Pictures one after the other, those of which the model is least sure first. What you say is shown and searched by at once, and is learned from.",
    attribute: "What to say", type: "type", metal: "metal", stone: "stone", cut: "cut", setting: "setting",
    left: (left, all) => `${left} of ${all} pictures to look at`, manifest: "What was said, to train on (CSV)",
    model: (value, percent) => `The model says ${value}, and is ${percent}% sure.`, modelSilent: "The model does not know.", pictureOf: (sku) => `Picture of ${sku}`, lookingAt: "Where the model looked",
    choose: "What is it?", confirm: "Yes", confirmKey: "Enter", pass: "Pass over", passKey: "→", undo: "Back", undoKey: "←", another: "Another word", anotherHint: "signet", say: "Say it",
    said: (sku, value) => `${sku}: ${value}.`, takenBack: (sku) => `${sku}: taken back.`, passed: (sku) => `${sku}: passed over.`,
    none: "All pictures have been looked at.", noneAbout: "Choose something else to say, or come back when there are new ones.", nothingPassed: "Those that you passed over come again when the page is loaded anew.", loading: "Loading …",
    keysAbout: "Each class has a key; Enter says yes to the model, → passes over, ← goes back.", needs: "To say what a picture shows takes a key with the scope write.",
    noPicture: "This browser cannot show the picture.",
    keyTitle: "An API key, please", keyAbout: "To say what a picture shows takes a key with the scope write. It stays in this tab and is forgotten when it closes.", key: "API key", keyUse: "Use it", cancel: "Not now",
    wrong: "Something went wrong", again: "Try again",
  },
  zh: {
    skip: "跳到图片", title: "标注", other: "English",
    about: "逐张显示图片，模型最没把握的在前。您的判断会立即用于显示和搜索，并用于学习。",
    attribute: "标注内容", type: "类型", metal: "金属", stone: "宝石", cut: "切工", setting: "镶嵌",
    left: (left, all) => `共 ${all} 张，还有 ${left} 张待看`, manifest: "标注结果，可用于训练（CSV）",
    model: (value, percent) => `模型认为是${value}，把握 ${percent}%。`, modelSilent: "模型不知道。", pictureOf: (sku) => `${sku} 的图片`, lookingAt: "模型所看的位置",
    choose: "这是什么？", confirm: "是的", confirmKey: "Enter", pass: "跳过", passKey: "→", undo: "返回", undoKey: "←", another: "其他说法", anotherHint: "图章戒指", say: "确定",
    said: (sku, value) => `${sku}：${value}。`, takenBack: (sku) => `${sku}：已撤回。`, passed: (sku) => `${sku}：已跳过。`,
    none: "所有图片都已看过。", noneAbout: "请选择其他标注内容，或在有新图片时再来。", nothingPassed: "跳过的图片会在重新载入页面后再次出现。", loading: "正在载入……",
    keysAbout: "每个类别有一个按键；Enter 表示同意模型，→ 跳过，← 返回。", needs: "标注需要 write 权限的密钥。",
    noPicture: "此浏览器无法显示该图片。",
    keyTitle: "请输入 API 密钥", keyAbout: "标注需要 write 权限的密钥。密钥只留在此标签页，关闭后即被遗忘。", key: "API 密钥", keyUse: "使用", cancel: "以后再说",
    wrong: "出错了", again: "重试",
  },
};

export const { words, say } = catalogue(WORDS);
