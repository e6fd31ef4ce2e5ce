// One piece, bigger: its pictures, what the shop says of it, and what looks like it.

import * as api from "./api.js";
import { element, price, resultCard, skeletons } from "./cards.js";
import { wornAs } from "./tryon/kinds.js";

const SIMILAR = 12;
const at = (id) => document.getElementById(id);
let latest = null;

// `result` is how a search found the piece, if one did.
export async function showPiece(sku, result) {
  latest = sku;
  at("similar").replaceChildren(...skeletons(4));
  at("similar-none").hidden = true;
  const alike = api.similar(sku, SIMILAR).catch(() => ({ results: [] }));
  const item = result?.item ?? (await api.item(sku));
  if (latest !== sku) return;
  describe(item, result);
  const { results } = await alike;
  if (latest !== sku) return;
  at("similar").replaceChildren(...results.map((one) => resultCard(one, "similar")));
  at("similar-none").hidden = results.length > 0;
}

function describe(item, result) {
  at("piece-title").textContent = item.title;
  at("piece-price").textContent = [price(item), item.stock === 0 ? "sold out" : ""].filter(Boolean).join(", ");
  at("piece-reason").textContent = result?.reason ?? "";
  at("piece-description").textContent = item.description;
  at("piece-try").href = `/try-on?sku=${encodeURIComponent(item.sku)}`;
  at("piece-try").hidden = !item.images.length || Boolean(item.attributes.type && !wornAs(item));
  const facts = { ...item.attributes, ...(item.tags.length && { tags: item.tags.join(", ") }), SKU: item.sku };
  at("piece-facts").replaceChildren(
    ...Object.entries(facts).flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]),
  );
  const sources = item.images.filter((image) => image.state !== "rejected").map((image) => image.image_url);
  choose(result?.image_url ?? sources[0], item);
  at("piece-thumbs").replaceChildren(
    ...(sources.length > 1 ? sources : []).map((source, index) =>
      element("button", { type: "button", "aria-label": `Picture ${index + 1}`, onclick: () => choose(source, item) },
        element("img", { src: source, alt: "", onerror: (event) => event.target.parentElement.remove() }))),
  );
  at("piece-title").focus({ preventScroll: true });
}

// A HEIC, say, is found like any other picture, and most browsers cannot show it.
at("piece-picture").addEventListener("error", () => (at("piece-picture").hidden = true));

function choose(source, item) {
  at("piece-picture").hidden = !source;
  if (source) at("piece-picture").src = source;
  at("piece-picture").alt = item.title;
}
