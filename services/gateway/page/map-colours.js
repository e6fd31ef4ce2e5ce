// What colour each piece has on the map, and the legend that says so.

import { element } from "./cards.js";
import { words } from "./inspire-words.js";

const TEN = ["#4c78a8", "#e08a3c", "#3f9a6b", "#c8506e", "#8a6fc0", "#9a7b52", "#d878b8", "#6fb2c9", "#b4a12f", "#70757d"];
const NATURAL = { gold: "#d9a520", "yellow gold": "#d9a520", "rose gold": "#d98a76", silver: "#a9b1ba", "white gold": "#c9c4b4", platinum: "#8f9aa6", steel: "#6d7a86", black: "#3f4046", copper: "#b5653a" };
const RAMP = ["#3b2f6b", "#2f6f8f", "#35a07f", "#94c24a", "#f1d94f"];
const NOT_KNOWN = "#9b968e";
const parse = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

// By what: an [r, g, b] a piece, and the entries of the legend. `told`: what the ledger says was sold, if it is by that.
export function colouring(map, by, told) {
  return by === "sales" ? bySales(map, told)
    : by === "price" ? ramp(map.price, words().less, words().more)
      : by === "age" ? ramp(map.day.map((day) => day || null), words().older, words().newer)
        : kinds(map[by], by === "metal" ? map.metals : map.types);
}

function kinds(numbers, names) {
  const counts = new Array(names.length).fill(0);
  let others = 0;
  for (const number of numbers) number < 0 ? others++ : counts[number]++;
  const hue = names.map((name, number) => NATURAL[name] ?? (number < TEN.length ? TEN[number] : NOT_KNOWN));
  const inks = hue.map(parse), none = parse(NOT_KNOWN);
  const legend = names.map((name, number) => entry(hue[number], name, counts[number]));
  if (others) legend.push(entry(NOT_KNOWN, words().unknown, others));
  return { colours: numbers.map((number) => inks[number] ?? none), legend };
}

function bySales(map, told) {
  const sold = new Map(told.skus.map((sku, row) => [sku, told.sold[row]]));
  const most = told.sold.reduce((high, one) => Math.max(high, one), 0);
  return ramp(map.skus.map((sku) => sold.get(sku) ?? null), words().noneSold, words().mostSold(most, told.days));
}

// By rank, not by value: prices lie close together at one end.
function ramp(values, low, high) {
  const sorted = values.filter((value) => value !== null).sort((one, other) => one - other);
  const stops = RAMP.map(parse), none = parse(NOT_KNOWN);
  const colours = values.map((value) => {
    if (value === null) return none;
    const at = (rank(sorted, value) / Math.max(1, sorted.length - 1)) * (stops.length - 1);
    const from = Math.min(stops.length - 2, Math.floor(at)), part = at - from;
    return stops[from].map((level, channel) => Math.round(level + (stops[from + 1][channel] - level) * part));
  });
  const bar = element("span", { class: "ramp", "aria-hidden": "true" });
  bar.style.background = `linear-gradient(to right, ${RAMP.join(", ")})`;
  const legend = [element("li", {}, low, bar, high)];
  if (sorted.length < values.length) legend.push(entry(NOT_KNOWN, words().unknown, values.length - sorted.length));
  return { colours, legend };
}

function rank(sorted, value) {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function entry(hue, name, count) {
  const dot = element("span", { class: "dot", "aria-hidden": "true" });
  dot.style.background = hue;
  return element("li", {}, dot, `${name} ${count.toLocaleString()}`);
}
