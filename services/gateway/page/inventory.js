// The stock: what lies where, what to order, what lies too long, and what styles sell. Each number says where it is from.

import * as api from "./api.js";
import { element } from "./cards.js";
import { named, say, words } from "./inventory-words.js";
import { locale, phrase, turn } from "./language.js";
import { plot } from "./plot.js";
import { shown } from "./sized.js";
import { did } from "./steps.js";
import { trace } from "./trace.js";

const ADVISED = 12;
const STYLES = 8;
const ITEMS = 25;
const WEEKS = 13;
const LEAST_SALES = 20; // of a year; with fewer the inventory gives no advice, and a forecast is a guess

const at = (id) => document.getElementById(id);
const state = { styles: null, items: null, guess: false };

function show(id, visible) {
  at(id).hidden = !visible;
}

function tell(problem) {
  if (problem.status === 401 && !at("key-dialog").open) {
    at("key-error").textContent = sessionStorage.getItem("loupe-key") ? problem.detail : "";
    return at("key-dialog").showModal();
  }
  at("error").replaceChildren(
    element("div", {}, element("strong", {}, problem.title ?? words().wrong), element("p", {}, problem.detail ?? problem.message)),
    element("button", { class: "plain", type: "button", onclick: start }, words().again));
  show("error", true);
}

// What the nightly run makes may not be there yet: then nothing is shown in its place.
async function unlessMissing(asked) {
  try {
    return await asked;
  } catch (problem) {
    if (problem.status === 404) return null;
    throw problem;
  }
}

const whole = (number) => Math.round(number).toLocaleString(locale());
const day = (moment) => new Date(moment).toLocaleDateString(locale(), { dateStyle: "medium" });

function figure(name, value, from) {
  const says = from
    ? element("button", { class: "number", type: "button", onclick: () => trace(name, from) }, value)
    : element("span", { class: "number" }, value);
  return element("div", {}, element("dt", {}, name), element("dd", {}, says));
}

async function showFigures() {
  const sum = await api.stock("summary");
  const worth = Object.entries(sum.value).map(([currency, value]) => (currency
    ? value.toLocaleString(locale(), { style: "currency", currency, maximumFractionDigits: 0 }) : whole(value)));
  at("figures").replaceChildren(
    figure(words().pieces, whole(sum.pieces), "/v1/inventory/items?state=in-stock&limit=100"),
    ...(worth.length ? [figure(words().worth, worth.join(" + "), "/v1/inventory/items?state=in-stock&limit=100")] : []),
    figure(words().itemsInStock, words().of(whole(sum.in_stock), whole(sum.items)), "/v1/inventory/items?state=in-stock&limit=100"),
    figure(words().outOfStock, whole(sum.out_of_stock), "/v1/inventory/items?state=out-of-stock&limit=100"),
    ...(sum.below_zero ? [figure(words().belowZero, whole(sum.below_zero), "/v1/inventory/items?state=below-zero&limit=100")] : []),
    ...(sum.uncounted ? [figure(words().uncounted, whole(sum.uncounted), "/v1/inventory/items?state=uncounted&limit=100")] : []),
    figure(words().sold(sum.flow.days), whole(sum.flow.sold), "/v1/inventory/movements?kind=sold&limit=100"),
    figure(words().received(sum.flow.days), whole(sum.flow.received), "/v1/inventory/movements?kind=received&limit=100"),
    figure(words().returned(sum.flow.days), whole(sum.flow.returned), "/v1/inventory/movements?kind=returned&limit=100"));
  at("places").textContent = sum.locations
    .map((place) => words().place(place.location, whole(place.pieces), whole(place.items))).join(" · ");
}

function valued({ value, unit }) {
  if (unit === "share") return `${Math.round(value * 100)}%`;
  const rounded = Math.abs(value) < 10 && !Number.isInteger(value) ? value.toLocaleString(locale(), { minimumFractionDigits: 1, maximumFractionDigits: 1 }) : whole(value);
  return rounded + (words().units[unit] ?? ` ${unit}`);
}

function numbers(advice) {
  return element("ul", { class: "numbers" }, ...advice.numbers.map((number) => {
    const range = number.low !== undefined && number.high !== undefined
      ? words().between(valued({ ...number, value: number.low }), valued({ ...number, value: number.high })) : "";
    const name = named("numbers", number.name), parts = [`${name}: `, element("b", {}, valued(number)), range];
    return element("li", {}, number.source
      ? element("button", { type: "button", onclick: () => trace(name, number.source) }, ...parts)
      : element("span", { title: words().setting }, ...parts));
  }));
}

function picture(address, alt = "") {
  const image = address ? element("img", { ...shown(address, "4rem"), alt, loading: "lazy", onerror: (event) => event.target.remove() }) : null;
  return element("span", { class: "frame" }, image);
}

function advised(advice) {
  const named = advice.name || advice.sku;
  return element("li", { "data-testid": "advice", "data-sku": advice.sku },
    element("a", { href: `/#piece/${encodeURIComponent(advice.sku)}`, "aria-label": named }, picture(advice.image_url)),
    element("div", { class: "words" },
      element("h3", {}, advice.kind === "order" ? `${whole(advice.quantity ?? 0)} × ${named}` : named),
      element("span", { class: "sku" }, advice.sku),
      element("p", {}, advice.why),
      advice.question ? element("p", { class: "question" }, advice.question) : null,
      numbers(advice)));
}

