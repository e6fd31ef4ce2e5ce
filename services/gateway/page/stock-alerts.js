// What of the stock needs a look, piece by piece: the first of each kind, the most pressing kind first.

import * as api from "./api.js";
import { address, element } from "./cards.js";
import { words } from "./shop-words.js";

const EACH = 5;
const STATES = ["below-zero", "out-of-stock"];
const ADVICE = ["order", "dead-stock", "overstock"];

// Lines of a list; none where nothing needs a look.
export async function stockAlerts() {
  const pages = await Promise.all([
    ...STATES.map((state) => api.stock("items", { state, limit: EACH })), ...ADVICE.map((kind) => api.stock("advice", { kind, limit: EACH })),
  ]);
  return pages.flatMap(({ items, advice }, number) => (items ?? advice).map((one) => line([...STATES, ...ADVICE][number], one)));
}

function line(kind, { sku, title, name, why }) {
  return element("li", { "data-testid": "stock-alert", "data-kind": kind },
    element("span", { class: `badge ${STATES.includes(kind) ? "rejected" : ""}` }, words().stockAlerts[kind]), " ",
    element("a", { href: `/${address(sku)}` }, title || name || sku), why ? element("span", { class: "quiet" }, ` ${why}`) : null);
}
