// The map's part of the page: what surrounds the canvas.

import * as api from "./api.js";
import { element } from "./cards.js";
import { words } from "./inspire-words.js";
import { colouring } from "./map-colours.js";
import { letMove } from "./map-moving.js";
import { MapView } from "./map-view.js";
import { shown } from "./sized.js";
import { pieceCard, studio } from "./studio.js";

const at = (id) => document.getElementById(id);
const state = { map: null, view: null, seen: new Map(), asked: 0, painted: 0 };
const WAIT_MS = 2000;
const AGAIN_MS = 20000;
const SHOWN = 12;

const pictures = async (skus) => {
  const { pieces } = await api.change("/v1/map:look", "POST", { skus });
  for (const piece of pieces) state.seen.set(piece.sku, piece);
  return new Map(pieces.map((piece) => [piece.sku, piece.image_url]));
};

async function chosen(row) {
  await studio.trying(() => listed([row]));
  at("in-view").firstElementChild?.querySelector("a, button")?.focus({ preventScroll: false });
}

async function listed(rows) {
  const asked = ++state.asked;
  const skus = rows.map((row) => state.map.skus[row]);
  const strange = skus.filter((sku) => !state.seen.has(sku));
  if (strange.length) await pictures(strange);
  if (asked !== state.asked) return;
  at("in-view").replaceChildren(...skus.map((sku) => state.seen.get(sku)).filter(Boolean).map(pieceCard));
}

function moved() {
  if (!state.map || at("map").hidden) return;
  listed(state.view.around(state.view.view, SHOWN)).catch(() => {});
}

// What was sold is asked for when it is to be seen, of all pieces at once; until it is told, the colours stay.
async function paint() {
  const by = at("colour-by").value, turn = ++state.painted;
  const told = by === "sales" ? await api.read("/v1/inventory/sold") : null;
  if (turn !== state.painted) return;
  const { colours, legend } = colouring(state.map, by, told);
  const style = getComputedStyle(document.documentElement);
  const hex = style.getPropertyValue("--raised").trim();
  state.view.ground = [1, 3, 5].map((from) => parseInt(hex.slice(from, from + 2), 16));
  state.view.markInk = style.getPropertyValue("--gold").trim();
  state.view.show(state.map, colours);
  at("legend").replaceChildren(...legend);
}

export async function showMap() {
  if (!state.view) {
    state.view = new MapView(at("map-canvas"), { pictures, chosen, moved });
    letMove(state.view);
  }
  if (!state.map) wait(words().loading);
  await studio.trying(async () => {
    const map = await api.read("/v1/map");
    if (map.state !== "ready") {
      wait(map.state === "making" ? words().making : words().emptyMap);
      if (map.state === "making") setTimeout(() => at("map").hidden || showMap(), WAIT_MS);
      return;
    }
    state.map = map;
    wait("");
    at("map-count").textContent = words().count(map.skus.length);
    await paint();
  });
}

// What came to the shop or left it shows without asking: the view stays. Unchanged, it costs an empty answer.
async function look() {
  if (document.hidden || at("map").hidden || !state.map) return;
  const map = await api.read("/v1/map").catch(() => state.map); // told of where somebody asks for something
  if (map.state !== "ready" || map.made_at === state.map.made_at) return;
  state.map = map;
  at("map-count").textContent = words().count(map.skus.length);
  state.view.marked = -1;
  await studio.trying(paint);
}

function wait(told) {
  at("map-wait").textContent = told;
  at("map-wait").hidden = !told;
  for (const id of ["map-frame", "legend"]) at(id).hidden = Boolean(told);
}

async function showGaps() {
  const open = at("gaps").getAttribute("aria-pressed") !== "true";
  at("gaps").setAttribute("aria-pressed", String(open));
  at("gaps-list").hidden = !open;
  state.view.gaps = [];
  if (open) {
    await studio.trying(async () => {
      const told = await api.read("/v1/map/gaps");
      state.view.gaps = told.gaps;
      at("gaps-none").hidden = told.gaps.length > 0;
      at("gaps-none").textContent = told.searches < 20 ? words().noGaps : words().noThin;
      const skus = [...new Set(told.gaps.flatMap((gap) => gap.skus))].slice(0, 100);
      if (skus.length) await pictures(skus);
      at("gaps-found").replaceChildren(...told.gaps.map(gapRow));
    });
  }
  state.view.soon();
}

function gapRow(gap) {
  const seen = gap.skus.map((sku) => state.seen.get(sku)).filter(Boolean);
  return element("li", { "data-testid": "gap" },
    element("strong", {}, words().gap(gap.searches, gap.unmatched, gap.pieces)),
    element("span", { class: "quiet" }, words().lift(gap.lift)),
    element("div", { class: "row-of-pictures" }, ...seen.map((piece) => element("img", { ...shown(piece.image_url, "4rem"), alt: piece.title, loading: "lazy" }))),
    element("button", { class: "plain", type: "button", onclick: () => {
      state.view.go(gap.x, gap.y, Math.max(1, 16000 / gap.radius));
      at("map-canvas").focus();
    } }, words().gapShow));
}

export function wireMap() {
  setInterval(look, AGAIN_MS);
  at("colour-by").addEventListener("change", () => state.map && studio.trying(paint));
  at("nearer").addEventListener("click", () => state.view.zoom(1.6));
  at("farther").addEventListener("click", () => state.view.zoom(1 / 1.6));
  at("whole").addEventListener("click", () => state.view.go(32767, 32767, 1));
  at("gaps").addEventListener("click", () => state.map && showGaps());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => state.map && studio.trying(paint));
}
