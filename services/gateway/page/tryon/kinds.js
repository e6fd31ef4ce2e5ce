// What can be worn, and as what: by an item's type, which a shop says in its own words.

export const KINDS = ["ring", "earring", "necklace", "bracelet", "watch"];
const WORN_AS = { pendant: "necklace", earrings: "earring", bangle: "bracelet", chain: "necklace" };

// One of KINDS; undefined where the item has no type, or one that nobody wears so.
export function wornAs(item) {
  const type = item.attributes.type?.toLowerCase() ?? "";
  return KINDS.includes(type) ? type : WORN_AS[type];
}