async function showAdvice() {
  const kinds = ["order", "make-more", "overstock", "dead-stock"];
  const pages = await Promise.all(kinds.map((kind) => unlessMissing(api.stock("advice", { kind, limit: ADVISED }))));
  const [order, make, over, dead] = pages.map((page) => page?.advice ?? []);
  const first = pages[0];
  const when = first?.made_at ? words().made(day(first.made_at)) : "";
  const terms = first?.terms;
  at("order").replaceChildren(...order.map(advised));
  at("order-about").textContent = !first?.made_at
    ? words().noNight
    : state.guess
    ? words().guess(LEAST_SALES)
    : [order.length ? words().toOrder(whole(first.counts?.order ?? order.length)) : words().noOrder, when,
      ...(order.length === ADVISED ? [words().first(ADVISED)] : []), words().terms(whole(terms.lead_days), whole(terms.review_days))].join(" ");
  at("make").replaceChildren(...make.map(advised));
  show("make-section", make.length > 0);
  at("lies").replaceChildren(...[...dead, ...over].map(advised));
  at("lies-about").textContent = dead.length + over.length ? words().yours : state.guess ? words().liesGuess : first?.made_at ? words().liesNone : "";
}

async function showShop() {
  const forecast = await unlessMissing(api.stock("forecasts"));
  const sold = forecast?.past.reduce((sum, week) => sum + week.sold, 0) ?? 0;
  state.guess = sold < LEAST_SALES;
  at("shop-plot").replaceChildren(!state.guess
    ? element("button", { class: "plot-button", type: "button", "aria-label": words().plotNumbers,
      onclick: () => trace("the shop", "/v1/inventory/forecasts") }, plot(forecast))
    : element("p", { class: "quiet" }, words().shopGuess(LEAST_SALES)));
}

// Of what could be sold of a style in a quarter of a year, the share that was.
function sellThrough(style, forecast) {
  const sold = forecast.past.slice(-WEEKS).reduce((sum, week) => sum + week.sold, 0);
  const all = sold + Math.max(0, style.on_hand);
  return { sold, share: all > 0 ? sold / all : null };
}

function styleCard(style, forecast) {
  const name = phrase(style.name);
  const through = forecast && !state.guess && sellThrough(style, forecast);
  const source = `/v1/inventory/forecasts?style=${style.style_id}`;
  return element("li", { "data-testid": "style", "data-style": style.style_id },
    picture(style.image_url, name),
    element("h3", {}, name),
    through && through.share !== null
      ? element("p", { class: "through" },
        element("button", { class: "number", type: "button", onclick: () => trace(name, source) }, `${Math.round(through.share * 100)}%`),
        words().through(WEEKS))
      : null,
    element("p", { class: "quiet" },
      element("button", { type: "button", onclick: () => trace(name, `/v1/inventory/styles/${style.style_id}?limit=100`) },
        words().styleHas(whole(style.on_hand), whole(style.pieces)))),
    forecast && !state.guess ? element("button", { class: "plot-button", type: "button", "aria-label": words().numbersOf(name),
      onclick: () => trace(name, source) }, plot(forecast, { small: true })) : null);
}

async function showStyles(more) {
  const page = await unlessMissing(api.stock("styles", { limit: STYLES, cursor: more ? state.styles : undefined }));
  const found = page?.styles ?? [];
  const forecasts = await Promise.all(found.map((style) => unlessMissing(api.stock("forecasts", { style: style.style_id }))));
  const cards = found.map((style, number) => styleCard(style, forecasts[number]));
  if (more) at("styles").append(...cards);
  else at("styles").replaceChildren(...cards);
  state.styles = page?.next_cursor ?? null;
  show("more", Boolean(state.styles));
  at("styles-about").textContent = page?.made_at
    ? words().styles(day(page.made_at), whole(page.of_no_style))
    : words().noStyles;
}

function itemRow(item) {
  const where = Object.entries(item.locations).map(([place, pieces]) => `${place}: ${whole(pieces)}`).join(", ");
  const source = `/v1/inventory/items/${encodeURIComponent(item.sku)}`;
  return element("tr", { "data-sku": item.sku },
    element("th", { scope: "row" }, item.title, " ", element("span", { class: "sku" }, item.sku)),
    element("td", {}, item.on_hand === undefined ? words().notCounted
      : element("button", { class: "number", type: "button", onclick: () => trace(item.title, source) }, whole(item.on_hand))),
    element("td", {}, where),
    element("td", {}, item.sold_at ? day(item.sold_at) : ""));
}

async function showItems(more) {
  const asked = { state: at("state").value || undefined, limit: ITEMS, cursor: more ? state.items : undefined };
  const page = await api.stock("items", asked);
  const rows = page.items.map(itemRow);
  if (more) at("items").append(...rows);
  else at("items").replaceChildren(...rows);
  state.items = page.next_cursor ?? null;
  show("more-items", Boolean(state.items));
}

async function start() {
  say();
  document.title = `Loupe: ${words().title}`;
  at("language").textContent = words().other;
  show("error", false);
  try {
    await Promise.all([showFigures(), showShop().then(() => Promise.all([showAdvice(), showStyles()])), showItems()]);
    did("stock");
  } catch (problem) {
    tell(problem);
  }
  at("main").setAttribute("aria-busy", "false");
}

const trying = (act) => act().catch(tell);
at("language").addEventListener("click", () => { turn(); start(); });
at("more").addEventListener("click", () => trying(() => showStyles(true)));
at("more-items").addEventListener("click", () => trying(() => showItems(true)));
at("state").addEventListener("change", () => trying(() => showItems(false)));
for (const button of document.querySelectorAll("[data-file]")) {
  button.addEventListener("click", () => trying(() => api.download(button.dataset.file, button.dataset.name)));
}
at("key-form").addEventListener("submit", () => {
  api.useKey(at("key").value.trim());
  at("key").value = "";
  start();
});
start();
