// From a cut-out as a shop photographs a piece, to what of it is seen when it is worn. Canvases in, canvases out.

const SOLID = 128;
const HEAD = 0.36; // of a ring's width to each side of its middle: how far a stone reaches
const BEND = 0.3; // what is left of the curve of a band that is seen from above
const STUD = 1.2; // of its width: what is higher hangs, be it photographed as it leans
const LEANS = 0.06; // of the size: a stone that is so far from the middle says which way is up

// {canvas, wide, anchor}: `wide` is the span in the canvas's pixels that fits the body, `anchor` {x, y} lies on it.
export function worn(cutout, kind, back) {
  if (kind === "ring") return band(turnedUp(cutout), back ? "lower" : "upper");
  if (kind === "bracelet") return band(cutout, back ? "upper" : "lower");
  if (kind === "necklace") return strand(cutout);
  if (kind === "watch") return { canvas: cutout, wide: cutout.width, anchor: { x: cutout.width / 2, y: cutout.height / 2 } };
  const hanging = hung(cutout);
  return { canvas: hanging, wide: hanging.width, anchor: hook(hanging) };
}

// A picture of a pair shows two; each ear gets one. Of one, both get it, mirrored.
export function pair(cutout) {
  const alpha = alphaOf(cutout);
  const filled = Array.from({ length: cutout.width }, (_, x) => columnRuns(alpha, cutout.width, cutout.height, x).length > 0);
  const middle = cutout.width / 2;
  for (let reach = 0; reach < cutout.width * 0.2; reach += 1) {
    for (const x of [Math.round(middle - reach), Math.round(middle + reach)]) {
      if (!filled[x]) {
        const parts = [part(cutout, 0, x), part(cutout, x, cutout.width)].map(trimmed);
        const [less, more] = [...parts].sort((a, b) => a.height - b.height);
        if (less.height > 0.75 * more.height) return parts;
        if (more.height > 0.5 * cutout.height) return [more, mirrored(more)]; // the other is not seen whole
      }
    }
  }
  return [cutout, mirrored(cutout)];
}

// The near half of a band, as if looked at from above: what lies on this side of the hole, along a flatter curve.
function band(cutout, half) {
  const { width, height } = cutout;
  const alpha = alphaOf(cutout);
  const middle = hole(alpha, width, height);
  if (!middle) return { canvas: cutout, wide: width, anchor: { x: width / 2, y: height / 2 } };
  const step = half === "upper" ? -1 : 1;
  const row = Math.round(middle.y);
  const solid = (x, y) => alpha[y * width + x] >= SOLID / 2;
  const edge = (x, y, is) => {
    while (y > 0 && y < height - 1 && solid(x, y) !== is) y += step;
    return y;
  };
  const [first, last] = reach(width, (x) => solid(x, row));
  const open = [];
  for (let x = first; x <= last; x += 1) if (!solid(x, row)) open.push({ x, inner: edge(x, row, true) });
  const centre = (first + last) / 2;
  const bend = slope(open.map(({ x, inner }) => [(x - centre) ** 2, inner]));
  const inner = median(open.filter(({ x }) => Math.abs(x - centre) < 0.15 * (last - first)).map((one) => one.inner)) ?? row;
  const thick = quantile(open.map(({ x, inner: at }) => Math.abs(edge(x, at, false) - at)), 0.2) ?? 0; // of the band, not of the stone on it
  const moved = (x) => (1 - BEND) * bend * (x - centre) ** 2; // taken off the column's own place
  const span = last - first + 1;
  const made = canvas(width, 2 * height);
  const pen = made.getContext("2d");
  const laid = (x, from, to, off) => to > from && pen.drawImage(cutout, x, from, 1, to - from, x, height / 2 + from - off, 1, to - from);
  const beyond = (x) => { // where what stands on the band begins: a stone is not bent
    if (Math.abs(x - centre) > HEAD * span) return half === "upper" ? 0 : height;
    return Math.min(height, Math.max(0, Math.round(inner + bend * (x - centre) ** 2 + step * 1.5 * thick)));
  };
  for (let x = 0; x < width; x += 1) half === "upper" ? laid(x, beyond(x), row, moved(x)) : laid(x, row, beyond(x), moved(x));
  rounded(made, first, last);
  for (let x = 0; x < width; x += 1) half === "upper" ? laid(x, 0, beyond(x), 0) : laid(x, beyond(x), height, 0);
  return { canvas: made, wide: span, anchor: { x: centre, y: height / 2 + inner + (step * thick) / 2 } };
}

