// Pieces as the page shows them. Text always goes in as text, never as markup.

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export function price(item) {
  if (item.price === undefined) return "";
  if (!item.currency) return item.price.toLocaleString(undefined, { minimumFractionDigits: 2 });
  return item.price.toLocaleString(undefined, { style: "currency", currency: item.currency });
}

export function address(sku) {
  return `#piece/${encodeURIComponent(sku)}`;
}

// A result of a search or of "similar": with its score and reason.
export function resultCard(result, testid = "result") {
  const percent = Math.round(result.score * 100);
  const fill = element("span", { class: "fill" });
  fill.style.width = `${percent}%`;
  return card(result.item, result.image_url, { testid }, [
    element("span", { class: "bar", "aria-hidden": "true" }, fill),
    element("span", { class: "reason", "data-testid": "reason" }, result.reason),
  ]);
}

// A piece of the shop, as it comes: without a score.
export function itemCard(item) {
  return card(item, picture(item), { testid: "piece" }, []);
}

export function suggestionCard(suggestion) {
  return card(suggestion.item, suggestion.image_url, { testid: "suggestion", small: true }, [
    element("span", { class: "reason", "data-testid": "reason" }, suggestion.reason),
  ]);
}

// Grey shapes while pieces are on their way.
export function skeletons(count) {
  return Array.from({ length: count }, () =>
    element("li", { class: "skeleton", "aria-hidden": "true" }, element("span", { class: "frame" }),
      element("span", { class: "line" }), element("span", { class: "line short" })));
}

export function picture(item) {
  const shown = item.images.find((image) => image.state !== "rejected");
  return shown?.image_url;
}

function card(item, source, { testid, small }, more) {
  const image = source
    ? element("img", { src: source, alt: "", loading: "lazy", decoding: "async", onerror: withoutPicture })
    : null;
  return element("li", {},
    element("a", { class: small ? "card small" : "card", href: address(item.sku), "data-testid": testid, "data-sku": item.sku },
      element("span", { class: "frame" }, image),
      element("span", { class: "words" },
        element("span", { class: "title" }, item.title),
        price(item) ? element("span", { class: "price" }, price(item)) : null,
        ...more,
        small ? null : element("span", { class: "sku", "data-testid": `${testid}-sku`, "data-sku": item.sku }, item.sku))));
}

function withoutPicture(event) {
  event.target.remove();
}
