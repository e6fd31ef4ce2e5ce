// One piece, bigger: its pictures, what the shop says of it, and what looks like it.

import { acts } from "./acts.js";
import * as api from "./api.js";
import { element, price, resultCard, skeletons, stockWords } from "./cards.js";
import { words } from "./find-words.js";
import { valueWord } from "./language.js";
import { show, shown } from "./sized.js";
import { modelOf } from "./solid.js";
import { wornAs } from "./tryon/kinds.js";

const SIMILAR = 12;
const at = (id) => document.getElementById(id);
let latest = null;

// The item, once it is shown. `result` is how a search found it, if one did; `doing` as in acts.js.
export async function showPiece(sku, result, doing) {
  latest = sku;
  at("similar").replaceChildren(...skeletons(4));
  at("similar-none").hidden = true;
  const alike = api.similar(sku, SIMILAR).catch(() => ({ results: [] }));
  const item = result?.item ?? (await api.item(sku));
  if (latest !== sku) return item;
  describe(item, result, doing);
  alike.then(({ results }) => {
    if (latest !== sku) return;
    at("similar").replaceChildren(...results.map((one) => resultCard(one, "similar")));
    at("similar-none").hidden = results.length > 0;
  });
  return item;
}

function describe(item, result, doing) {
  at("piece-title").textContent = item.title;
  at("piece-price").textContent = [price(item), stockWords(item)].filter(Boolean).join(", ");
  at("piece-acts").replaceChildren(...acts(item, doing));
  at("piece-reason").textContent = result?.reason ?? "";
  at("piece-description").textContent = item.description;
  const facts = { ...item.attributes, ...(item.tags.length && { [words().tags]: item.tags.join(", ") }), SKU: item.sku };
  at("piece-try").href = `/try-on?sku=${encodeURIComponent(item.sku)}`;
  at("piece-try").hidden = !item.images.length || Boolean(item.attributes.type && !wornAs(item));
  at("piece-solid").href = `/in-3d?sku=${encodeURIComponent(item.sku)}`;
  at("piece-solid").hidden = !modelOf(item);
  at("piece-facts").replaceChildren(
    ...Object.entries(facts).flatMap(([name, value]) => [element("dt", {}, typeof words()[name] === "string" ? words()[name] : name), element("dd", {}, valueWord(value))]),
  );
  const sources = item.images.filter((image) => image.state !== "rejected").map((image) => image.image_url);
  choose(result?.image_url ?? sources[0], item);
  at("piece-thumbs").replaceChildren(
    ...(sources.length > 1 ? sources : []).map((source, index) =>
      element("button", { type: "button", "aria-label": words().picture(index + 1), onclick: () => choose(source, item) },
        element("img", { ...shown(source, "4rem"), alt: "", onerror: (event) => event.target.parentElement.remove() }))),
  );
  at("piece-title").focus({ preventScroll: true });
}

// A HEIC, say, is found like any other picture, and most browsers cannot show it.
at("piece-picture").addEventListener("error", () => (at("piece-picture").hidden = true));

function choose(source, item) {
  at("piece-picture").hidden = !source;
  if (source) show(at("piece-picture"), source, "(max-width: 36rem) 92vw, 32rem");
  at("piece-picture").alt = item.title;
}
