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

export const likedCount = () => liked().size;
export const forgetLiked = () => localStorage.removeItem(LIKED);

// `changed` is called once what is suggested may be another; `failed` with the problem when the shop did not hear of it.
export function acts(sku, { seen, changed, failed }) {
  const like = element("button", { class: "more", type: "button", "data-testid": "like", onclick: async () => {
    show(true);
    keep([...liked().add(sku)]);
    try {
      await api.happened("favourited", sku, seen);
    } catch (problem) {
      show(false);
      keep([...liked()].filter((one) => one !== sku));
      return failed(problem);
    }
    return changed().catch(failed);
  } });
  function show(is) {
    like.textContent = is ? words().liked : words().like;
    like.setAttribute("aria-pressed", String(is));
    like.disabled = is;
  }
  show(liked().has(sku));
  return [like, element("a", { class: "more", href: `/inspire#add/${encodeURIComponent(sku)}`, "data-testid": "onto-board" }, words().board)];
}
