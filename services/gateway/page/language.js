// The language of the pages, and how words are put where a page names them.

const LANGUAGE = "loupe-language";

export function language() {
  const chosen = localStorage.getItem(LANGUAGE) ?? navigator.language;
  return chosen.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export function turn() {
  localStorage.setItem(LANGUAGE, language() === "zh" ? "en" : "zh");
}

// For numbers and dates: the reader's own region, where that is of the page's language.
export const locale = () => (navigator.language.toLowerCase().startsWith(language()) ? navigator.language : language());

// Of a page's words by language: the ones to use now, and what puts them into the page.
export function catalogue(all) {
  const words = () => all[language()];
  const say = (within = document) => {
    document.documentElement.lang = language();
    for (const place of within.querySelectorAll("[data-word]")) place.textContent = words()[place.dataset.word];
    for (const place of within.querySelectorAll("[data-label]")) place.setAttribute("aria-label", words()[place.dataset.label]);
    for (const place of within.querySelectorAll("[data-hint]")) place.placeholder = words()[place.dataset.hint];
  };
  return { words, say };
}

const VALUES = {
  bracelet: "手镯/手链", brooch: "胸针", earring: "耳饰", "loose-stone": "裸石", necklace: "项链", pendant: "吊坠", ring: "戒指", watch: "手表",
  gold: "金色", "rose gold": "玫瑰金色", silver: "银色", black: "黑色", clear: "透明", red: "红色", pink: "粉色", purple: "紫色", blue: "蓝色",
  turquoise: "绿松石色", green: "绿色", yellow: "黄色", brown: "棕色", pearl: "珍珠", none: "无宝石", round: "圆形", oval: "椭圆形", princess: "公主方形",
  emerald: "祖母绿形", pear: "梨形", marquise: "马眼形", cabochon: "素面", halo: "光环镶", solitaire: "单石", bezel: "包镶", cluster: "群镶", row: "排镶", "three-stone": "三石",
};

// A value that models tell, as people say it; a shop's own word stays as it is.
export function valueWord(value) {
  if (language() === "zh") return VALUES[value] ?? value;
  return value === "none" ? "no stone" : value.replace("-", " ");
}

// Words that are put together of such values, as names of styles are: "rose gold, oval halo ring". Others stay as they are.
export function phrase(name) {
  if (language() !== "zh") return name;
  const known = Object.keys(JOINED).sort((one, other) => other.length - one.length).join("|");
  return name.replaceAll(new RegExp(`(?<![\\w-])(?:${known})(?![\\w-])`, "g"), (word) => JOINED[word])
    .replaceAll(", ", "、").replaceAll(/(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])/g, "");
}

const JOINED = { ...VALUES, "mixed pieces": "多种首饰", piece: "首饰", and: "与" };