// The slope of the straight line through points [x, y], by least squares.
function slope(points) {
  const mean = (at) => points.reduce((sum, point) => sum + point[at], 0) / (points.length || 1);
  const [x, y] = [mean(0), mean(1)];
  const spread = points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
  return spread ? points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0) / spread : 0;
}

// A band goes round: towards its ends less light comes from where we look.
function rounded(made, first, last) {
  const pen = made.getContext("2d");
  const shade = pen.createLinearGradient(first, 0, last, 0);
  for (const [at, dark] of [[0, 0.55], [0.12, 0.22], [0.3, 0], [0.7, 0], [0.88, 0.22], [1, 0.55]]) shade.addColorStop(at, `rgb(20 12 6 / ${dark})`);
  pen.globalCompositeOperation = "source-atop";
  pen.fillStyle = shade;
  pen.fillRect(0, 0, made.width, made.height);
  pen.globalCompositeOperation = "source-over";
}

// What lies behind the neck is gone: from the widest place upwards a strand fades.
function strand(cutout) {
  const { width, height } = cutout;
  const alpha = alphaOf(cutout);
  const ends = Array.from({ length: height }, (_, y) => rowEnds(alpha, width, y));
  const widest = Math.max(...ends.map((end) => (end ? end[1] - end[0] : 0)));
  const top = ends.findIndex((end) => end && end[1] - end[0] >= 0.93 * widest);
  const made = canvas(width, height - top);
  const pen = made.getContext("2d");
  pen.drawImage(cutout, 0, -top);
  const fade = pen.createLinearGradient(0, 0, 0, made.height * 0.12);
  fade.addColorStop(0, "rgb(0 0 0 / 0)");
  fade.addColorStop(1, "rgb(0 0 0 / 1)");
  pen.globalCompositeOperation = "destination-in";
  pen.fillStyle = fade;
  pen.fillRect(0, 0, made.width, made.height);
  pen.globalCompositeOperation = "source-over";
  const [left, right] = ends[top];
  return { canvas: made, wide: right - left, anchor: { x: (left + right) / 2, y: 0 } };
}

// A ring whose stone lies aside of the hole's middle is turned until it is on top.
function turnedUp(cutout) {
  const { width, height } = cutout;
  const alpha = alphaOf(cutout);
  let [sum, x, y, left, right, top, bottom] = [0, 0, 0, width, 0, height, 0];
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const share = alpha[row * width + column];
      if (share < SOLID) continue;
      sum += 1; x += column; y += row;
      left = Math.min(left, column); right = Math.max(right, column); top = Math.min(top, row); bottom = Math.max(bottom, row);
    }
  }
  const hollow = hole(alpha, width, height);
  if (!sum || !hollow) return cutout;
  const away = { x: x / sum - hollow.x, y: y / sum - hollow.y };
  if (Math.hypot(away.x, away.y) < LEANS * Math.max(width, height)) return cutout;
  return turned(cutout, -Math.atan2(away.x, -away.y));
}

// What hangs has its weight right below the hook, however it lay when it was photographed.
function hung(cutout) {
  if (isStud(cutout)) return cutout;
  const { width, height } = cutout;
  const alpha = alphaOf(cutout);
  let [sum, x, y] = [0, 0, 0];
  alpha.forEach((share, at) => { sum += share; x += share * (at % width); y += share * Math.floor(at / width); });
  const from = hook(cutout);
  return sum ? turned(cutout, Math.atan2(x / sum - from.x, y / sum - from.y)) : cutout;
}

