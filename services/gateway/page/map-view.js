// The map on a canvas. Points are written into pixels by hand: 50,000 of them take a few milliseconds without a GPU.

import { sized } from "./sized.js";

const SIDE = 65535;
const BUCKETS = 96;
const PICTURE = 84; // CSS pixels that a picture is wide
const PICTURES = 60; // at once
const KEPT = 400;
const FEW = 400; // pieces that are shown as pictures from the start
const NEAR = 5; // so many times nearer than the whole, points become pictures

export class MapView {
  // `pictures(skus)` brings a Map of addresses; `chosen(row)` is told of a piece that was pressed, `moved()` of rest.
  constructor(canvas, { pictures, chosen, moved }) {
    Object.assign(this, { canvas, pictures, chosen, moved, map: null, gaps: [], marked: -1, loaded: new Map(), wanted: new Set() });
    this.context = canvas.getContext("2d", { alpha: false });
    this.ground = [255, 255, 255];
    this.view = { x: SIDE / 2, y: SIDE / 2, zoom: 1 };
    new ResizeObserver(() => this.fit()).observe(canvas);
  }

  // `colours`: one [r, g, b] a piece.
  show(map, colours) {
    this.map = map;
    this.inks = Uint32Array.from(colours, ([r, g, b]) => (255 << 24) | (b << 16) | (g << 8) | r);
    this.index();
    this.fit();
  }

  index() {
    const { x, y } = this.map;
    this.buckets = Array.from({ length: BUCKETS * BUCKETS }, () => []);
    for (let row = 0; row < x.length; row++) this.buckets[this.bucket(x[row]) * BUCKETS + this.bucket(y[row])].push(row);
  }

  bucket(at) {
    return Math.min(BUCKETS - 1, Math.max(0, Math.floor((at / (SIDE + 1)) * BUCKETS)));
  }

  fit() {
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    const width = Math.max(1, Math.round(this.canvas.clientWidth * ratio)), height = Math.max(1, Math.round(this.canvas.clientHeight * ratio));
    if (!this.image || this.image.width !== width || this.image.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
      this.ratio = ratio;
      this.image = this.context.createImageData(width, height);
      this.pixels = new Uint32Array(this.image.data.buffer);
    }
    this.soon();
  }

  get scale() {
    return (Math.min(this.image.width, this.image.height) / SIDE) * this.view.zoom;
  }

  move(dx, dy) {
    const { view } = this;
    view.x = Math.min(SIDE, Math.max(0, view.x - (dx * this.ratio) / this.scale));
    view.y = Math.min(SIDE, Math.max(0, view.y - (dy * this.ratio) / this.scale));
    this.soon();
  }

  // About a point of the canvas in CSS pixels; about its middle where none is given.
  zoom(by, at) {
    const before = at && this.placeOf(at);
    this.view.zoom = Math.min(200, Math.max(1, this.view.zoom * by));
    if (before) {
      const after = this.placeOf(at);
      this.view.x += before.x - after.x;
      this.view.y += before.y - after.y;
    }
    this.move(0, 0);
  }

  go(x, y, zoom) {
    Object.assign(this.view, { x, y, zoom });
    this.move(0, 0);
  }

  placeOf({ x, y }) {
    return { x: this.view.x + (x * this.ratio - this.image.width / 2) / this.scale,
      y: this.view.y + (y * this.ratio - this.image.height / 2) / this.scale };
  }

  // The rows of pieces about a place, the nearest first.
  around(place, most, reach = Infinity) {
    const found = [];
    for (let ring = 1; ring <= BUCKETS; ring *= 2) {
      found.length = 0;
      const wide = (ring * SIDE) / BUCKETS;
      this.each(place.x - wide, place.y - wide, place.x + wide, place.y + wide, (row) => {
        const far = Math.hypot(this.map.x[row] - place.x, this.map.y[row] - place.y);
        if (far <= Math.min(wide, reach)) found.push([far, row]);
      });
      if (found.length >= most || wide > reach) break;
    }
    return found.sort((one, other) => one[0] - other[0]).slice(0, most).map(([, row]) => row);
  }

  at(point) {
    const [picture] = this.drawn?.filter(({ x, y, size }) => Math.abs(point.x * this.ratio - x) < size / 2 && Math.abs(point.y * this.ratio - y) < size / 2) ?? [];
    return picture?.row ?? this.around(this.placeOf(point), 1, (14 * this.ratio) / this.scale)[0];
  }

  each(x0, y0, x1, y1, act) {
    for (let column = this.bucket(x0); column <= this.bucket(x1); column++) {
      for (let line = this.bucket(y0); line <= this.bucket(y1); line++) {
        for (const row of this.buckets[column * BUCKETS + line]) act(row);
      }
    }
  }

