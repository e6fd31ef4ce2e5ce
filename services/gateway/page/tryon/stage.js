// The picture and what is worn on it: finds the body, keeps what a person moved, draws. Knows no shop.

import { draw, isOn, scaleOf, sprites } from "./drawing.js";
import { landmarks } from "./landmarks.js";
import { braceletPlace, earPlaces, neckPlace, ringPlace } from "./places.js";

const LONGEST = 1600; // pixels: a photo's longer side is not kept longer
const BODY_OF = { ring: "hand", bracelet: "hand", watch: "hand", earring: "face", necklace: "face" };
const CALM = 0.45; // of the way to a new place that a piece goes in a frame, so that it does not tremble
const DROWSY = 250; // milliseconds between two looks at nothing

export const bodyOf = (kind) => BODY_OF[kind];

export class Stage {
  // `told(state)` hears what became of a look: "looking", "placed", "missed", "noEar" or "broken", and whether the piece is seen from behind.
  constructor(canvas, told) {
    this.canvas = canvas;
    this.pen = canvas.getContext("2d");
    this.told = told;
    this.wearing = null; // {cutout, kind, size, finger}
    this.source = null; // a canvas, or a video that runs
    this.body = null; // {kind, found}, of the last look
    this.shown = [];
    this.asked = 0;
    this.anew();
    dragging(this);
  }

  anew() {
    this.moved = { 0: { x: 0, y: 0 }, 1: { x: 0, y: 0 }, turn: 0, grow: 1 };
  }

  wear(cutout, { kind, size, finger }) {
    const same = this.wearing?.cutout === cutout && this.wearing.kind === kind;
    if (!same || this.wearing.finger !== finger) this.anew();
    this.wearing = { cutout, kind, size, finger };
    return this.look();
  }

  show(image) {
    this.source = scaledDown(image);
    this.body = null;
    this.anew();
    return this.look();
  }

  // Until it is stopped: one look after the other, as fast as this device looks.
  async live(video) {
    this.source = video;
    this.body = null;
    this.anew();
    while (this.source === video) {
      const before = performance.now();
      await this.look(false);
      await new Promise((resolve) => (document.hidden ? setTimeout(resolve, DROWSY) : requestAnimationFrame(resolve)));
      if (performance.now() - before < 5) await new Promise((resolve) => setTimeout(resolve, DROWSY));
    }
  }

  // The video's frame of now, as a photo.
  hold() {
    const still = document.createElement("canvas");
    [still.width, still.height] = [this.canvas.width, this.canvas.height];
    const pen = still.getContext("2d");
    pen.translate(still.width, 0);
    pen.scale(-1, 1);
    pen.drawImage(this.source, 0, 0, still.width, still.height);
    return this.show(still);
  }

  // Find the body that the piece is for, unless that was done, and draw.
  async look(still = true) {
    const asked = (this.asked += 1);
    const source = this.source;
    if (!source) return;
    const frame = still ? source : mirrored(source);
    if (!frame) return;
    const body = this.wearing && BODY_OF[this.wearing.kind];
    if (body && (!still || this.body?.kind !== body)) {
      if (still) this.draw(frame, []);
      if (still) this.told("looking");
      const found = await landmarks(body, frame, frame.width, frame.height, still).catch((error) => {
        console.warn(error);
        return null;
      });
      if (this.source !== source || (still && asked !== this.asked)) return;
      this.body = { kind: body, found: found?.[0] ?? null, broken: !found };
    }
    this.draw(frame, this.places(frame));
  }

  places(frame) {
    if (!this.wearing) return [];
    const { kind, finger } = this.wearing;
    const { found, broken } = this.body ?? {};
    let places = found ? placesOf(kind, found, finger) : [];
    this.told(broken ? "broken" : !found ? "missed" : places.length ? "placed" : "noEar", Boolean(places[0]?.back));
    if (!places.length) places = [inTheMiddle(frame)];
    return places.map((place, number) => steadied(place, this.source === frame ? null : this.shown[number]?.place));
  }

  draw(frame, places) {
    [this.canvas.width, this.canvas.height] = [frame.width, frame.height];
    this.frame = frame;
    this.put(places);
  }