function turned(cutout, angle) {
  const { width, height } = cutout;
  const side = Math.ceil(Math.hypot(width, height));
  const made = canvas(side, side);
  const pen = made.getContext("2d");
  pen.translate(side / 2, side / 2);
  pen.rotate(angle);
  pen.drawImage(cutout, -width / 2, -height / 2);
  return trimmed(made);
}

// The middle of what is enclosed: empty, with something to its left, right, above and below.
function hole(alpha, width, height) {
  const solid = (x, y) => alpha[y * width + x] >= SOLID;
  const columns = Array.from({ length: width }, (_, x) => reach(height, (y) => solid(x, y)));
  let [count, sumX, sumY] = [0, 0, 0];
  for (let y = 0; y < height; y += 2) {
    const row = reach(width, (x) => solid(x, y));
    for (let x = 0; x < width; x += 2) {
      if (solid(x, y) || !(row[0] < x && x < row[1] && columns[x][0] < y && y < columns[x][1])) continue;
      count += 1; sumX += x; sumY += y;
    }
  }
  return count * 4 > 0.04 * width * height ? { x: sumX / count, y: sumY / count } : null;
}

function reach(length, is) {
  let [first, last] = [length, -1];
  for (let at = 0; at < length; at += 1) if (is(at)) { first = Math.min(first, at); last = at; }
  return [first, last];
}

// Where an earring goes through the ear: at its top, or, if it is a stud, in its middle.
function hook(cutout) {
  const ends = rowEnds(alphaOf(cutout), cutout.width, Math.floor(cutout.height * 0.03)) ?? [0, cutout.width];
  return isStud(cutout) ? { x: cutout.width / 2, y: cutout.height / 2 } : { x: (ends[0] + ends[1]) / 2, y: cutout.height * 0.03 };
}

export const isStud = (cutout) => cutout.height < STUD * cutout.width;

function columnRuns(alpha, width, height, x) {
  const runs = [];
  let from = -1;
  for (let y = 0; y <= height; y += 1) {
    const solid = y < height && alpha[y * width + x] >= SOLID / 2;
    if (solid && from < 0) from = y;
    if (!solid && from >= 0) { runs.push({ from, to: y }); from = -1; }
  }
  return runs;
}

function rowEnds(alpha, width, y) {
  const [first, last] = reach(width, (x) => alpha[y * width + x] >= SOLID);
  return last < 0 ? null : [first, last];
}

const median = (values) => quantile(values, 0.5);

function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * share)];
}

function alphaOf(cutout) {
  const { data } = cutout.getContext("2d", { willReadFrequently: true }).getImageData(0, 0, cutout.width, cutout.height);
  return Uint8Array.from({ length: data.length / 4 }, (_, at) => data[4 * at + 3]);
}

export function canvas(width, height) {
  const made = document.createElement("canvas");
  made.width = Math.max(1, Math.round(width));
  made.height = Math.max(1, Math.round(height));
  return made;
}

function part(cutout, from, to) {
  const made = canvas(to - from, cutout.height);
  made.getContext("2d").drawImage(cutout, -from, 0);
  return made;
}

function mirrored(cutout) {
  const made = canvas(cutout.width, cutout.height);
  const pen = made.getContext("2d");
  pen.scale(-1, 1);
  pen.drawImage(cutout, -cutout.width, 0);
  return made;
}

function trimmed(cutout) {
  const alpha = alphaOf(cutout);
  const rows = reach(cutout.height, (y) => rowEnds(alpha, cutout.width, y) !== null);
  const columns = reach(cutout.width, (x) => columnRuns(alpha, cutout.width, cutout.height, x).length > 0);
  if (rows[1] < 0) return cutout;
  const made = canvas(columns[1] - columns[0] + 1, rows[1] - rows[0] + 1);
  made.getContext("2d").drawImage(cutout, -columns[0], -rows[0]);
  return made;
}
