// What the shopper asks for: a photo and what is meant in it, words, what it should not be like, and filters.

import { shopper } from "./api.js";

const MAX_UNLIKE = 6; // of the 8 parts of a query, a photo and words are two
export const FIELDS = ["type", "metal", "stone", "cut", "setting"];

export const asked = { photo: null, piece: 0, box: null, words: "", ignore: new Set(), unlike: new Map(), filters: new Map(), inStock: false, narrowing: false };

export const byExample = () => Boolean(asked.photo || asked.words);
export const narrowed = () => asked.filters.size > 0 || asked.inStock;
// Nothing asked for: the shop is shown as it is.
export const nothing = () => !byExample() && !narrowed() && !asked.narrowing;

export function usePhoto(file) {
  Object.assign(asked, { photo: file, piece: 0, box: null });
  asked.unlike.clear();
}

export function useWords(said) {
  asked.words = said;
  asked.ignore.clear();
  if (!byExample()) asked.unlike.clear();
}

export function toggle(field, value) {
  const chosen = asked.filters.get(field) ?? new Set();
  if (!chosen.delete(value)) chosen.add(value);
  if (chosen.size) asked.filters.set(field, chosen);
  else asked.filters.delete(field);
}

export function notLike(sku, title) {
  if (asked.unlike.size >= MAX_UNLIKE) asked.unlike.delete(asked.unlike.keys().next().value);
  asked.unlike.set(sku, title);
}

export function clearFilters() {
  asked.filters.clear();
  asked.inStock = false;
}

export function query(limit, cursor) {
  const meant = asked.box ? { box: asked.box } : { piece: asked.piece };
  const filters = Object.fromEntries([...asked.filters].map(([field, values]) => [field, [...values]]));
  if (asked.inStock) filters.in_stock = true;
  return { limit, user_id: shopper(), filters, ignore: [...asked.ignore], ...(cursor && { cursor }), ...(asked.unlike.size && byExample() ? { parts: parts(meant) } : short(meant)) };
}

const short = (meant) => ({ ...(asked.photo && meant), ...(asked.words && { words: asked.words }) });

function parts(meant) {
  return [...(asked.photo ? [{ image: 0, ...meant }] : []), ...(asked.words ? [{ words: asked.words }] : []),
    ...[...asked.unlike.keys()].map((sku) => ({ sku, negative: true }))];
}

// The SKU that a text names by the address of a piece on this page.
export function pieceOf(text) {
  try {
    const { origin, hash } = new URL(text.trim());
    return origin === location.origin && hash.startsWith("#piece/") ? decodeURIComponent(hash.slice(7)) : null;
  } catch {
    return null;
  }
}
