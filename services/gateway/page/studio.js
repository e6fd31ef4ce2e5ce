// What the parts of the page of inspiration share: failures told, pieces as cards, the board that pieces go to.

import { address, element, price } from "./cards.js";
import { words } from "./inspire-words.js";
import { shown } from "./sized.js";

const at = (id) => document.getElementById(id);

export const studio = {
  again: () => {},
  toBoard: () => {}, // set by boards.js
  toBlend: () => {}, // set by mixing.js
  async trying(act) {
    studio.again = () => studio.trying(act);
    at("error").hidden = true;
    try {
      return await act();
    } catch (problem) {
      if (problem.name === "AbortError") return undefined;
      tell(problem);
      return undefined;
    }
  },
};

let quieting = 0;

export function tellBriefly(told) {
  at("said").textContent = told;
  clearTimeout(quieting);
  quieting = setTimeout(() => (at("said").textContent = ""), 4000);
}

function tell(problem) {
  if (problem.status === 401 || problem.status === 403) {
    at("key-error").textContent = sessionStorage.getItem("loupe-key") || problem.status === 403 ? problem.detail : "";
    if (!at("key-dialog").open) at("key-dialog").showModal();
    return;
  }
  at("error").replaceChildren(
    element("div", {}, element("strong", {}, problem.title ?? words().wrong), element("p", {}, problem.detail ?? problem.message)),
    element("button", { class: "plain", type: "button", onclick: () => studio.again() }, words().again));
  at("error").hidden = false;
}

// A piece with what can be done with it: opened, put on the board, blended. `reason`: why it is here, if that is known.
export function pieceCard(piece, reason) {
  const image = element("img", { ...shown(piece.image_url, "(max-width: 36rem) 44vw, 15rem"), alt: "", loading: "lazy", decoding: "async", onerror: (event) => event.target.remove() });
  return element("li", { "data-testid": "studio-piece", "data-sku": piece.sku },
    element("a", { class: "card", href: `/${address(piece.sku)}` },
      element("span", { class: "frame" }, image),
      element("span", { class: "words" }, element("span", { class: "title" }, piece.title),
        price(piece) ? element("span", { class: "price" }, price(piece)) : null,
        typeof reason === "string" ? element("span", { class: "reason" }, reason) : null)),
    element("span", { class: "picked" },
      element("button", { class: "plain", type: "button", "data-testid": "to-board", onclick: () => studio.toBoard(piece) }, words().toBoard),
      element("button", { class: "plain", type: "button", "data-testid": "to-blend", onclick: () => studio.toBlend(piece) }, words().toBlend)));
}

// Of an answer of a search.
export function resultCards(answer) {
  const found = answer.no_match ? answer.suggestions : answer.results;
  return found.map((one) => pieceCard({ sku: one.sku, title: one.item.title, price: one.item.price, currency: one.item.currency, image_url: one.image_url }, one.reason));
}

// Calls `act` once nothing was asked for in `ms`.
export function settled(act, ms) {
  let waiting = 0;
  return (...given) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => act(...given), ms);
  };
}
