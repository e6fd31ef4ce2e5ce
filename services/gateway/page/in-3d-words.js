// The words of a piece in 3-D, in English and in Chinese.

import { catalogue } from "./language.js";

const WORDS = {
  en: {
    skip: "Skip to the piece", title: "In 3-D", other: "中文",
    about: "Turn the piece by dragging or by the arrow keys, come nearer by the wheel, two fingers or Page Up and Page Down.",
    loading: "Fetching the piece …", choose: "Choose a piece of the shop: those that can be seen in 3-D say so.", pieces: "See the pieces",
    none: (title) => `There is no 3-D model of ${title} yet.`,
    size: (mm) => `True to size: ${mm.join(" × ")} mm.`, room: "See it in your room",
    flat: "This browser does not draw in 3-D (it takes WebGL). Here is the picture.",
    piece: "Back to the piece", save: "Save the model (.glb)", likeness: "Shape and size are those of the design. Stones sparkle less than in the hand, and metal mirrors a studio, not your room.",
    alt: (title) => `${title}, to turn`,
    broken: ["The model cannot be shown", "It could not be fetched, or is no binary glTF."], again: "Try again", wrong: "Something went wrong",
    keyTitle: "An API key, please", keyAbout: "This page shows the shop that the key belongs to. The key stays in this tab and is forgotten when it closes.", key: "API key", keyUse: "Open the shop",
  },
  zh: {
    skip: "跳到首饰", title: "三维查看", other: "English",
    about: "拖动或用方向键旋转首饰；用滚轮、双指或 Page Up、Page Down 键拉近。",
    loading: "正在获取首饰……", choose: "请选择店里的一件首饰：可以三维查看的会有说明。", pieces: "查看首饰",
    none: (title) => `${title}还没有三维模型。`,
    size: (mm) => `真实尺寸：${mm.join(" × ")} 毫米。`, room: "放到您的房间里看",
    flat: "此浏览器无法显示三维图形（需要 WebGL）。这里是图片。",
    piece: "返回这件首饰", save: "保存模型（.glb）", likeness: "形状和尺寸与设计一致。宝石的火彩不如实物，金属映出的是摄影棚而不是您的房间。",
    alt: (title) => `${title}，可旋转`,
    broken: ["无法显示模型", "无法获取该模型，或它不是二进制 glTF。"], again: "重试", wrong: "出了点问题",
    keyTitle: "请输入 API 密钥", keyAbout: "此页面显示密钥所属的店铺。密钥只保存在此标签页中，关闭后即被遗忘。", key: "API 密钥", keyUse: "打开店铺",
  },
};

export const { words, say } = catalogue(WORDS);
