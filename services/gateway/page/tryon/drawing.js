// The pieces, drawn on the picture: as large as they are there, in its light, with the shadow that they throw.

import { canvas, isStud, pair, worn } from "./worn.js";

// Millimetres, where a piece does not say: a drop from its hook down, a stud across, a watch's case with its crown.
export const USUAL = { drop: 34, stud: 10, watch: 42 };
const USUAL_LIGHT = 165; // of 0..255: skin in a picture that is neither dark nor burnt out
const SNUG = { ring: 1.04, bracelet: 1.03 };

// The sprites of one piece for these places, in their order.
export function sprites(cutout, kind, places) {
  if (kind !== "earring") return places.map((place) => worn(kind === "watch" ? across(cutout) : cutout, kind, place.back));
  const [right, left] = pair(cutout);
  return places.map((place) => worn(place.side < 0 ? right : left, kind, false));
}

// Pixels of the picture a pixel of the sprite: of its size in mm where that is known, else of the body or what is usual.
export function scaleOf(sprite, kind, place, size) {
  const { width, height } = sprite.canvas;
  if (kind in SNUG) return (place.wide * SNUG[kind]) / sprite.wide;
  if (size) return (size * place.perMm) / Math.max(width, height);
  if (kind === "necklace") return place.wide / sprite.wide;
  if (kind === "watch") return (USUAL.watch * place.perMm) / Math.min(width, height);
  return ((isStud(sprite.canvas) ? USUAL.stud : USUAL.drop) * place.perMm) / height;
}

// `shown`: {sprite, place, scale, moved: {x, y, turn, grow}}, with x and y in pixels of the picture and turn in radians.
export function draw(pen, picture, shown) {
  pen.drawImage(picture, 0, 0, pen.canvas.width, pen.canvas.height);
  const lit = shown.map((one) => inLight(one, picture));
  shown.forEach((one) => placed(pen, one, () => shadow(pen, one)));
  shown.forEach((one, number) => placed(pen, one, () => pen.drawImage(lit[number], -one.sprite.anchor.x, -one.sprite.anchor.y)));
}

// Whether a point of the picture is on a piece, with a finger's breadth about it.
export function isOn({ sprite, place, scale, moved }, point, about) {
  const [x, y] = [point.x - place.x - moved.x, point.y - place.y - moved.y];
  const turn = -(place.angle + moved.turn);
  const grown = scale * moved.grow;
  const at = { x: x * Math.cos(turn) - y * Math.sin(turn), y: x * Math.sin(turn) + y * Math.cos(turn) };
  const [left, top] = [-sprite.anchor.x * grown - about, -sprite.anchor.y * grown - about];
  return at.x >= left && at.y >= top && at.x <= left + sprite.canvas.width * grown + 2 * about && at.y <= top + sprite.canvas.height * grown + 2 * about;
}

function placed(pen, { place, scale, moved }, act) {
  pen.save();
  pen.translate(place.x + moved.x, place.y + moved.y);
  pen.rotate(place.angle + moved.turn);
  pen.scale(scale * moved.grow, scale * moved.grow);
  pen.imageSmoothingQuality = "high";
  act();
  pen.restore();
}

// Beside the piece and under it, soft; the piece itself is drawn far outside, so that its shadow alone is seen.
function shadow(pen, { sprite, scale, moved, place }) {
  const grown = scale * moved.grow;
  const far = pen.canvas.width + pen.canvas.height + (sprite.canvas.width + sprite.canvas.height) * grown; // of the picture
  pen.shadowColor = "rgb(30 12 4 / 45%)";
  pen.shadowBlur = Math.max(1.5, 1.1 * place.perMm);
  const turn = place.angle + moved.turn; // a shadow's offset knows no turn
  pen.shadowOffsetX = far * Math.cos(turn) + 0.2 * place.perMm;
  pen.shadowOffsetY = far * Math.sin(turn) + 0.6 * place.perMm;
  pen.drawImage(sprite.canvas, -sprite.anchor.x - far / grown, -sprite.anchor.y);
}

// Darker in the dark, and a little of the picture's own colour: its light is not the photographer's of the piece.
function inLight({ sprite, place, moved }, picture) {
  const { light, tint } = around(picture, place.x + moved.x, place.y + moved.y, Math.max(24, 14 * place.perMm));
  const made = canvas(sprite.canvas.width, sprite.canvas.height);
  const pen = made.getContext("2d");
  pen.drawImage(sprite.canvas, 0, 0);
  pen.globalCompositeOperation = "source-atop";
  const gain = Math.min(1.12, Math.max(0.45, light / USUAL_LIGHT));
  pen.fillStyle = gain < 1 ? `rgb(0 0 0 / ${(1 - gain) * 0.8})` : `rgb(255 255 255 / ${(gain - 1) * 0.6})`;
  pen.fillRect(0, 0, made.width, made.height);
  pen.fillStyle = `rgb(${tint.join(" ")} / 0.09)`;
  pen.fillRect(0, 0, made.width, made.height);
  return made;
}

function around(picture, x, y, reach) {
  const small = canvas(6, 6);
  const pen = small.getContext("2d", { willReadFrequently: true });
  pen.drawImage(picture, x - reach, y - reach, 2 * reach, 2 * reach, 0, 0, 6, 6);
  const { data } = pen.getImageData(0, 0, 6, 6);
  const sum = [0, 0, 0, 0];
  for (let at = 0; at < data.length; at += 4) for (let channel = 0; channel < 4; channel += 1) sum[channel] += data[at + channel];
  if (!sum[3]) return { light: USUAL_LIGHT, tint: [128, 128, 128] };
  const tint = sum.slice(0, 3).map((value) => Math.round((255 * value) / sum[3]));
  return { light: 0.299 * tint[0] + 0.587 * tint[1] + 0.114 * tint[2], tint };
}

// A watch is photographed with its strap up and down, and worn with it across the arm.
function across(cutout) {
  const made = canvas(cutout.height, cutout.width);
  const pen = made.getContext("2d");
  pen.translate(made.width / 2, made.height / 2);
  pen.rotate(Math.PI / 2);
  pen.drawImage(cutout, -cutout.width / 2, -cutout.height / 2);
  return made;
}
