// Try it on: a piece of the shop on one's own hand or face. The picture is never sent: only the piece comes over the net.

import * as api from "./api.js";
import { element, picture as pictureOf } from "./cards.js";
import { KINDS, wornAs } from "./tryon/kinds.js";
import { FINGERS } from "./tryon/places.js";
import { bodyOf, Stage } from "./tryon/stage.js";
import { canvas } from "./tryon/worn.js";
import { say, turn, words } from "./tryon/words.js";

const AT_ONCE = 48;
const SIZES = ["size_mm", "length_mm", "height_mm", "width_mm", "diameter_mm"]; // in mm, of the piece as it is pictured
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const at = (id) => document.getElementById(id);
const stage = new Stage(at("picture"), looked);
const state = { item: null, cutout: null, cursor: null, video: null, chosen: 0, again: null };

function show(id, visible) {
  at(id).hidden = !visible;
}

function tell([title, detail], again) {
  at("error").replaceChildren(
    element("div", {}, element("strong", {}, title), element("p", {}, detail)),
    again ? element("button", { class: "plain", type: "button", onclick: again }, words().again) : "");
  show("error", true);
}

function failed(problem, again) {
  if (problem.status === 401) {
    at("key-error").textContent = sessionStorage.getItem("loupe-key") ? problem.detail : "";
    if (!at("key-dialog").open) at("key-dialog").showModal();
    return;
  }
  tell([problem.title ?? words().wrong, problem.detail ?? problem.message], again);
}

// What became of a look for a hand or a face; the last word stays until there is another.
function looked(how) {
  const body = bodyOf(at("kind").value);
  if (how === "broken") tell(words().broken, () => stage.look());
  const first = how === "looking" && !sessionStorage.getItem(`loupe-found-${body}`);
  if (how !== "looking" && how !== "broken") sessionStorage.setItem(`loupe-found-${body}`, "1");
  const said = first ? words().fetching : how === "looking" ? words().looking : how === "noEar" ? words().noEar
    : how === "placed" ? words().placed[body] : how === "missed" ? (state.video ? words().fresh : words().missed[body]) : "";
  at("stage").dataset.looked = how;
  at("stage").classList.toggle("busy", how === "looking");
  at("told").classList.toggle("missed", !state.video && (how === "missed" || how === "noEar"));
  if (at("told").textContent !== said) at("told").textContent = said;
}

function sizeOf(item) {
  const told = SIZES.map((name) => Number.parseFloat(item?.attributes[name])).find((mm) => mm > 0 && mm < 1000);
  return told ?? null;
}

async function wear() {
  const kind = at("kind").value;
  show("finger-label", kind === "ring");
  const size = sizeOf(state.item);
  at("scale").textContent = !state.item ? "" : kind === "ring" || kind === "bracelet" ? words().scale.fit
    : size ? words().scale.known(size) : words().scale.usual;
  show("adjust", Boolean(state.cutout && stage.source));
  sliders();
  if (state.cutout) await stage.wear(state.cutout, { kind, size, finger: at("finger").value });
  sliders();
}

async function choose(item) {
  const asked = (state.chosen += 1);
  show("error", false);
  for (const button of at("pieces").querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.dataset.sku === item.sku));
  at("told").textContent = words().cutting;
  const cutout = await cutOut(item).catch((problem) => failed(problem, () => choose(item)));
  if (asked !== state.chosen || cutout === undefined) return;
  at("told").textContent = "";
  if (!cutout) return tell([item.title, words().uncut]);
  Object.assign(state, { item, cutout });
  const kind = wornAs(item);
  if (kind) at("kind").value = kind;
  await wear();
}

// The first of the item's pictures in which there is a piece; null where there is none in any.
async function cutOut(item) {
  for (const image of item.images.filter((one) => one.state !== "rejected")) {
    try {
      const shown = await createImageBitmap(await api.blob(`/v1/images/${image.image_id}/cutout`));
      const made = canvas(shown.width, shown.height);
      made.getContext("2d", { willReadFrequently: true }).drawImage(shown, 0, 0);
      return made;
    } catch (problem) {
      if (![404, 415, 422].includes(problem.status)) throw problem;
    }
  }
  return null;
}

function choice(item) {
  const source = pictureOf(item);
  return element("li", {}, element("button", { type: "button", "aria-pressed": "false", "data-sku": item.sku, "data-testid": "choice", onclick: () => choose(item) },
    element("span", { class: "frame" }, source ? element("img", { src: source, alt: "", loading: "lazy" }) : null),
    element("span", { class: "title" }, item.title)));
}

