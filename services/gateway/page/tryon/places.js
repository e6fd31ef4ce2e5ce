// Where on a body a piece goes, of landmarks as MediaPipe numbers them. Lengths in pixels of the picture, angles in
// radians: 0 is a piece as it hangs or lies in its picture, upright, and more turns it clockwise. Nothing is drawn here.

// Millimetres, of adults; the middle of what is usual. What a picture's scale is told by.
export const BODY = { palm: 62, face: 140 };
// Along the first bone of a finger, from knuckle (0) to joint (1): where rings lie, of a hand seen from its back or its
// palm. And a ring finger's width as a share of the palm's. Both fitted on hands that wear rings (lab/reports/try-on).
export const RING_AT = {
  back: { thumb: 0.61, index: 0.6, middle: 0.59, ring: 0.61, little: 0.63 },
  palm: { thumb: 0.45, index: 0.42, middle: 0.43, ring: 0.46, little: 0.46 },
};
export const FINGER_WIDE = 0.36;
const WRIST_WIDE = 0.95;
const WRIST_AT = 0.22; // of the way from wrist to middle knuckle, up the arm
// Of the face's width, from the middle of the two points before an ear to its lobe. Fitted on faces (lab/reports/try-on).
const LOBE = { out: 0.027, down: 0.052, back: 0.188 };
// Alike, from the chin to the middle between the sides of the neck where a chain leaves them, and how wide that is.
const NECK = { back: 0.65, below: 0.35, wide: 0.75 };
const HIDDEN = 0.06; // of the face's width: an ear that lies so far within the face is behind the cheek

export const FINGERS = { thumb: [2, 3], index: [5, 6], middle: [9, 10], ring: [13, 14], little: [17, 18] };
const THICK = { thumb: 1.12, index: 1.03, middle: 1.03, ring: 1, little: 0.86 };

// {x, y, angle, wide, perMm, back}: `wide` is what the piece is to span there; `back`: the back of it is seen.
export function ringPlace(hand, finger = "ring") {
  const [knuckle, joint] = FINGERS[finger].map((number) => hand.points[number]);
  const palm = palmWidth(hand);
  const back = showsPalm(hand);
  const along = RING_AT[back ? "palm" : "back"][finger];
  return {
    ...between(knuckle, joint, along), angle: upright(knuckle, joint), wide: palm * FINGER_WIDE * THICK[finger],
    perMm: palm / BODY.palm, back,
  };
}

export function braceletPlace(hand) {
  const [wrist, middle] = [hand.points[0], hand.points[9]];
  const palm = palmWidth(hand);
  return { ...between(wrist, middle, -WRIST_AT), angle: upright(wrist, middle), wide: palm * WRIST_WIDE, perMm: palm / BODY.palm, back: showsPalm(hand) };
}

// One a visible ear, each where the hook goes through its lobe.
export function earPlaces(face) {
  const { points } = face;
  const axes = faceAxes(points);
  const ear = (upper, lower, side) => {
    const at = (name) => (points[upper][name] + points[lower][name]) / 2
      + axes.wide * (LOBE.out * side * axes.out[name] + LOBE.down * axes.down[name] + LOBE.back * axes.back[name]);
    return { x: at("x"), y: at("y"), angle: 0, perMm: axes.wide / BODY.face, wide: 0, side };
  };
  return [ear(93, 132, -1), ear(323, 361, 1)].filter((place) => !behind(points, place, axes));
}

// Whether the cheek is before an ear: it then lies within the face, as we see it.
function behind(points, { x, y, side }, { out, wide }) {
  const outwards = (point) => (side * (point.x * out.x + point.y * out.y)) / Math.hypot(out.x, out.y);
  return outwards({ x, y }) < Math.max(...points.map(outwards)) - HIDDEN * wide;
}

// The middle between the two points at which a chain comes out from behind the neck, which does not nod with the head.
export function neckPlace(face) {
  const [chin, top] = [face.points[152], face.points[10]];
  const { wide, back } = faceAxes(face.points);
  return {
    x: chin.x + wide * NECK.back * back.x, y: chin.y + wide * (NECK.back * back.y + NECK.below), angle: upright(chin, top) / 2,
    wide: wide * NECK.wide, perMm: wide / BODY.face, back: false,
  };
}

// A hand that is turned is narrow, and then its length tells how large it is.
export function palmWidth({ points }) {
  return Math.max(length(points[5], points[17]), 0.62 * length(points[0], points[9]));
}

// Whether the palm is to us: the thumb's side tells, with which hand it is.
export function showsPalm({ points, right }) {
  const [wrist, index, little] = [points[0], points[5], points[17]];
  const turned = (index.x - wrist.x) * (little.y - wrist.y) - (index.y - wrist.y) * (little.x - wrist.x);
  return right ? turned < 0 : turned > 0;
}

export function faceWidth(points) {
  return faceAxes(points).wide;
}

// The head's own axes, as unit vectors {x, y, z}: out to its left ear, down to the chin, back to the nape.
function faceAxes(points) {
  const [right, left, top, chin] = [points[234], points[454], points[10], points[152]];
  const across = minus(left, right);
  const wide = Math.hypot(across.x, across.y, across.z);
  const out = scaled(across, 1 / wide);
  const along = minus(chin, top);
  const square = minus(along, scaled(out, along.x * out.x + along.y * out.y + along.z * out.z));
  const down = scaled(square, 1 / Math.hypot(square.x, square.y, square.z));
  const back = { x: out.y * down.z - out.z * down.y, y: out.z * down.x - out.x * down.z, z: out.x * down.y - out.y * down.x };
  return { wide, out, down, back };
}

const minus = (a, b) => ({ x: a.x - b.x, y: a.y - b.y, z: a.z - b.z });
const scaled = ({ x, y, z }, by) => ({ x: x * by, y: y * by, z: z * by });
const length = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);
const between = (a, b, share) => ({ x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share });
const upright = (from, to) => Math.atan2(to.x - from.x, from.y - to.y);
