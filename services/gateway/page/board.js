// A board that somebody shared, for whoever has its address.

import * as api from "./api.js";
import { element, skeletons } from "./cards.js";
import { say, turn, words } from "./inspire-words.js";
import { shown } from "./sized.js";

const at = (id) => document.getElementById(id);

function card(entry) {
  const seen = entry.words ? element("span", { class: "says" }, entry.words)
    : element("span", { class: "frame" }, element("img", { ...shown(entry.image_url, "(max-width: 36rem) 44vw, 15rem"), alt: entry.title ?? "", loading: "lazy" }));
  return element("li", { class: entry.negative ? "entry against" : "entry", "data-testid": "entry" }, seen,
    entry.title ? element("span", { class: "title" }, entry.title) : null,
    entry.negative ? element("span", { class: "quiet" }, words().negative) : null,
    entry.note ? element("span", { class: "quiet" }, entry.note) : null);
}

async function start() {
  say();
  at("language").textContent = words().other;
  at("entries").replaceChildren(...skeletons(6));
  try {
    const board = await api.read(`/public${location.pathname}`);
    at("title").textContent = board.title;
    document.title = `Loupe: ${board.title}`;
    at("entries").replaceChildren(...board.entries.map(card));
  } catch (problem) {
    at("entries").replaceChildren();
    at("missing").textContent = problem.status === 404 || problem.status === 422 ? words().sharedGone : problem.detail;
    at("missing").hidden = false;
  }
}

at("language").addEventListener("click", () => { turn(); start(); });
start();
