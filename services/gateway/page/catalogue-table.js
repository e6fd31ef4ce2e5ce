// The catalogue as a table: each piece with the state of its pictures, and why one was refused.

import * as api from "./api.js";
import { address, element, picture, price } from "./cards.js";
import { moment } from "./merchant.js";
import { words } from "./shop-words.js";
import { shown as sizedTo } from "./sized.js";

const AT_ONCE = 25;
const at = (id) => document.getElementById(id);
let cursor = null;

export async function showCatalogue(more) {
  const state = at("state").value;
  const page = await (state ? api.images({ state, limit: AT_ONCE, cursor: more ? cursor : undefined }) : api.items(AT_ONCE, more ? cursor : undefined));
  const rows = state ? page.images.map(pictureRow) : await Promise.all(page.items.map(itemRow));
  head(state ? ["piece", "pictures", "why", "since"] : ["piece", "price", "inStock", "pictures", "why"]);
  if (more) at("rows").append(...rows);
  else at("rows").replaceChildren(...rows);
  cursor = page.next_cursor ?? null;
  at("more").hidden = !cursor;
  at("no-rows").textContent = state ? words().none : words().noItems;
  at("no-rows").hidden = at("rows").childElementCount > 0;
}

function head(columns) {
  at("columns").replaceChildren(element("tr", {}, ...columns.map((name) => element("th", { scope: "col" }, words()[name]))));
}

const shown = (source) => element("span", { class: "thumb" }, source ? element("img", { ...sizedTo(source, "48px"), alt: "", loading: "lazy", width: "48", height: "48", onerror: (event) => event.target.remove() }) : null);

const named = (source, name) => element("th", { scope: "row" }, element("span", { class: "named" }, shown(source), name));

async function itemRow(item) {
  const refused = item.images.filter((image) => image.state === "rejected");
  const reasons = await Promise.all(refused.map((image) => api.read(image.status_url).then((told) => told.reason).catch(() => null)));
  const counts = grouped(item.images);
  const states = [...counts].map(([state, images]) => badge(state, images.length));
  return element("tr", { "data-testid": "item", "data-sku": item.sku },
    named(picture(item), element("span", {}, element("a", { href: `/${address(item.sku)}` }, item.title), element("span", { class: "sku" }, item.sku))),
    element("td", {}, price(item)), element("td", {}, stockOf(item)),
    element("td", {}, ...(states.length ? states : [element("span", { class: "quiet" }, words().noPictures)])),
    element("td", { class: "why" }, reasons.filter(Boolean).join(" ")));
}

const stockOf = (item) => (item.stock === undefined ? words().unknown : item.stock === 0 ? words().soldOut : String(item.stock));

function grouped(images) {
  const groups = new Map();
  for (const image of images) groups.set(image.state, [...(groups.get(image.state) ?? []), image]);
  return groups;
}

function badge(state, count) {
  return element("span", { class: `badge ${state}` }, `${count} ${words().states[state] ?? state}`);
}

function pictureRow(image) {
  return element("tr", { "data-testid": "picture", "data-sku": image.sku },
    named(image.state === "rejected" ? null : image.image_url, element("a", { href: `/${address(image.sku)}` }, image.sku)),
    element("td", {}, element("span", { class: `badge ${image.state}` }, words().states[image.state] ?? image.state)),
    element("td", { class: "why" }, image.reason ?? ""), element("td", {}, moment(image.stored_at)));
}
