// The photo with an outline around each piece that was seen in it, when there are several: tap one to search by it.

import { element } from "./cards.js";

const at = (id) => document.getElementById(id);

export function showSeen(source, pieces, chosen, choose) {
  at("seen").hidden = pieces.length < 2;
  at("seen-photo").src = source;
  at("seen-boxes").replaceChildren(...pieces.map((piece, number) => outline(piece, number, number === chosen, choose)));
}

export function hideSeen() {
  at("seen").hidden = true;
  at("seen-boxes").replaceChildren();
}

// A photo that this browser cannot show, a HEIC say, is searched by all the same.
at("seen-photo").addEventListener("error", hideSeen);

function outline(piece, number, pressed, choose) {
  const { x0, y0, x1, y1 } = piece.box;
  const button = element("button", { type: "button", "aria-pressed": String(pressed), "data-testid": "seen-piece",
    "aria-label": `Search by piece ${number + 1}${piece.type ? `, ${piece.type.value}` : ""}`,
    onclick: () => choose(number) });
  Object.assign(button.style, { left: `${x0 * 100}%`, top: `${y0 * 100}%`, width: `${(x1 - x0) * 100}%`,
    height: `${(y1 - y0) * 100}%`, zIndex: String(number + 1) });
  return button;
}
