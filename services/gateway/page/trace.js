// Where a number is from: what the API says at its source, as a table or a plot.

import * as api from "./api.js";
import { element } from "./cards.js";
import { named, words } from "./inventory-words.js";
import { locale } from "./language.js";
import { plot } from "./plot.js";

const at = (id) => document.getElementById(id);
const day = (moment) => (moment ? new Date(moment).toLocaleDateString(locale(), { dateStyle: "medium" }) : "");
const round = (value) => (Number.isInteger(value) ? String(value) : value.toFixed(2));

// What `source` answers, in a dialog over the page.
export async function trace(name, source) {
  at("trace-title").textContent = name;
  at("trace-body").replaceChildren(element("p", { class: "quiet" }, words().looking));
  if (!at("trace").open) at("trace").showModal();
  let parts;
  try {
    parts = shown(await api.read(source));
  } catch (problem) {
    parts = [element("p", {}, problem.detail ?? problem.message)];
  }
  at("trace-body").replaceChildren(...parts,
    element("p", { class: "quiet source" }, words().from, element("code", {}, source)));
}

function shown(answer) {
  if (answer.weeks) return forecast(answer);
  if (answer.movements) return [...(answer.places ? [places(answer)] : []), movements(answer.movements)];
  if (answer.members) return [pieces(answer.members)];
  if (answer.items) return [items(answer.items)];
  return [element("pre", {}, JSON.stringify(answer, null, 2))];
}

function table(heads, rows) {
  return element("div", { class: "scrolled" }, element("table", {},
    element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { scope: "col" }, head)))),
    element("tbody", {}, ...rows.map((cells) => element("tr", {}, ...cells.map((cell) => element("td", {}, cell)))))));
}

function movements(found) {
  return table([words().when, words().what, words().count, words().where, words().why], found.map((one) => [
    day(one.occurred_at),
    named("kinds", one.kind) + (one.adjustment ? words().beyond(`${one.adjustment > 0 ? "+" : ""}${one.adjustment}`) : ""),
    one.quantity === undefined ? words().notCounted : String(one.quantity),
    one.to_location ? `${one.location} → ${one.to_location}` : one.location,
    one.reason ?? "",
  ]));
}

function places(item) {
  return table([words().where, words().onHand, words().counted, words().lastMoved], item.places.map((place) => [
    place.location, place.on_hand === undefined ? words().notCounted : String(place.on_hand), day(place.counted_at), day(place.moved_at),
  ]));
}

function items(found) {
  return table([words().piece, words().onHand, words().lastSold], found.map((item) => [
    opens(item.title || item.sku, item.sku), item.on_hand === undefined ? words().notCounted : String(item.on_hand), day(item.sold_at),
  ]));
}

function pieces(members) {
  return table([words().piece, words().share, words().onHand], members.map((piece) => [
    opens(piece.sku, piece.sku), `${Math.round(piece.share * 100)}%`, piece.on_hand === undefined ? words().notCounted : String(piece.on_hand),
  ]));
}

function opens(name, sku) {
  const source = `/v1/inventory/items/${encodeURIComponent(sku)}`;
  return element("button", { type: "button", onclick: () => trace(name, source) }, name);
}

function forecast(found) {
  const method = words().method(named("ways", found.method.way), found.method.origins);
  return [
    plot(found),
    element("p", { class: "quiet" }, method),
    table([words().weekFrom, words().expected, words().interval], found.weeks.map((week) => [
      day(week.begins), round(week.mean), words().to(round(week.low), round(week.high)),
    ])),
    table([words().weekFrom, words().soldHead, words().inStockHead], [...found.past].reverse().map((week) => [
      day(week.begins), round(week.sold), `${Math.round(week.in_stock * 100)}%`,
    ])),
  ];
}

at("trace-close").addEventListener("click", () => at("trace").close());
