// Labelling: one picture at a time, the model's answer ready to be said yes to, a key a class.

import * as api from "./api.js";
import { element } from "./cards.js";
import { say, words } from "./label-words.js";
import { turn, valueWord } from "./language.js";
import { askForKey, know, may, merchant, number, tell, trying } from "./merchant.js";
import { sized } from "./sized.js";

const AT_ONCE = 20;
const LOOKED_AT = 960;
const KEYS = [..."123456789abcdefghijklmnopqrstuvwxyz"];
const at = (id) => document.getElementById(id);
// `queue`: what is to be looked at, the first being shown; `done`: what was, the last first to go back to.
const state = { queue: [], done: [], cursor: null, classes: [], left: 0, pictures: 0, passed: 0, working: false };

const attribute = () => at("attribute").value;
const current = () => state.queue[0];

async function load(more) {
  const asked = new URLSearchParams({ attribute: attribute(), limit: AT_ONCE, ...(more && state.cursor && { cursor: state.cursor }) });
  const page = await api.read(`/v1/labelling?${asked}`);
  const known = new Set([...state.queue, ...state.done.map((one) => one.image)].map((image) => image.image_id));
  state.queue.push(...page.images.filter((image) => !more || !known.has(image.image_id)));
  Object.assign(state, { cursor: page.next_cursor ?? null, classes: page.classes, pictures: page.pictures, left: page.left });
}

async function next() {
  if (state.queue.length < 2 && state.cursor) await load(true);
  show();
}

function show() {
  const image = current();
  at("work").hidden = !image;
  at("none").hidden = Boolean(image);
  at("none-passed").hidden = !state.passed;
  at("undo").disabled = !state.done.length;
  at("left").textContent = words().left(number(state.left), number(state.pictures));
  if (!image) {
    at("none-title").focus();
    return;
  }
  const told = image[attribute()];
  at("model").textContent = told ? words().model(valueWord(told.value), Math.round(told.confidence * 100)) : words().modelSilent;
  at("confirm").hidden = !told;
  at("confirm").replaceChildren(told ? `${words().confirm}: ${valueWord(told.value)}` : "", key(words().confirmKey));
  at("pass").replaceChildren(words().pass, key(words().passKey));
  at("undo").replaceChildren(words().undo, key(words().undoKey));
  at("classes").replaceChildren(...state.classes.map((value, place) => classOf(value, place, told)));
  at("sku").textContent = image.sku;
  at("named").textContent = "\u00a0";
  at("no-picture").hidden = true;
  at("picture").hidden = false;
  at("picture").src = sized(image.image_url, LOOKED_AT);
  at("picture").alt = words().pictureOf(image.sku);
  at("mark").hidden = true;
  look(image);
}

const key = (name) => element("kbd", {}, name);

function classOf(value, place, told) {
  const chosen = told?.value === value;
  return element("button", { class: chosen ? "class on" : "class", type: "button", "data-testid": "class", "data-value": value, "aria-keyshortcuts": KEYS[place],
    onclick: () => trying(() => label(value)) }, KEYS[place] ? key(KEYS[place]) : null, valueWord(value));
}

// The title, and where in the picture the model looked: it is said of that piece.
async function look(image) {
  const [item, seen] = await Promise.all([api.item(image.sku).catch(() => null), api.read(`/v1/images/${image.image_id}`).catch(() => null)]);
  if (current() !== image) return;
  at("named").textContent = item?.title ?? "";
  const box = seen?.pieces?.length > 1 ? seen.pieces[0].box : null;
  at("mark").hidden = !box;
  if (box) Object.assign(at("mark").style, { left: `${box.x0 * 100}%`, top: `${box.y0 * 100}%`, width: `${(box.x1 - box.x0) * 100}%`, height: `${(box.y1 - box.y0) * 100}%` });
}

const correct = (image, value) => api.change(`/v1/images/${image.image_id}/analysis`, "PATCH", { [attribute()]: value });

// One thing at a time: a key that is held down says nothing twice.
async function alone(act) {
  if (state.working) return;
  state.working = true;
  at("work").setAttribute("aria-busy", "true");
  try {
    await act();
  } finally {
    state.working = false;
    at("work").setAttribute("aria-busy", "false");
  }
}

const label = (value) => alone(async () => {
  if (!may("write")) return askForKey(words().needs);
  const image = current();
  await correct(image, value);
  state.done.push({ image: state.queue.shift(), value });
  state.left -= 1;
  if (!state.classes.includes(value)) state.classes.push(value);
  at("said").textContent = words().said(image.sku, valueWord(value));
  return next();
});

const pass = () => alone(async () => {
  at("said").textContent = words().passed(current().sku);
  state.done.push({ image: state.queue.shift(), value: null });
  state.passed += 1;
  await next();
});

const undo = () => alone(async () => {
  const last = state.done.at(-1);
  if (!last) return;
  if (last.value !== null) {
    await correct(last.image, null);
    state.left += 1;
  } else state.passed -= 1;
  state.done.pop();
  state.queue.unshift(last.image);
  at("said").textContent = words().takenBack(last.image.sku);
  show();
});

const confirm = () => current()?.[attribute()] && label(current()[attribute()].value);

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, dialog, a")) return undefined;
  if (event.key === "ArrowLeft") return undo();
  if (!current()) return undefined;
  if (event.key === "ArrowRight") return pass();
  if (event.key === "Enter" && !event.target.closest("button")) return confirm();
  const value = state.classes[KEYS.indexOf(event.key.toLowerCase())];
  return KEYS.includes(event.key.toLowerCase()) && value ? label(value) : undefined;
}

async function start() {
  say();
  document.title = `Loupe: ${words().title}`;
  at("language").textContent = words().other;
  at("error").hidden = true;
  Object.assign(state, { queue: [], done: [], cursor: null, passed: 0 });
  try {
    await know();
    await load(false);
    show();
    at("main").setAttribute("aria-busy", "false");
  } catch (problem) {
    tell(problem);
  } finally {
    at("work").setAttribute("aria-busy", "false");
  }
}

at("language").addEventListener("click", () => { turn(); start(); });
at("attribute").addEventListener("change", start);
at("confirm").addEventListener("click", () => trying(confirm));
at("pass").addEventListener("click", () => trying(pass));
at("undo").addEventListener("click", () => trying(undo));
at("manifest").addEventListener("click", () => trying(() => api.download("/v1/labelling/manifest.csv", "manifest.csv")));
at("own").addEventListener("submit", (event) => {
  event.preventDefault();
  const said = at("own-word").value.trim();
  if (!said || !current()) return;
  at("own-word").value = "";
  at("ask").focus();
  trying(() => label(said));
});
at("picture").addEventListener("error", () => {
  at("picture").hidden = at("mark").hidden = true;
  at("no-picture").hidden = false;
});
document.addEventListener("keydown", (event) => {
  const acting = onKey(event);
  if (!acting) return;
  event.preventDefault();
  trying(() => acting);
});
merchant(start, words);
start();
