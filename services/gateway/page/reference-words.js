// The words of the page of references, in English and in Chinese. What is compared is photos; none of them says what a
// piece is.

import { language } from "./lookalike-words.js";

const WORDS = {
  en: {
    skip: "Skip to the comparison", pieces: "Pieces", lookalikes: "Look-alikes", title: "Compare with a record", other: "中文",
    about: "Photos of a piece are laid over photos that its owner registered. You see what agrees and what differs. Photos tell nothing of material, origin or value.",
    verifyTab: "Compare", registerTab: "Register", verifyTitle: "Compare photos with a record",
    photos: "Choose or take up to four new photos of one piece", claim: "Compare with", find: "the record that looks most like it",
    compare: "Compare", comparing: "Comparing…", noPhotos: "Choose a photo first.", remove: "Remove", removeOne: (number) => `Remove photo ${number}`,
    ofDesign: "Design", ofPiece: "This very piece",
    match: "agrees", mismatch: "differs", cannot_tell: "cannot tell", likely: (percent) => `probability that it agrees: ${percent}%`,
    reasons: "What this rests on", helps: "A photo that would help", compared: "What was compared", against: (title, version) => `With “${title}”, version ${version}`,
    evidence: (photo, view) => `Photo ${photo} on the left, registered ${view} view on the right`, marks: "Green frames: alike. Red frames: different.",
    json: "Report to check (JSON)", pdf: "Report (PDF)", photo: (number) => `Photo ${number}`,
    registerTitle: "Register a piece or a design", whatIsIt: "What is it?", piece: "one piece", design: "a design, of which there are many pieces",
    name: "Name", owner: "Owner's name, for a public page", sku: "SKU", hallmark: "Hallmark, as stamped", serial: "Serial, as engraved",
    width: "Width in mm", height: "Height in mm", issuer: "A paper: who issued it", number: "Its number", protect: "Protect: tell me of look-alikes",
    save: "Register", saving: "Registering…", take: "Take this photo", skipView: "Skip", retake: "Take it again", left: "Photos so far", noFront: "Take at least one photo.",
    views: { front: "front", side: "side", back: "back", top: "top", detail: "detail", hallmark: "hallmark", serial: "serial", scale: "scale" },
    how: {
      front: "From the front, the whole piece, filling most of the photo. Soft light, plain ground, no flash.",
      side: "Turned a quarter, so that its height and the setting show.",
      back: "From behind or below.",
      hallmark: "The hallmark, as near as the camera still focuses.",
      serial: "The serial number, as near as the camera still focuses.",
      scale: "With a ruler beside it, flat on the table.",
    },
    step: (now, all) => `Photo ${now} of ${all}`, done: "All photos are there, or skipped.",
    registered: (title) => `“${title}” is registered.`, sealed: "The record is sealed: any later change of it can be seen. Loupe has not examined the piece.",
    better: "What would make it better to compare with", nothing: "Nothing is missing.",
    publish: "Make a public page", page: "Public page", publicAbout: "Whoever has the address sees all that the record says, the serial too.", unpublish: "Take the public page back", file: "The sealed record (JSON)", another: "Register another",
    keyTitle: "An API key, please", keyAbout: "Registering needs a key with the scope write. It stays in this tab and is forgotten with it.", key: "API key", keyUse: "Use it", again: "Try again", wrong: "Something went wrong",
  },
  zh: {
    skip: "跳到比对", pieces: "首饰", lookalikes: "相似提示", title: "与登记记录比对", other: "English",
    about: "把物件的照片与其登记人登记的照片对齐，您可以看到哪里一致、哪里不同。照片不能说明材质、产地或价值。",
    verifyTab: "比对", registerTab: "登记", verifyTitle: "把照片与登记记录比对",
    photos: "选择或拍摄同一物件的新照片，最多四张", claim: "比对对象", find: "看起来最接近的登记",
    compare: "比对", comparing: "正在比对……", noPhotos: "请先选择照片。", remove: "移除", removeOne: (number) => `移除照片 ${number}`,
    ofDesign: "款式", ofPiece: "是否同一件",
    match: "一致", mismatch: "不同", cannot_tell: "无法判断", likely: (percent) => `一致的概率：${percent}%`,
    reasons: "依据", helps: "有帮助的照片", compared: "比对了什么", against: (title, version) => `与“${title}”第 ${version} 版比对`,
    evidence: (photo, view) => `左：照片 ${photo}；右：登记的${view}照片`, marks: "绿框：一致。红框：不同。",
    json: "可核对的报告（JSON）", pdf: "报告（PDF）", photo: (number) => `照片 ${number}`,
    registerTitle: "登记一件物件或一种款式", whatIsIt: "登记对象", piece: "一件物件", design: "一种款式，有许多件",
    name: "名称", owner: "登记人名称（显示在公开页面上）", sku: "SKU", hallmark: "印记文字", serial: "序列号",
    width: "宽（毫米）", height: "高（毫米）", issuer: "文件出具方", number: "文件编号", protect: "保护：有相似款时提示我",
    save: "登记", saving: "正在登记……", take: "拍这张照片", skipView: "跳过", retake: "重拍", left: "已有照片", noFront: "请至少拍一张照片。",
    views: { front: "正面", side: "侧面", back: "背面", top: "俯视", detail: "细节", hallmark: "印记", serial: "序列号", scale: "比例尺" },
    how: {
      front: "从正面拍摄整件，占满大部分画面。柔和光线，素色背景，不用闪光灯。",
      side: "转四分之一圈，拍出高度和镶座。",
      back: "从背面或底部拍摄。",
      hallmark: "印记特写，尽量靠近且仍能对焦。",
      serial: "序列号特写，尽量靠近且仍能对焦。",
      scale: "旁边放一把直尺，平放在桌面上。",
    },
    step: (now, all) => `第 ${now} 张，共 ${all} 张`, done: "照片已齐，或已跳过。",
    registered: (title) => `“${title}”已登记。`, sealed: "记录已封签：之后的任何改动都能被看出。Loupe 未检验实物。",
    better: "怎样更便于比对", nothing: "没有缺少什么。",
    publish: "建立公开页面", page: "公开页面", publicAbout: "知道地址的人都能看到记录的全部内容，包括序列号。", unpublish: "收回公开页面", file: "封签记录（JSON）", another: "再登记一件",
    keyTitle: "请输入 API 密钥", keyAbout: "登记需要 write 权限的密钥。密钥只留在此标签页，关闭后即被遗忘。", key: "API 密钥", keyUse: "使用", again: "重试", wrong: "出错了",
  },
};

export const words = () => WORDS[language()];

// Puts the words where the page names them.
export function say(within = document) {
  document.documentElement.lang = language() === "zh" ? "zh-Hans" : "en";
  for (const place of within.querySelectorAll("[data-word]")) place.textContent = words()[place.dataset.word];
}
