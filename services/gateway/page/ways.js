// The way from each page to every other, in the language that the page speaks just now. On a narrow screen those of
// shoppers stand in one row, and the others behind a button.

import { element } from "./cards.js";

const WAYS = [
  ["/", { en: ["Pieces"], zh: ["首饰"] }],
  ["/inspire", { en: ["Boards", " and map"], zh: ["灵感板", "与地图"] }],
  ["/try-on", { en: ["Try it on"], zh: ["试戴"] }],
];
const FURTHER = [
  ["/inventory", { en: ["Stock"], zh: ["库存"] }],
  ["/references", { en: ["Records"], zh: ["存档"] }],
  ["/lookalikes", { en: ["Look-alikes"], zh: ["相似款"] }],
  ["/shop", { en: ["My shop"], zh: ["我的店铺"] }],
  ["/label", { en: ["Labelling"], zh: ["标注"] }],
  ["/docs", { en: ["API"], zh: ["API"] }],
];
const WORDS = { en: { pages: "Pages", more: "More" }, zh: { pages: "页面", more: "更多" } };

const nav = document.querySelector("nav.ways");
const said = [];

function way([address, words]) {
  const here = address === location.pathname;
  const link = element("a", { class: "quiet", href: address, "aria-current": here ? "page" : null });
  said.push(() => {
    const [always, where = ""] = words[document.documentElement.lang] ?? words.en;
    link.replaceChildren(always, element("span", { class: "where-wide" }, where));
  });
  return link;
}

const further = element("ul", { id: "ways-further", class: "ways-further" }, ...FURTHER.map((one) => element("li", {}, way(one))));
const open = element("button", { class: "plain ways-open", type: "button", "aria-expanded": "false", "aria-controls": "ways-further", "data-testid": "ways-open" });
open.classList.toggle("here", FURTHER.some(([address]) => address === location.pathname));

function show(on) {
  open.setAttribute("aria-expanded", String(on));
}

open.addEventListener("click", () => show(open.getAttribute("aria-expanded") !== "true"));
nav.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || open.getAttribute("aria-expanded") !== "true") return;
  show(false);
  open.focus();
});
nav.addEventListener("focusout", (event) => event.relatedTarget && !nav.contains(event.relatedTarget) && show(false));
document.addEventListener("pointerdown", (event) => nav.contains(event.target) || show(false));

function say() {
  const words = WORDS[document.documentElement.lang] ?? WORDS.en;
  for (const speak of said) speak();
  open.textContent = words.more;
  nav.setAttribute("aria-label", words.pages);
}

nav.prepend(...WAYS.map(way), open, further);
say();
new MutationObserver(say).observe(document.documentElement, { attributeFilter: ["lang"] });
