// A forecast as a plot: what was sold, what will be, and between which bounds four times out of five.

import { words } from "./inventory-words.js";
import { locale } from "./language.js";

const SVG = "http://www.w3.org/2000/svg";
const SHOWN = { past: 52, weeks: 26 };

function drawn(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

export function plot(forecast, { small = false } = {}) {
  const past = forecast.past.slice(small ? -26 : -SHOWN.past);
  const weeks = forecast.weeks.slice(0, small ? 13 : SHOWN.weeks);
  const [width, height] = small ? [280, 84] : [960, 240];
  const edge = small ? { top: 6, right: 4, bottom: 4, left: 4 } : { top: 12, right: 12, bottom: 26, left: 40 };
  const most = Math.max(1, ...past.map((week) => week.sold), ...weeks.map((week) => week.high));
  const step = (width - edge.left - edge.right) / Math.max(1, past.length + weeks.length);
  const x = (place) => edge.left + step * (place + 0.5);
  const y = (value) => height - edge.bottom - (height - edge.top - edge.bottom) * (value / most);
  const line = (values, from) => values.map((value, n) => `${n ? "L" : "M"}${x(from + n).toFixed(1)} ${y(value).toFixed(1)}`).join(" ");
  const from = past.length;
  const band = weeks.length
    ? `${line(weeks.map((week) => week.high), from)} ${[...weeks.keys()].reverse().map((n) => `L${x(from + n).toFixed(1)} ${y(weeks[n].low).toFixed(1)}`).join(" ")} Z`
    : "";
  const bars = past.map((week, n) => drawn("rect", {
    class: week.in_stock < 0.5 ? "bar-sold out" : "bar-sold",
    x: (x(n) - step * 0.35).toFixed(1), width: (step * 0.7).toFixed(1),
    y: y(week.sold).toFixed(1), height: Math.max(0, height - edge.bottom - y(week.sold)).toFixed(1),
  }));
  const sold = past.reduce((sum, week) => sum + week.sold, 0);
  const mean = weeks.reduce((sum, week) => sum + week.mean, 0);
  const label = words().plot(Math.round(sold), past.length, Math.round(mean), weeks.length);
  const axes = small ? [] : [
    ...[0, most / 2, most].map((value) => drawn("text", { class: "tick", x: edge.left - 8, y: y(value) + 4, "text-anchor": "end" },
      String(Math.round(value)))),
    ...[...past, ...weeks].flatMap((week, n) => (n % 13 ? [] : [drawn("text", { class: "tick", x: x(n), y: height - 6 },
      new Date(week.begins).toLocaleDateString(locale(), { month: "short", year: "2-digit" }))])),
  ];
  return drawn("svg", { class: "plot", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label },
    drawn("line", { class: "axis", x1: edge.left, x2: width - edge.right, y1: y(0), y2: y(0) }),
    ...bars,
    drawn("path", { class: "band", d: band }),
    drawn("path", { class: "mean", d: line(weeks.map((week) => week.mean), from) }),
    ...axes);
}
