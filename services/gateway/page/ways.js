// The way from each page to every other, in the language that the page speaks just now.

import { element } from "./cards.js";

const WAYS = [
  ["/", { en: "Pieces", zh: "首饰" }],
  ["/inspire", { en: "Boards and map", zh: "灵感板与地图" }],
  ["/try-on", { en: "Try it on", zh: "试戴" }],
  ["/inventory", { en: "Stock", zh: "库存" }],
  ["/references", { en: "Records", zh: "存档" }],
  ["/lookalikes", { en: "Look-alikes", zh: "相似款" }],
  ["/shop", { en: "My shop", zh: "我的店铺" }],
  ["/label", { en: "Labelling", zh: "标注" }],
  ["/docs", { en: "API", zh: "API" }],
];

const nav = document.querySelector("nav.ways");
const links = WAYS.map(([address, words]) => [words, element("a", { class: "quiet", href: address, lang: words.en === words.zh ? "en" : null,
  "aria-current": address === location.pathname ? "page" : null })]);

function say() {
  const language = document.documentElement.lang;
  for (const [words, link] of links) link.textContent = words[language] ?? words.en;
  nav.setAttribute("aria-label", language === "zh" ? "页面" : "Pages");
}

say();
nav.prepend(...links.map(([, link]) => link));
new MutationObserver(say).observe(document.documentElement, { attributeFilter: ["lang"] });
