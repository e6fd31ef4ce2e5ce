// From a cut-out as a shop photographs a piece, to what of it is seen when it is worn. Canvases in, canvases out.

const SOLID = 128;
const HOLE = 0.1; // of the height: a gap in a column from this on is the ring's hole, not one between prongs
const EDGE = 0.2; // of the width: where the front and the back of a band run into each other
const BEND = 0.3; // what is left of the curve of a band that is seen from above
const LEANS = 0.06; // of the size: a stone that is so far from the middle says which way is up

// {canvas, wide, anchor}: `wide` is the span in the canvas's pixels that fits the body, `anchor` {x, y} lies on it.
export function worn(cutout, kind, back) {
  if (kind === "ring") return band(turnedUp(cutout), back ? "lower" : "upper");
  if (kind === "bracelet") return band(cutout, back ? "upper" : "lower");
  if (kind === "necklace") return strand(cutout);
  if (kind === "watch") return { canvas: cutout, wide: cutout.width, anchor: { x: cutout.width / 2, y: cutout.height / 2 } };
  return { canvas: cutout, wide: cutout.width, anchor: hook(cutout) };
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

// The near half of a band, as if looked at from above: each column keeps its near run, laid along a flatter curve.
function band(cutout, half) {
  const { width, height } = cutout;
  const alpha = alphaOf(cutout);
  const runs = Array.from({ length: width }, (_, x) => nearRun(columnRuns(alpha, width, height, x), half, height));
  const known = runs.map((run, x) => ({ run, x })).filter(({ run }) => run);
  if (!known.length || !known.some(({ run }) => run.hollow)) return { canvas: cutout, wide: width, anchor: { x: width / 2, y: height / 2 } };
  const [first, last] = [known[0].x, known.at(-1).x];
  const span = last - first + 1;
  const inner = known.filter(({ x }) => x > first + EDGE * span && x < last - EDGE * span && runs[x].hollow);
  const usual = median(inner.map(({ run }) => run.to - run.from)) || height / 8;
  for (const { run, x } of known) { // at the ends, front and back are one: keep as much as a band is thick
    if (run.hollow && x > first + EDGE * span && x < last - EDGE * span) continue;
    const most = Math.round(usual * 1.15);
    if (run.to - run.from > most) half === "upper" ? (run.to = run.from + most) : (run.from = run.to - most);
  }
  const middles = smooth(runs.map((run) => (run ? (run.from + run.to) / 2 : null)), Math.round(span * 0.09));
  const crest = half === "upper" ? Math.min(...middles.slice(first, last + 1)) : Math.max(...middles.slice(first, last + 1));
  const tall = Math.max(...known.map(({ run }) => run.to - run.from)) + Math.abs(BEND) * height + 8;
  const made = canvas(span, Math.ceil(tall * 1.4));
  const pen = made.getContext("2d");
  for (const { run, x } of known) {
    const at = made.height / 2 + (run.from - middles[x]) + BEND * (middles[x] - crest);
    pen.drawImage(cutout, x, run.from, 1, run.to - run.from, x - first, at, 1, run.to - run.from);
  }
  rounded(made);
  return { canvas: made, wide: span, anchor: { x: span / 2, y: made.height / 2 } };
}

// A band goes round: towards its ends less light comes from where we look.
function rounded(made) {
  const pen = made.getContext("2d");
  const shade = pen.createLinearGradient(0, 0, made.width, 0);
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
  const lean = Math.atan2(away.x, -away.y);
  const side = Math.ceil(Math.hypot(width, height));
  const made = canvas(side, side);
  const pen = made.getContext("2d");
  pen.translate(side / 2, side / 2);
  pen.rotate(-lean);
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
  const stud = cutout.height < 1.35 * cutout.width;
  return stud ? { x: cutout.width / 2, y: cutout.height / 2 } : { x: (ends[0] + ends[1]) / 2, y: cutout.height * 0.03 };
}

export const isStud = (cutout) => cutout.height < 1.35 * cutout.width;

function nearRun(runs, half, height) {
  if (!runs.length) return null;
  const joined = [{ ...runs[0] }];
  for (const run of runs.slice(1)) {
    if (run.from - joined.at(-1).to < HOLE * height) joined.at(-1).to = run.to;
    else joined.push({ ...run });
  }
  return { ...(half === "upper" ? joined[0] : joined.at(-1)), hollow: joined.length > 1 };
}

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

function smooth(values, radius) {
  return values.map((_, at) => {
    const near = values.slice(Math.max(0, at - radius), at + radius + 1).filter((value) => value !== null);
    return near.length ? near.reduce((sum, value) => sum + value, 0) / near.length : 0;
  });
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
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
