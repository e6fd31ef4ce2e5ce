// Pictures in the width that there is room for. The gateway makes them in these widths alone (PictureWidth).

const WIDTHS = [120, 240, 480, 960];
const MADE = /^\/v1\/(images|boards)\//;
const at = (source, width) => `${source}${source.includes("?") ? "&" : "?"}width=${width}`;

// The address of a picture that is at least so many of the screen's pixels wide, where it was sent as wide.
export function sized(source, pixels) {
  return MADE.test(source) ? at(source, WIDTHS.find((width) => width >= pixels) ?? WIDTHS.at(-1)) : source;
}

// The attributes of an <img> that is `sizes` wide, as CSS says it; the browser knows how sharp its screen is.
export function shown(source, sizes) {
  if (!source || !MADE.test(source)) return { src: source };
  return { sizes, srcset: WIDTHS.map((width) => `${at(source, width)} ${width}w`).join(", "), src: at(source, WIDTHS[1]) };
}

// The same for an <img> that is there already.
export function show(image, source, sizes) {
  const { src, srcset } = shown(source, sizes);
  image.sizes = sizes;
  if (srcset) image.srcset = srcset;
  else image.removeAttribute("srcset");
  image.src = src;
}
