// What was asked for as chips that are taken away again, and the values there are to choose from, with their counts.

import { asked, clearFilters, FIELDS, narrowed, toggle } from "./asking.js";
import { element } from "./cards.js";
import { words } from "./find-words.js";
import { valueWord } from "./language.js";

const AT_MOST = 12;
const at = (id) => document.getElementById(id);

// `again` asks anew. `answer` is what came of it: its chips and counts.
export function showAsked(answer, again) {
  const chips = [
    ...(answer?.chips ?? []).map((chip) => taken(chip.label, () => asked.ignore.add(chip.id))),
    ...[...asked.unlike].map(([sku, title]) => taken(words().notLike(title), () => asked.unlike.delete(sku))),
    ...[...asked.filters].flatMap(([field, values]) => [...values].map((value) => taken(valueWord(value), () => toggle(field, value)))),
    ...(asked.inStock ? [taken(words().inStock, () => (asked.inStock = false))] : []),
  ];
  at("asked").replaceChildren(...chips.map(([label, act]) => element("li", {},
    element("button", { class: "chip on", type: "button", "data-testid": "asked", "aria-label": words().takeAway(label),
      onclick: () => { act(); again(); at("found-title").focus(); } }, label, element("span", { "aria-hidden": "true" }, " ×")))));
  at("asked").hidden = !chips.length;
}

const taken = (label, act) => [label, act];

export function showFacets(answer, again) {
  const groups = FIELDS.map((field) => group(field, answer.facets?.[field] ?? {}, again)).filter(Boolean);
  const inStock = chip(words().inStock, null, asked.inStock, () => { asked.inStock = !asked.inStock; again(); });
  const all = narrowed() ? element("button", { class: "plain", type: "button", onclick: () => { clearFilters(); again(); } }, words().clearAll) : null;
  const held = document.activeElement?.dataset?.chip;
  at("facets").replaceChildren(...groups, element("div", { class: "facet" }, element("div", { class: "chips" }, inStock, all)));
  if (!groups.length) at("facets").prepend(element("p", { class: "quiet" }, words().nothingToNarrow));
  if (held) at("facets").querySelector(`[data-chip="${CSS.escape(held)}"]`)?.focus();
}

export const showCounting = () => at("facets").replaceChildren(element("p", { class: "quiet" }, words().narrowing));

// Chosen values stay, also where none is left of them.
function group(field, counts, again) {
  const chosen = asked.filters.get(field) ?? new Set();
  const values = Object.entries(counts).sort(([, one], [, other]) => other - one).slice(0, AT_MOST);
  for (const value of chosen) if (!values.some(([known]) => known === value)) values.push([value, 0]);
  if (!values.length) return null;
  const chips = values.map(([value, count]) => chip(valueWord(value), count, chosen.has(value), () => { toggle(field, value); again(); }, `${field}:${value}`));
  return element("div", { class: "facet", role: "group", "aria-labelledby": `facet-${field}` },
    element("h3", { id: `facet-${field}` }, words()[field]), element("div", { class: "chips" }, ...chips));
}

function chip(label, count, pressed, act, name) {
  return element("button", { class: pressed ? "chip on" : "chip", type: "button", "aria-pressed": String(pressed), "data-testid": "facet",
    "data-chip": name, onclick: act }, label, count === null ? null : element("span", { class: "count" }, ` ${count.toLocaleString()}`));
}
