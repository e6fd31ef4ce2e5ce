// Where on a body a piece goes, of landmarks as MediaPipe numbers them. Lengths in pixels of the picture, angles in
// radians: 0 is a piece as it hangs or lies in its picture, upright, and more turns it clockwise. Nothing is drawn here.

// Millimetres, of adults; the middle of what is usual. What a picture's scale is told by.
export const BODY = { palm: 62, face: 140 };
// Along the first bone of a finger, from knuckle (0) to joint (1): where rings lie. And a finger's width as a share of
// the palm's. Both fitted on hands that wear rings (lab/reports/try-on).
export const RING_AT = { back: 0.66, palm: 0.45 };
export const FINGER_WIDE = 0.34;
const WRIST_WIDE = 0.95;
const WRIST_AT = 0.22; // of the way from wrist to middle knuckle, up the arm
const NECK_WIDE = 0.9; // of the face's width: where a chain leaves the sides of the neck
const NECK_AT = 0.16; // of the face's height below the chin
const FAR_SIDE = 0.32; // of a face that is turned: less of it on one side, and that ear is hidden

export const FINGERS = { thumb: [2, 3], index: [5, 6], middle: [9, 10], ring: [13, 14], little: [17, 18] };
const THICK = { thumb: 1.12, index: 1.03, middle: 1.03, ring: 1, little: 0.86 };

// {x, y, angle, wide, perMm, back}: `wide` is what the piece is to span there; `back`: the back of it is seen.
export function ringPlace(hand, finger = "ring") {
  const [knuckle, joint] = FINGERS[finger].map((number) => hand.points[number]);
  const palm = palmWidth(hand);
  const back = showsPalm(hand);
  const along = back ? RING_AT.palm : RING_AT.back;
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

// One a visible ear, each where the hook would go through.
export function earPlaces(face) {
  const { points } = face;
  const perMm = faceWidth(points) / BODY.face;
  const angle = upright(points[152], points[10]);
  const out = { x: Math.cos(angle), y: Math.sin(angle) };
  const across = (from, to) => (points[to].x - points[from].x) * out.x + (points[to].y - points[from].y) * out.y;
  const [right, left] = [across(234, 1), across(1, 454)].map((length) => Math.max(length, 0));
  const shown = (share) => share / (right + left || 1) > FAR_SIDE / 2;
  const ear = (upper, lower, side) => {
    const { x, y } = between(points[upper], points[lower], 0.55);
    return { x: x + side * out.x * 5 * perMm, y: y + side * out.y * 5 * perMm, angle: 0, perMm, wide: 0, side };
  };
  return [shown(right) ? ear(93, 132, -1) : null, shown(left) ? ear(323, 361, 1) : null].filter(Boolean);
}

// The middle between the two points at which a chain comes out from behind the neck.
export function neckPlace(face) {
  const { points } = face;
  const [chin, top] = [points[152], points[10]];
  const angle = upright(chin, top);
  const wide = faceWidth(points) * NECK_WIDE;
  return { ...between(chin, top, -NECK_AT), angle: angle / 2, wide, perMm: faceWidth(points) / BODY.face, back: false };
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

function faceWidth(points) {
  const [a, b] = [points[234], points[454]];
  return Math.hypot(a.x - b.x, a.y - b.y, a.z - b.z);
}

const length = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);
const between = (a, b, share) => ({ x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share });
const upright = (from, to) => Math.atan2(to.x - from.x, from.y - to.y);
