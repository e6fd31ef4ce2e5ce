// The words of try-on, in English and in Chinese.

const LANGUAGE = "loupe-language";

const WORDS = {
  en: {
    skip: "Skip to the picture", pieces: "Pieces", title: "Try it on", other: "中文",
    about: "See a piece on your hand, ear, neck or wrist. Your picture stays in this browser: nothing of it is sent, to the shop or to anybody.",
    photo: "Choose a photo", camera: "Use the camera", stop: "Stop the camera", hold: "Hold this picture",
    stageEmpty: "Choose a piece, then a photo or the camera.", stage: "Your picture with the piece on it. Arrow keys move the piece, plus and minus change its size, comma and full stop turn it.",
    which: "Which piece", more: "More pieces", none: "This shop has nothing to try on yet.", noneSo: (kind) => `This shop has nothing of that kind yet: ${kind}.`, all: "All",
    many: { ring: "Rings", earring: "Earrings", necklace: "Necklaces", bracelet: "Bracelets", watch: "Watches" }, only: "Which pieces are listed", next: "Now choose a photo, or use the camera.", nextPiece: "Now choose a piece below.", named: "Worn as",
    kinds: { ring: "Ring", earring: "Earrings", necklace: "Necklace or pendant", bracelet: "Bracelet", watch: "Watch" },
    finger: "Finger", fingers: { thumb: "Thumb", index: "Index finger", middle: "Middle finger", ring: "Ring finger", little: "Little finger" },
    size: "Size", turn: "Turn", anew: "Put it back", save: "Save the picture",
    by: "Drag the piece to move it.",
    fetching: "Fetching what finds hands and faces, once, about 12 MB …", cutting: "Cutting the piece out …", looking: "Looking …",
    placed: { hand: "On your hand.", palm: "On your hand, from the side of the palm. Turn it to see the front.", face: "On you." }, fresh: "Point the camera at your hand or your face.",
    missed: { hand: "No hand was found. Hold it flat and whole in the picture, or drag the piece where it belongs.", face: "No face was found. Look towards the camera, or drag the piece where it belongs." },
    noEar: "Neither ear is to be seen. Turn a little, or drag the piece where it belongs.",
    scale: {
      fit: "A ring or bracelet is drawn to fit: it is made in your size.",
      known: (mm) => `Drawn ${mm} mm long, as the shop says, beside a hand or face of usual size.`,
      usual: "The shop does not say how large this piece is. It is drawn in a usual size of its kind, which may be wrong.",
    },
    likeness: "A sketch to judge by, not a measurement: light, size and fit are near, not exact.",
    uncut: "This piece has no picture that it could be cut out of. Choose another.",
    unread: ["This browser cannot show that photo", "Save it as a JPEG or PNG, and choose it again."],
    denied: ["The camera is not to be had", "Allow it in the browser's settings for this page, or choose a photo. It is asked for over https or on this machine alone."],
    broken: ["Hands and faces cannot be found here", "What finds them could not be started: it takes WebAssembly and WebGL. You can still drag the piece where it belongs."],
    again: "Try again", wrong: "Something went wrong",
    keyTitle: "An API key, please", keyAbout: "This page shows the shop that the key belongs to. The key stays in this tab and is forgotten when it closes.", key: "API key", keyUse: "Open the shop",
  },
  zh: {
    skip: "跳到图片", pieces: "首饰", title: "试戴", other: "English",
    about: "看看首饰戴在您的手上、耳上、颈上或腕上的样子。您的图片只留在此浏览器中：不会发送给店铺或任何人。",
    photo: "选择照片", camera: "使用摄像头", stop: "关闭摄像头", hold: "定格画面",
    stageEmpty: "先选一件首饰，再选照片或摄像头。", stage: "您的图片与首饰。方向键移动首饰，加减键改变大小，逗号和句号旋转。",
    which: "选择首饰", more: "更多首饰", none: "这家店铺还没有可试戴的首饰。", noneSo: (kind) => `店里还没有这一类：${kind}。`, all: "全部",
    many: { ring: "戒指", earring: "耳饰", necklace: "项链与吊坠", bracelet: "手链与手镯", watch: "手表" }, only: "列出哪些首饰", next: "现在选择照片或使用摄像头。", nextPiece: "请在下面选一件首饰。", named: "佩戴方式",
    kinds: { ring: "戒指", earring: "耳饰", necklace: "项链或吊坠", bracelet: "手链或手镯", watch: "手表" },
    finger: "手指", fingers: { thumb: "拇指", index: "食指", middle: "中指", ring: "无名指", little: "小指" },
    size: "大小", turn: "旋转", anew: "恢复原位", save: "保存图片",
    by: "拖动首饰即可移动。",
    fetching: "正在获取识别手和脸的程序（仅一次，约 12 MB）……", cutting: "正在抠图……", looking: "正在识别……",
    placed: { hand: "已戴在手上。", palm: "已戴在手上，这是掌心一侧。翻过手来看正面。", face: "已戴上。" }, fresh: "请将摄像头对准手或脸。",
    missed: { hand: "没有找到手。请将手掌平放并完整入镜，或把首饰拖到合适的位置。", face: "没有找到脸。请面向摄像头，或把首饰拖到合适的位置。" },
    noEar: "看不到耳朵。请稍微转头，或把首饰拖到合适的位置。",
    scale: {
      fit: "戒指和手链按合身大小绘制：它们会按您的尺寸制作。",
      known: (mm) => `按店铺标注的 ${mm} 毫米绘制，以常见的手或脸的大小为准。`,
      usual: "店铺没有标注这件首饰的大小，按同类常见尺寸绘制，可能不准。",
    },
    likeness: "仅供参考，并非测量：光线、大小和贴合程度只是接近，并不精确。",
    uncut: "这件首饰没有可以抠图的图片，请另选一件。",
    unread: ["此浏览器无法显示这张照片", "请另存为 JPEG 或 PNG 后重新选择。"],
    denied: ["无法使用摄像头", "请在浏览器设置中允许此页面使用摄像头，或选择一张照片。只有通过 https 或在本机上才能使用摄像头。"],
    broken: ["此处无法识别手和脸", "识别程序无法启动：它需要 WebAssembly 和 WebGL。您仍可以把首饰拖到合适的位置。"],
    again: "重试", wrong: "出错了",
    keyTitle: "请输入 API 密钥", keyAbout: "此页面显示密钥所属的店铺。密钥只留在此标签页，关闭后即被遗忘。", key: "API 密钥", keyUse: "打开店铺",
  },
};

export function language() {
  const chosen = localStorage.getItem(LANGUAGE) ?? navigator.language;
  return chosen.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export const words = () => WORDS[language()];

export function turn() {
  localStorage.setItem(LANGUAGE, language() === "zh" ? "en" : "zh");
  location.reload();
}

// Fill in what the page's own markup says: `data-say` is the text, `data-label` the label for who cannot see it.
export function say() {
  document.documentElement.lang = language();
  document.title = `Loupe: ${words().title}`;
  for (const one of document.querySelectorAll("[data-say]")) one.textContent = words()[one.dataset.say];
  for (const one of document.querySelectorAll("[data-label]")) one.setAttribute("aria-label", words()[one.dataset.label]);
}
