// The words of the page of look-alikes, in English and in Chinese. None says what a piece is, or who was first.

const LANGUAGE = "loupe-language";

const WORDS = {
  en: {
    skip: "Skip to the list", pieces: "Pieces", references: "References", title: "Look-alikes", other: "中文",
    about: "Pieces of other shops that look like yours. Loupe compares pictures and nothing else: it does not know who was first, or who may sell what. You decide what each one is.",
    consent: "Compare with other shops",
    consentAbout: "Only shops that both consent are compared. Where something is found, each is told the other's name, item and picture. You can take it back at any time: then nothing of yours is kept for comparing, and nobody is shown your name.",
    consents: "This shop consents", consentsNot: "This shop does not consent: nothing of it is compared.",
    since: (day) => `since ${day}`, waiting: (n) => `${n} pictures are still to be compared.`,
    give: "Consent", take: "Take the consent back",
    found: "To look at", show: "Show", open: "not decided", confirmed: "confirmed", dismissed: "dismissed", allowed: "allowed", all: "all",
    none: "Nothing here.", more: "More", yours: "Yours", theirs: (shop) => `At ${shop}`, design: "Protected design",
    noPicture: "The picture is not shown here.",
    confirm: "Yes, it is", dismiss: "No, it is not", allow: "It is, and they may",
    confirmAbout: "It is what it looks like", dismissAbout: "It is not what it looks like", allowAbout: "That shop may show it: nothing of the two is told any more",
    decided: { confirmed: "Confirmed.", dismissed: "Dismissed.", allowed: "Allowed." },
    same_picture: "The same picture", edited_picture: "An edited picture", same_piece: "Looks the same", same_design: "Seems to be the same design", similar: "Looks alike",
    edits: { mirrored: "mirrored", cropped: "cut", recoloured: "recoloured", bordered: "with a border", rephotographed: "photographed from a screen or a print", pasted: "part of another picture" },
    score: (percent) => `how sure: ${percent}%`,
    threshold: "When you are told",
    thresholdAbout: "What is less sure than this is not told. Your decisions move the line: each \"no\" raises it a little, each \"yes\" lowers it, never beyond the grey range.",
    picture: "Pictures made of one another", byDesign: "Pieces that look alike",
    thresholdNow: (now, right, wrong) => `from ${now}% on, after ${right} × yes and ${wrong} × no`,
    keyTitle: "An API key, please", keyAbout: "To decide takes a key with the scope write, to consent one with the scope admin. It stays in this tab and is forgotten when it closes.",
    key: "API key", keyUse: "Use it", again: "Try again", wrong: "Something went wrong",
  },
  zh: {
    skip: "跳到列表", pieces: "首饰", references: "登记", title: "相似款", other: "English",
    about: "其他店铺中与您的首饰相似的款式。Loupe 只比较图片，不知道谁在先，也不知道谁有权出售。每一项由您判断。",
    consent: "与其他店铺比较",
    consentAbout: "只有双方都同意的店铺才会互相比较。发现相似款时，双方会看到对方的店名、商品和图片。您可以随时撤回：届时不再保留用于比较的任何数据，也不再向任何人显示您的店名。",
    consents: "本店已同意", consentsNot: "本店未同意：不做任何比较。",
    since: (day) => `自 ${day} 起`, waiting: (n) => `还有 ${n} 张图片等待比较。`,
    give: "同意", take: "撤回同意",
    found: "待查看", show: "显示", open: "未判断", confirmed: "已确认", dismissed: "已排除", allowed: "已许可", all: "全部",
    none: "这里没有内容。", more: "更多", yours: "本店", theirs: (shop) => `店铺 ${shop}`, design: "受保护的设计",
    noPicture: "此处不显示图片。",
    confirm: "是的", dismiss: "不是", allow: "是，且对方可以展示",
    confirmAbout: "确如所见", dismissAbout: "并非如此", allowAbout: "该店铺可以展示：今后不再提示这两者",
    decided: { confirmed: "已确认。", dismissed: "已排除。", allowed: "已许可。" },
    same_picture: "同一张图片", edited_picture: "修改过的图片", same_piece: "看起来一样", same_design: "似乎是同一款设计", similar: "相似",
    edits: { mirrored: "镜像", cropped: "裁剪", recoloured: "改色", bordered: "加边框", rephotographed: "翻拍屏幕或印刷品", pasted: "拼入另一张图片" },
    score: (percent) => `把握：${percent}%`,
    threshold: "何时提示您",
    thresholdAbout: "把握低于此线的不提示。您的判断会移动这条线：每个“不是”使它略升，每个“是”使它略降，但不会超出灰色范围。",
    picture: "由另一张图片而来", byDesign: "外观相似的首饰",
    thresholdNow: (now, right, wrong) => `从 ${now}% 起；已有 ${right} 次“是”、${wrong} 次“不是”`,
    keyTitle: "请输入 API 密钥", keyAbout: "判断需要 write 权限的密钥，同意需要 admin 权限的密钥。密钥只留在此标签页，关闭后即被遗忘。",
    key: "API 密钥", keyUse: "使用", again: "重试", wrong: "出错了",
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
}
