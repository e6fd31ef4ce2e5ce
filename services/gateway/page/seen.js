// The photo with an outline around each piece that was seen in it, to tap, and a box that is drawn around what is meant.

import { element } from "./cards.js";
import { words } from "./find-words.js";
import { valueWord } from "./language.js";

const STEP = 0.02;
const LEAST = 0.04;
const at = (id) => document.getElementById(id);
let drawn = null; // { x0, y0, x1, y1 } in fractions of the photo
let begun = null;
let chooseBox = () => {};

// `chosen`: the number of the piece that is searched by, or null where a box is. `choose` gets a number, or a box.
export function showSeen(source, pieces, chosen, choose) {
  chooseBox = choose;
  if (chosen !== null) place((drawn = null));
  at("seen").hidden = false;
  if (at("seen-photo").getAttribute("src") !== source) at("seen-photo").src = source;
  at("seen-call").textContent = pieces.length > 1 ? words().seenMany : pieces.length ? words().seenOne : words().seenNone;
  at("seen-boxes").replaceChildren(...pieces.map((piece, number) => outline(piece, number, number === chosen, choose)));
}

// The photo, while it is not known yet what is in it.
export function expectSeen(source) {
  at("seen").hidden = false;
  at("seen-photo").src = source;
  at("seen-call").textContent = words().looking;
}

export function hideSeen() {
  at("seen").hidden = true;
  at("seen-boxes").replaceChildren();
  at("seen-photo").removeAttribute("src");
  place((drawn = null));
  draws(false);
}

// A photo that this browser cannot show, a HEIC say, is searched by all the same.
at("seen-photo").addEventListener("error", () => at("seen-photo").getAttribute("src") && hideSeen());

function outline(piece, number, pressed, choose) {
  const button = element("button", { type: "button", "aria-pressed": String(pressed), "data-testid": "seen-piece",
    "aria-label": words().searchBy(number + 1, piece.type && valueWord(piece.type.value)), onclick: () => choose(number) });
  lay(button, piece.box);
  button.style.zIndex = String(number + 1);
  return button;
}

function lay(made, { x0, y0, x1, y1 }) {
  Object.assign(made.style, { left: `${x0 * 100}%`, top: `${y0 * 100}%`, width: `${(x1 - x0) * 100}%`, height: `${(y1 - y0) * 100}%` });
}

function place(box) {
  at("seen-drawn").hidden = !box;
  if (box) lay(at("seen-drawn"), box);
}

function draws(on) {
  at("seen-sheet").hidden = !on;
  at("seen-draw").setAttribute("aria-pressed", String(on));
  at("seen-draw").textContent = on ? words().drawStop : words().draw;
  if (on) at("seen-call").textContent = words().drawAbout;
}

const within = (value) => Math.min(1, Math.max(0, value));

function point(event) {
  const { left, top, width, height } = at("seen-sheet").getBoundingClientRect();
  return [within((event.clientX - left) / width), within((event.clientY - top) / height)];
}

const between = ([ax, ay], [bx, by]) => ({ x0: Math.min(ax, bx), y0: Math.min(ay, by), x1: Math.max(ax, bx), y1: Math.max(ay, by) });

function finish() {
  if (!drawn || drawn.x1 - drawn.x0 < LEAST || drawn.y1 - drawn.y0 < LEAST) {
    at("seen-call").textContent = words().small;
    return;
  }
  draws(false);
  at("seen-draw").focus();
  chooseBox(drawn);
}

// What an arrow does to the box: it moves, or with Shift its far corner does.
function nudged(box, dx, dy, sizes) {
  if (sizes) return { ...box, x1: Math.max(box.x0 + LEAST, within(box.x1 + dx)), y1: Math.max(box.y0 + LEAST, within(box.y1 + dy)) };
  const x = Math.min(1 - box.x1, Math.max(-box.x0, dx));
  const y = Math.min(1 - box.y1, Math.max(-box.y0, dy));
  return { x0: box.x0 + x, y0: box.y0 + y, x1: box.x1 + x, y1: box.y1 + y };
}

const ARROWS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };

at("seen-draw").addEventListener("click", () => {
  const on = at("seen-sheet").hidden;
  draws(on);
  if (!on) return;
  place((drawn ??= { x0: 0.25, y0: 0.25, x1: 0.75, y1: 0.75 }));
  at("seen-sheet").focus();
});
at("seen-sheet").addEventListener("pointerdown", (event) => {
  event.preventDefault();
  at("seen-sheet").setPointerCapture(event.pointerId);
  begun = point(event);
});
at("seen-sheet").addEventListener("pointermove", (event) => {
  if (begun) place((drawn = between(begun, point(event))));
});
at("seen-sheet").addEventListener("pointerup", () => {
  if (begun) finish();
  begun = null;
});
at("seen-sheet").addEventListener("pointercancel", () => (begun = null));
at("seen-sheet").addEventListener("keydown", (event) => {
  if (event.key === "Enter") finish();
  else if (event.key === "Escape") {
    draws(false);
    at("seen-draw").focus();
  } else if (ARROWS[event.key]) place((drawn = nudged(drawn, ...ARROWS[event.key], event.shiftKey)));
  else return;
  event.preventDefault();
});