  // As it is placed, or moved since.
  put(places = this.shown.map(({ place }) => place)) {
    if (!this.frame) return;
    const { cutout, kind, size } = this.wearing ?? {};
    const key = cutout && [kind, ...places.map((place) => `${place.side}${place.back}`)].join();
    if (cutout && (this.made?.cutout !== cutout || this.made.key !== key)) this.made = { cutout, key, sprites: sprites(cutout, kind, places) };
    this.shown = places.map((place, number) => {
      const sprite = this.made.sprites[number];
      const { x, y } = this.moved[number];
      const turn = this.moved.turn * (place.side === -1 ? -1 : 1);
      return { sprite, place, scale: scaleOf(sprite, kind, place, size), moved: { x, y, turn, grow: this.moved.grow } };
    });
    draw(this.pen, this.frame, this.shown);
  }

  // By pixels of the picture; every piece, or the one that is held.
  move(x, y, number) {
    for (const one of number === undefined ? [0, 1] : [number]) this.moved[one] = { x: this.moved[one].x + x, y: this.moved[one].y + y };
    this.put();
  }

  grow(factor) {
    this.moved.grow = Math.min(4, Math.max(0.25, factor));
    this.put();
  }

  turn(radians) {
    this.moved.turn = radians;
    this.put();
  }
}

function placesOf(kind, found, finger) {
  if (kind === "ring") return [ringPlace(found, finger)];
  if (kind === "bracelet" || kind === "watch") return [braceletPlace(found)];
  return kind === "earring" ? earPlaces(found) : [neckPlace(found)];
}

// Where nothing was found, to be dragged from: as if the shorter side showed a hand's length.
function inTheMiddle({ width, height }) {
  const perMm = Math.min(width, height) / 200;
  return { x: width / 2, y: height / 2, angle: 0, perMm, wide: 24 * perMm, side: 1, back: false };
}

function steadied(place, before) {
  if (!before || Math.hypot(place.x - before.x, place.y - before.y) > 40 * place.perMm) return place;
  const mixed = (name) => before[name] + (place[name] - before[name]) * CALM;
  const turned = Math.atan2(Math.sin(place.angle - before.angle), Math.cos(place.angle - before.angle));
  return { ...place, x: mixed("x"), y: mixed("y"), wide: mixed("wide"), perMm: mixed("perMm"), angle: before.angle + turned * CALM };
}

function scaledDown(image) {
  const factor = Math.min(1, LONGEST / Math.max(image.width, image.height));
  const made = document.createElement("canvas");
  [made.width, made.height] = [Math.round(image.width * factor), Math.round(image.height * factor)];
  made.getContext("2d").drawImage(image, 0, 0, made.width, made.height);
  return made;
}

// As in a mirror, which is how people look at themselves. Nothing while the video has no frame yet.
function mirrored(video) {
  if (!video.videoWidth) return null;
  const made = document.createElement("canvas");
  const factor = Math.min(1, 960 / Math.max(video.videoWidth, video.videoHeight));
  [made.width, made.height] = [Math.round(video.videoWidth * factor), Math.round(video.videoHeight * factor)];
  const pen = made.getContext("2d");
  pen.translate(made.width, 0);
  pen.scale(-1, 1);
  pen.drawImage(video, 0, 0, made.width, made.height);
  return made;
}

// One finger or the mouse drags; two fingers turn and grow.
function dragging(stage) {
  const { canvas } = stage;
  const held = new Map();
  let number;
  let start = null;
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return { x: ((event.clientX - box.left) * canvas.width) / box.width, y: ((event.clientY - box.top) * canvas.height) / box.height };
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (!stage.shown.length) return;
    held.set(event.pointerId, at(event));
    canvas.setPointerCapture(event.pointerId);
    const about = (12 * canvas.width) / canvas.getBoundingClientRect().width;
    const on = stage.shown.findIndex((one) => isOn(one, at(event), about));
    if (held.size === 1) number = on < 0 ? undefined : on;
    start = held.size === 2 ? { ...apart(held), grow: stage.moved.grow, turned: stage.moved.turn } : null;
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = held.get(event.pointerId);
    if (!before) return;
    const now = at(event);
    held.set(event.pointerId, now);
    if (!start) return stage.move(now.x - before.x, now.y - before.y, number);
    const { far, angle } = apart(held);
    stage.moved.turn = start.turned + angle - start.angle;
    stage.grow((start.grow * far) / start.far);
    canvas.dispatchEvent(new Event("adjusted"));
  });
  for (const ends of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(ends, (event) => {
      held.delete(event.pointerId);
      start = null;
    });
  }
}

function apart(held) {
  const [a, b] = [...held.values()];
  return { far: Math.hypot(b.x - a.x, b.y - a.y) || 1, angle: Math.atan2(b.y - a.y, b.x - a.x) };
}