  soon() {
    if (this.asked || !this.map) return;
    this.asked = requestAnimationFrame(() => {
      this.asked = 0;
      this.draw();
    });
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.rest(), 180);
  }

  draw() {
    const began = performance.now();
    const { pixels, image, scale, view, map, inks } = this;
    const { width, height } = image;
    const [r, g, b] = this.ground;
    pixels.fill((255 << 24) | (b << 16) | (g << 8) | r);
    const size = Math.round(Math.min(6, Math.max(1, 1.1 * Math.sqrt(view.zoom) * (map.x.length > 8000 ? 1 : map.x.length > FEW ? 2 : 4))) * this.ratio);
    const dot = disc(size);
    const left = width / 2 - view.x * scale, top = height / 2 - view.y * scale;
    const { x, y } = map;
    for (let row = 0; row < x.length; row++) {
      const cx = (left + x[row] * scale) | 0, cy = (top + y[row] * scale) | 0;
      if (cx < size || cy < size || cx >= width - size || cy >= height - size) continue;
      const ink = inks[row];
      for (let line = 0; line < dot.length; line += 3) {
        const from = (cy + dot[line]) * width + cx;
        for (let at = from + dot[line + 1]; at <= from + dot[line + 2]; at++) pixels[at] = ink;
      }
    }
    this.context.putImageData(image, 0, 0);
    this.drawPictures();
    this.drawMarks(left, top, scale);
    this.canvas.dataset.ms = (performance.now() - began).toFixed(2);
    this.canvas.dataset.drawn = String(x.length);
    this.canvas.dataset.pictures = String(this.drawn.length);
  }

  inSight() {
    const half = { x: this.image.width / 2 / this.scale, y: this.image.height / 2 / this.scale };
    return [this.view.x - half.x, this.view.y - half.y, this.view.x + half.x, this.view.y + half.y];
  }

  // Pictures that do not cover each other, chosen in the order of rows: so the same stay as the map moves.
  standing() {
    const size = PICTURE * this.ratio;
    const near = this.map.x.length <= FEW ? 1 : NEAR;
    if (this.view.zoom < near) return [];
    const rows = [];
    this.each(...this.inSight(), (row) => rows.push(row));
    rows.sort((one, other) => one - other);
    const placed = [];
    for (const row of rows) {
      const x = this.image.width / 2 + (this.map.x[row] - this.view.x) * this.scale, y = this.image.height / 2 + (this.map.y[row] - this.view.y) * this.scale;
      if (x < 0 || y < 0 || x > this.image.width || y > this.image.height) continue;
      if (placed.some((other) => Math.abs(other.x - x) < size * 1.06 && Math.abs(other.y - y) < size * 1.06)) continue;
      placed.push({ row, x, y, size });
      if (placed.length === PICTURES) break;
    }
    return placed;
  }

  drawPictures() {
    this.drawn = [];
    this.missing = [];
    for (const place of this.standing()) {
      const picture = this.loaded.get(this.map.skus[place.row]);
      if (picture === undefined) this.missing.push(this.map.skus[place.row]);
      if (!picture) continue;
      const { x, y, size } = place;
      this.context.drawImage(picture, x - size / 2, y - size / 2, size, size);
      this.context.lineWidth = 2 * this.ratio;
      this.context.strokeStyle = css(this.inks[place.row]);
      this.context.strokeRect(x - size / 2, y - size / 2, size, size);
      this.drawn.push(place);
    }
  }

  drawMarks(left, top, scale) {
    const { context, ratio } = this;
    context.lineWidth = 2 * ratio;
    context.strokeStyle = this.markInk;
    context.setLineDash([6 * ratio, 5 * ratio]);
    for (const gap of this.gaps) {
      context.beginPath();
      context.arc(left + gap.x * scale, top + gap.y * scale, gap.radius * scale, 0, 2 * Math.PI);
      context.stroke();
    }
    context.setLineDash([]);
    if (this.marked >= 0) {
      context.beginPath();
      context.arc(left + this.map.x[this.marked] * scale, top + this.map.y[this.marked] * scale, 9 * ratio, 0, 2 * Math.PI);
      context.stroke();
    }
    if (document.activeElement === this.canvas) {
      const x = this.image.width / 2, y = this.image.height / 2, arm = 7 * ratio;
      context.strokeRect(x - arm, y, 2 * arm, 0.01);
      context.strokeRect(x, y - arm, 0.01, 2 * arm);
    }
  }

  async rest() {
    this.moved();
    const skus = (this.missing ?? []).filter((sku) => !this.wanted.has(sku)).slice(0, PICTURES);
    if (!skus.length) return;
    for (const sku of skus) this.wanted.add(sku);
    try {
      const addresses = await this.pictures(skus);
      await Promise.all(skus.map((sku) => this.load(sku, addresses.get(sku))));
    } catch { // the points are there still, and coming near again asks again
      return;
    } finally {
      for (const sku of skus) this.wanted.delete(sku);
    }
  }

  async load(sku, address) {
    let picture = null;
    if (address) {
      const image = new Image();
      image.src = sized(address, PICTURE * this.ratio);
      try {
        await image.decode();
        const side = Math.min(image.naturalWidth, image.naturalHeight), small = PICTURE * this.ratio;
        picture = await createImageBitmap(image, (image.naturalWidth - side) / 2, (image.naturalHeight - side) / 2, side, side,
          { resizeWidth: small, resizeHeight: small, resizeQuality: "medium" });
      } catch {
        picture = null;
      }
    }
    this.loaded.set(sku, picture);
    if (this.loaded.size > KEPT) this.loaded.delete(this.loaded.keys().next().value);
    this.soon();
  }
}

const discs = new Map();

// The lines of a disc: for each its offset, its first and its last pixel.
function disc(across) {
  if (!discs.has(across)) {
    const radius = across / 2, lines = [];
    for (let line = -Math.floor(radius); line <= Math.floor(radius); line++) {
      const half = Math.floor(Math.sqrt(Math.max(0, radius * radius - line * line)));
      lines.push(line, -half, half);
    }
    discs.set(across, Int32Array.from(lines));
  }
  return discs.get(across);
}

const css = (ink) => `rgb(${ink & 255} ${(ink >> 8) & 255} ${(ink >> 16) & 255})`;
