// By colours, and between two pieces.

import * as api from "./api.js";
import { element } from "./cards.js";
import { words } from "./inspire-words.js";
import { sized } from "./sized.js";
import { resultCards, settled, studio, tellBriefly } from "./studio.js";

const SHOWN = 24;
const MOST = 6;
const LEAST = 0.02; // a part's weight is above 0
const at = (id) => document.getElementById(id);
const state = { colours: [{ colour: "#d4af37", share: 1 }, { colour: "#1f7a4d", share: 0.4 }], pieces: [null, null], asked: 0 };
const SIDES = ["first", "second"];

export function showColours() {
  at("palette").replaceChildren(...state.colours.map(swatch));
  at("add-colour").hidden = state.colours.length >= MOST;
  byColours();
}

function swatch(one, number) {
  const named = `${words().colour} ${number + 1}`;
  return element("li", {},
    element("input", { type: "color", value: one.colour, "aria-label": named, "data-testid": "colour", oninput: (event) => { one.colour = event.target.value; soon(); } }),
    element("input", { type: "range", min: "0.1", max: "1", step: "0.1", value: String(one.share), "aria-label": `${words().shareOf}: ${named}`,
      oninput: (event) => { one.share = Number(event.target.value); soon(); } }),
    state.colours.length > 1 ? element("button", { class: "plain", type: "button", "aria-label": `${words().takeColour}: ${named}`,
      onclick: () => { state.colours.splice(number, 1); showColours(); } }, words().remove) : null);
}

async function find(list, about, ask) {
  const asked = ++state.asked;
  at(about).textContent = words().searching;
  await studio.trying(async () => {
    try {
      const answer = await ask();
      if (asked !== state.asked) return;
      const cards = resultCards(answer);
      at(list).replaceChildren(...cards);
      at(about).textContent = cards.length ? "" : words().none;
    } catch (problem) {
      at(about).textContent = "";
      throw problem;
    }
  });
}

const byColours = () => find("of-colours", "colours-about", () => api.change("/v1/palette:search", "POST", { colours: state.colours, limit: SHOWN }));
const soon = settled(byColours, 300);

export async function showBlend() {
  if (!at("skus").childElementCount) {
    const { items } = await api.items(100).catch(() => ({ items: [] }));
    at("skus").replaceChildren(...items.map((item) => element("option", { value: item.sku }, item.title)));
  }
  blend();
}

function blend() {
  const [one, other] = state.pieces;
  SIDES.forEach((side, number) => {
    const piece = state.pieces[number];
    at(`${side}-picture`).hidden = !piece;
    if (!piece) return;
    at(`${side}-picture`).src = sized(piece.image_url, 480);
    at(`${side}-picture`).alt = piece.title;
    at(side).value = piece.sku;
  });
  if (!one || !other) {
    at("blend-about").textContent = words().noBlend;
    return at("blended").replaceChildren();
  }
  const share = Number(at("between").value) / 100;
  const parts = [{ sku: one.sku, weight: Math.max(LEAST, 1 - share) }, { sku: other.sku, weight: Math.max(LEAST, share) }];
  return find("blended", "blend-about", () => api.change("/v1/search", "POST", { parts, limit: SHOWN }));
}

async function choose(number, sku) {
  if (!sku) return;
  await studio.trying(async () => {
    const { pieces } = await api.change("/v1/map:look", "POST", { skus: [sku] });
    state.pieces[number] = pieces[0] ?? null;
    blend();
  });
}

export function wireMixing() {
  studio.toBlend = (piece) => {
    state.pieces[state.pieces[0] ? 1 : 0] = piece;
    tellBriefly(`${words().blendTitle}: ${state.pieces.filter(Boolean).map((one) => one.title).join(" + ")}`);
    if (state.pieces[1] && location.hash !== "#blend") location.hash = "blend";
    else if (!at("blend").hidden) blend();
  };
  at("add-colour").addEventListener("click", () => { state.colours.push({ colour: "#c0c0c8", share: 0.5 }); showColours(); });
  at("between").addEventListener("input", settled(blend, 200));
  SIDES.forEach((side, number) => at(side).addEventListener("change", () => choose(number, at(side).value.trim())));
}
