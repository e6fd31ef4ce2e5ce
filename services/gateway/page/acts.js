// What can be done with a piece that is looked at: like it, put it on a board.

import * as api from "./api.js";
import { element } from "./cards.js";

const LIKED = "loupe-liked";
const WORDS = {
  en: { like: "Like", liked: "Liked", board: "Put it on a board" },
  zh: { like: "喜欢", liked: "已喜欢", board: "放到灵感板" },
};
const words = () => WORDS[document.documentElement.lang] ?? WORDS.en;
const liked = () => new Set(JSON.parse(localStorage.getItem(LIKED) ?? "[]"));

const keep = (skus) => localStorage.setItem(LIKED, JSON.stringify(skus.slice(-500)));

export const likedSkus = () => [...liked()];
export const likedCount = () => liked().size;
export const forgetLiked = () => localStorage.removeItem(LIKED);

// `changed` is called with the title once what is suggested may be another; `failed` with the problem when the shop did
// not hear of it.
export function likeOf({ sku, title }, { seen, changed, failed }, attributes) {
  const like = element("button", { type: "button", ...attributes, "data-like": sku, onclick: async () => {
    show(true);
    keep([...liked().add(sku)]);
    try {
      await api.happened("favourited", sku, seen);
    } catch (problem) {
      show(false);
      keep([...liked()].filter((one) => one !== sku));
      return failed(problem);
    }
    return changed(title).catch(failed);
  } });
  function show(is, buttons = document.querySelectorAll(`[data-like="${CSS.escape(sku)}"]`)) {
    for (const one of buttons) {
      one.textContent = is ? words().liked : words().like;
      one.setAttribute("aria-label", `${one.textContent}: ${title}`);
      one.setAttribute("aria-pressed", String(is));
      one.disabled = is;
    }
  }
  show(liked().has(sku), [like]);
  return like;
}

export function acts(item, doing) {
  return [likeOf(item, doing, { class: "more", "data-testid": "like" }),
    element("a", { class: "more", href: `/inspire#add/${encodeURIComponent(item.sku)}`, "data-testid": "onto-board" }, words().board)];
}
