// Pieces as the page shows them. Text always goes in as text, never as markup.

import { words } from "./find-words.js";
import { locale } from "./language.js";
import { shown } from "./sized.js";

const FEW = 3;
const WIDE = "(max-width: 36rem) 44vw, 15rem";
const SMALL = "(max-width: 60rem) 10.5rem, 5.2rem";

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export function price(item) {
  if (item.price === undefined) return "";
  if (!item.currency) return item.price.toLocaleString(locale(), { minimumFractionDigits: 2 });
  return item.price.toLocaleString(locale(), { style: "currency", currency: item.currency });
}

// What of the stock a shopper should know.
export function stockWords(item) {
  if (item.stock === 0) return words().soldOut;
  return item.stock !== undefined && item.stock <= FEW ? words().left(item.stock) : "";
}

export function address(sku) {
  return `#piece/${encodeURIComponent(sku)}`;
}

// A result of a search or of "similar": with its score and reason. `sure`: what the score means in words, where it is of
// a photo. `unlike` is called for who wants none like it.
export function resultCard(result, testid = "result", { sure, unlike } = {}) {
  const percent = Math.round(result.score * 100);
  const fill = element("span", { class: "fill" });
  fill.style.width = `${percent}%`;
  const bar = element("span", { class: "bar", "aria-hidden": "true" }, fill);
  const made = card(result.item, result.image_url, { testid }, [
    sure && percent ? element("span", { class: "sureness", title: sure(percent) }, bar, element("span", { "aria-hidden": "true" }, `${percent}%`), element("span", { class: "unseen" }, sure(percent))) : bar,
    element("span", { class: "reason", "data-testid": "reason" }, result.reason),
  ]);
  if (unlike) made.append(element("button", { class: "plain aside", type: "button", "data-testid": "unlike",
    "aria-label": words().unlikeOf(result.item.title), onclick: () => unlike(result) }, words().unlike));
  return made;
}

// A piece of the shop, as it comes: without a score.
export function itemCard(item) {
  return card(item, picture(item), { testid: "piece" }, []);
}

export function suggestionCard(suggestion, dismiss) {
  const made = card(suggestion.item, suggestion.image_url, { testid: "suggestion", small: true }, [
    element("span", { class: "reason", "data-testid": "reason" }, suggestion.reason),
  ]);
  made.dataset.sku = suggestion.sku;
  made.append(element("button", { class: "plain aside", type: "button", "data-testid": "dismiss",
    "aria-label": words().dismissOf(suggestion.item.title), onclick: () => dismiss(suggestion) }, words().dismiss));
  return made;
}

// Grey shapes while pieces are on their way.
export function skeletons(count) {
  return Array.from({ length: count }, () =>
    element("li", { class: "skeleton", "aria-hidden": "true" }, element("span", { class: "frame" }),
      element("span", { class: "line" }), element("span", { class: "line short" })));
}

export function picture(item) {
  return item.images.find((image) => image.state !== "rejected")?.image_url;
}

function card(item, source, { testid, small }, more) {
  const image = source
    ? element("img", { ...shown(source, small ? SMALL : WIDE), alt: "", loading: "lazy", decoding: "async", onerror: withoutPicture })
    : null;
  const told = [price(item), stockWords(item)].filter(Boolean);
  return element("li", {},
    element("a", { class: small ? "card small" : "card", href: address(item.sku), "data-testid": testid, "data-sku": item.sku },
      element("span", { class: "frame" }, image),
      element("span", { class: "words" },
        element("span", { class: "title" }, item.title),
        told.length ? element("span", { class: "price" }, told.join(", ")) : null,
        ...more,
        small ? null : element("span", { class: "sku", "data-testid": `${testid}-sku`, "data-sku": item.sku }, item.sku))));
}

function withoutPicture(event) {
  event.target.remove();
}