async function list() {
  const again = () => list().catch((problem) => failed(problem, again));
  const { items, next_cursor: cursor } = await api.items(AT_ONCE, state.cursor ?? undefined);
  state.cursor = cursor ?? null;
  const wearable = items.filter((item) => item.images.length && (!item.attributes.type || wornAs(item)));
  at("pieces").append(...wearable.map(choice));
  at("pieces").setAttribute("aria-busy", "false");
  show("none", !at("pieces").children.length && !state.cursor);
  show("more", Boolean(state.cursor));
}

async function usePhoto(file) {
  stop();
  show("error", false);
  try {
    show("picture", true);
    show("stage-empty", false);
    const image = await createImageBitmap(file, { imageOrientation: "from-image" });
    const looking = stage.show(image);
    show("adjust", Boolean(state.cutout));
    sliders();
    await looking;
  } catch {
    show("picture", false);
    show("stage-empty", true);
    tell(words().unread);
  }
}

async function useCamera() {
  if (state.video) return stop();
  show("error", false);
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1280 }, facingMode: "user" }, audio: false });
    const video = element("video", { muted: true, playsinline: true });
    video.srcObject = stream;
    await video.play();
    state.video = video;
  } catch {
    return tell(words().denied);
  }
  at("camera").textContent = words().stop;
  for (const id of ["picture", "hold"]) show(id, true);
  show("stage-empty", false);
  show("adjust", Boolean(state.cutout));
  at("told").textContent = words().fresh;
  await stage.live(state.video);
}

function stop() {
  for (const track of state.video?.srcObject.getTracks() ?? []) track.stop();
  if (state.video && stage.source === state.video) stage.source = null;
  state.video = null;
  at("camera").textContent = words().camera;
  show("hold", false);
}

function sliders() {
  at("grow").value = String(Math.round((Math.log(stage.moved.grow) / Math.log(4)) * 100));
  at("turn").value = String(Math.round((stage.moved.turn * 180) / Math.PI));
}

function byKey(event) {
  const step = (at("picture").width / 100) * (event.shiftKey ? 0.2 : 1);
  const [x, y] = KEYS[event.key] ?? [0, 0];
  if (x || y) stage.move(x * step, y * step);
  else if (event.key === "+" || event.key === "=") stage.grow(stage.moved.grow * 1.04);
  else if (event.key === "-") stage.grow(stage.moved.grow / 1.04);
  else if (event.key === ",") stage.turn(stage.moved.turn - 0.04);
  else if (event.key === ".") stage.turn(stage.moved.turn + 0.04);
  else return;
  event.preventDefault();
  sliders();
}

async function save() {
  const blob = await new Promise((resolve) => at("picture").toBlob(resolve, "image/jpeg", 0.92));
  const link = element("a", { href: URL.createObjectURL(blob), download: `${state.item?.sku ?? "piece"}-on-me.jpg` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

async function start() {
  show("error", false);
  at("pieces").replaceChildren();
  state.cursor = null;
  const sku = new URLSearchParams(location.search).get("sku");
  try {
    await list();
    if (sku) await choose(await api.item(sku));
  } catch (problem) {
    failed(problem, start);
  }
}

say();
at("kind").append(...KINDS.map((kind) => element("option", { value: kind }, words().kinds[kind])));
at("finger").append(...Object.keys(FINGERS).map((finger) => element("option", { value: finger, selected: finger === "ring" }, words().fingers[finger])));
at("language").addEventListener("click", turn);
at("kind").addEventListener("change", wear);
at("finger").addEventListener("change", wear);
at("photo").addEventListener("change", () => at("photo").files[0] && usePhoto(at("photo").files[0]));
at("camera").addEventListener("click", useCamera);
at("hold").addEventListener("click", async () => {
  const held = stage.hold();
  stop();
  await held;
});
at("grow").addEventListener("input", () => stage.grow(4 ** (at("grow").value / 100)));
at("turn").addEventListener("input", () => stage.turn((at("turn").value * Math.PI) / 180));
at("picture").addEventListener("adjusted", sliders);
at("picture").addEventListener("keydown", byKey);
at("anew").addEventListener("click", () => {
  stage.anew();
  stage.put();
  sliders();
});
at("save").addEventListener("click", save);
at("more").addEventListener("click", () => list().catch((problem) => failed(problem)));
at("key-form").addEventListener("submit", () => {
  api.useKey(at("key").value);
  start();
});
document.addEventListener("paste", (event) => {
  const [file] = event.clipboardData.files;
  if (file) usePhoto(file);
});
start();
