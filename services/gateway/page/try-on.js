// Try it on: a piece of the shop on one's own hand or face. The picture is never sent: only the piece comes over the net.

import * as api from "./api.js";
import { element, picture as pictureOf } from "./cards.js";
import { shown } from "./sized.js";
import { did } from "./steps.js";
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
const FULL = 12; // pieces of a kind are looked for until there are so many, on so many pages at most
const PAGES = 8;
const state = { item: null, cutout: null, cursor: null, video: null, chosen: 0, only: null, listed: 0 };

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
function looked(how, behind) {
  const body = bodyOf(at("kind").value);
  if (how === "broken") tell(words().broken, () => stage.look());
  const first = how === "looking" && !sessionStorage.getItem(`loupe-found-${body}`);
  if (how !== "looking" && how !== "broken") sessionStorage.setItem(`loupe-found-${body}`, "1");
  const said = first ? words().fetching : how === "looking" ? words().looking : how === "noEar" ? words().noEar
    : how === "placed" ? words().placed[behind ? "palm" : body] : how === "missed" ? (state.video ? words().fresh : words().missed[body]) : "";
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
  if (state.cutout && stage.source && kind === "ring") did("ring");
  sliders();
}

async function choose(item) {
  const asked = (state.chosen += 1);
  show("error", false);
  for (const button of at("pieces").querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.dataset.sku === item.sku));
  at("told").textContent = words().cutting;
  const cutout = await cutOut(item).catch((problem) => failed(problem, () => choose(item)));
  if (asked !== state.chosen || cutout === undefined) return;
  at("told").textContent = stage.source ? "" : words().next;
  if (!cutout) return tell([item.title, words().uncut]);
  Object.assign(state, { item, cutout });
  const kind = wornAs(item);
  if (kind) at("kind").value = kind;
  at("stage").scrollIntoView({ block: "nearest" });
  await wear();
}

// The first of the item's pictures in which there is a piece; null where there is none in any.
async function cutOut(item) {
  for (const image of item.images.filter((one) => one.state !== "rejected")) {
    try {
      const cut = await createImageBitmap(await api.blob(`/v1/images/${image.image_id}/cutout`));
      const made = canvas(cut.width, cut.height);
      made.getContext("2d", { willReadFrequently: true }).drawImage(cut, 0, 0);
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
    element("span", { class: "frame" }, source ? element("img", { ...shown(source, "6rem"), alt: "", loading: "lazy" }) : null),
    element("span", { class: "title" }, item.title)));
}

// Whether it is among what is shown: all that can be worn, or what is worn in one way.
const listed = (item) => item.images.length && (!item.attributes.type || (state.only ? wornAs(item) === state.only : wornAs(item)));

async function list() {
  const asked = state.listed, found = [];
  at("pieces").setAttribute("aria-busy", "true");
  for (let pages = 0; pages < PAGES && found.length < FULL; pages++) {
    const { items, next_cursor: cursor } = await api.items(AT_ONCE, state.cursor ?? undefined);
    if (asked !== state.listed) return;
    state.cursor = cursor ?? null;
    found.push(...items.filter(listed));
    if (!cursor) break;
  }
  at("pieces").append(...found.map(choice));
  at("pieces").setAttribute("aria-busy", "false");
  at("none").textContent = state.only ? words().noneSo(words().kinds[state.only]) : words().none;
  show("none", !at("pieces").children.length && !state.cursor);
  show("more", Boolean(state.cursor));
}

async function listAnew() {
  Object.assign(state, { cursor: null, listed: state.listed + 1 });
  at("pieces").replaceChildren();
  await list();
}

// Lists what is worn so alone; null: everything.
function only(kind) {
  state.only = kind;
  if (kind && !state.item) at("kind").value = kind;
  show("finger-label", at("kind").value === "ring");
  for (const chip of at("only").children) chip.setAttribute("aria-pressed", String(chip.value === (kind ?? "")));
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
    if (!state.cutout) at("told").textContent = words().nextPiece;
    else if (at("kind").value === "ring") did("ring");
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
  const asked = new URLSearchParams(location.search);
  try {
    await listAnew();
    if (asked.has("sku")) await choose(await api.item(asked.get("sku")));
  } catch (problem) {
    failed(problem, start);
  }
}

say();
at("kind").append(...KINDS.map((kind) => element("option", { value: kind }, words().kinds[kind])));
at("finger").append(...Object.keys(FINGERS).map((finger) => element("option", { value: finger, selected: finger === "ring" }, words().fingers[finger])));
at("only").append(...["", ...KINDS].map((kind) => element("button", { class: "chip", type: "button", value: kind, "data-testid": "only",
  onclick: () => { only(kind || null); listAnew().catch((problem) => failed(problem)); } }, kind ? words().many[kind] : words().all)));
only(KINDS.find((kind) => kind === new URLSearchParams(location.search).get("kind")) ?? null);
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
