// The page: a photo goes in, pieces come out; what is opened changes what is suggested.

import * as api from "./api.js";
import { element, itemCard, resultCard, skeletons, suggestionCard } from "./cards.js";
import { showPiece } from "./piece.js";
import { hideSeen, showSeen } from "./seen.js";

const PAGE = 24;
const SUGGESTED = 8;
const TRIES = 12;
const PAUSE_MS = 400;
const HEALTH_MS = 15000;

const at = (id) => document.getElementById(id);
const state = { photo: null, piece: 0, cursor: null, running: null, shown: new Map() };

function show(id, visible) {
  at(id).hidden = !visible;
}

function tell(problem) {
  if (problem.status === 401 && !at("key-dialog").open) return askForKey(problem);
  const passing = [0, 429, 503].includes(problem.status);
  const again = passing
    ? element("button", { class: "plain", type: "button", onclick: () => fill() }, "Try again")
    : element("button", { class: "plain", type: "button", onclick: quiet }, "Close");
  at("error").replaceChildren(element("div", {}, element("strong", {}, problem.title ?? "Something went wrong"),
    element("p", {}, problem.detail ?? problem.message)), again);
  show("error", true);
}

function quiet() {
  show("error", false);
}

function askForKey(problem) {
  at("key-error").textContent = sessionStorage.getItem("loupe-key") ? problem.detail : "";
  at("key-dialog").showModal();
}

// What the main list shows: the shop, or what looks like the photo.
async function fill(more) {
  state.running?.abort();
  const running = (state.running = new AbortController());
  const list = at("results");
  if (!more) {
    list.replaceChildren(...skeletons(8));
    for (const id of ["no-match", "empty"]) show(id, false);
  }
  show("more", false);
  at("found-title").textContent = state.photo ? "Looks like your photo" : "From the shop";
  list.setAttribute("aria-busy", "true");
  quiet();
  try {
    const cursor = more ? state.cursor : undefined;
    const answer = state.photo
      ? await api.search(state.photo, PAGE, state.piece, cursor, running.signal)
      : await api.items(PAGE, cursor);
    if (running.signal.aborted) return;
    if (state.photo && !more) showSeen(at("photo").src, answer.pieces, answer.piece, choosePiece);
    const found = answer.no_match ? answer.suggestions : answer.results;
    const pieces = state.photo ? found : answer.items.filter((item) => item.images.length);
    for (const piece of state.photo ? pieces : []) {
      state.shown.set(piece.sku, { ...piece, search_id: answer.search_id, position: state.shown.size });
    }
    const cards = pieces.map(state.photo ? (piece) => resultCard(piece) : itemCard);
    if (more) list.append(...cards);
    else list.replaceChildren(...cards);
    state.cursor = answer.next_cursor ?? null;
    show("more", Boolean(state.cursor));
    show("no-match", Boolean(state.photo && answer.no_match && cards.length));
    show("empty", !more && !cards.length && !state.cursor);
    at("said").textContent = state.photo ? `${list.children.length} pieces found` : "";
  } catch (problem) {
    if (running.signal.aborted) return;
    if (more) show("more", true);
    else list.replaceChildren();
    if (!more && state.photo) at("found-title").textContent = "No pieces to show";
    tell(problem);
  } finally {
    if (state.running === running) list.setAttribute("aria-busy", "false");
  }
}

function choosePiece(number) {
  state.piece = number;
  state.shown.clear();
  fill();
}

function usePhoto(file) {
  if (!file) return;
  hideSeen();
  at("guide").open = false;
  state.piece = 0;
  if (at("photo").src) URL.revokeObjectURL(at("photo").src);
  state.photo = file;
  state.shown.clear();
  at("photo").src = URL.createObjectURL(file);
  show("photo", true);
  at("drop-call").textContent = "Choose another photo";
  show("anew", true);
  location.hash = "";
  fill();
}

function forgetPhoto() {
  state.photo = null;
  hideSeen();
  state.shown.clear();
  at("file").value = "";
  show("photo", false);
  at("drop-call").textContent = "Choose a photo";
  show("anew", false);
  fill();
}

// Shows what is suggested now; whether that is something else than before.
async function suggest() {
  const answer = await api.suggestions(SUGGESTED);
  const list = at("suggestions");
  const now = JSON.stringify(answer.suggestions.map((one) => [one.sku, one.reason]));
  const changed = now !== list.dataset.shown;
  if (changed) {
    list.dataset.shown = now;
    list.replaceChildren(...answer.suggestions.map(suggestionCard));
    at("for-you-about").textContent = about(answer);
  }
  return changed;
}

function about({ suggestions, cold }) {
  if (!suggestions.length) return "Open a few pieces, and what suits them shows here.";
  return cold ? "What others look at, and what is new. Open a piece to make this yours." : "Chosen by what you opened.";
}

// Suggestions follow an event within a moment, not at once: look again until they do, a bounded number of times.
async function follow(sku) {
  try {
    await api.clicked(sku, state.shown.get(sku));
    await awaitNews();
  } catch (problem) {
    tell(problem);
  }
}

async function awaitNews() {
  const list = at("suggestions");
  list.setAttribute("aria-busy", "true");
  try {
    for (let left = TRIES; left > 0; left--) {
      if (await suggest()) break;
      await new Promise((resume) => setTimeout(resume, PAUSE_MS));
    }
  } finally {
    list.setAttribute("aria-busy", "false");
  }
}

async function route() {
  const sku = location.hash.startsWith("#piece/") ? decodeURIComponent(location.hash.slice(7)) : null;
  document.body.classList.toggle("reading", Boolean(sku));
  show("piece", Boolean(sku));
  show("found", !sku);
  if (!sku) return;
  quiet();
  window.scrollTo({ top: 0 });
  follow(sku);
  try {
    await showPiece(sku, state.shown.get(sku), { seen: state.shown.get(sku), changed: awaitNews, failed: tell });
  } catch (problem) {
    location.hash = "";
    tell(problem);
  }
}

async function examine() {
  const faults = await api.faults();
  at("health").replaceChildren(...faults.map((fault) => element("p", {}, fault)));
  show("health", faults.length > 0);
}

// Said only once it is known: a shop may keep its shoppers' photos.
async function tellWhatIsKept() {
  const days = (await api.status()).query_photo_days;
  at("kept").textContent = days
    ? `The shop keeps it for ${days === 1 ? "a day" : `${days} days`}, without faces and without the place it was taken at.`
    : "It is only looked at, not kept.";
}

async function start() {
  fill();
  tellWhatIsKept().catch(() => (at("kept").textContent = ""));
  at("suggestions").replaceChildren(...skeletons(4));
  try {
    await suggest();
  } catch (problem) {
    at("suggestions").replaceChildren();
    if (problem.status !== 401) tell(problem);
  }
  at("suggestions").setAttribute("aria-busy", "false");
  route();
}

at("file").addEventListener("change", (event) => usePhoto(event.target.files[0]));
at("anew").addEventListener("click", forgetPhoto);
at("more").addEventListener("click", () => fill(true));
at("key-form").addEventListener("submit", () => {
  api.useKey(at("key").value.trim());
  at("key").value = "";
  start();
});
document.addEventListener("paste", (event) => {
  const pasted = [...event.clipboardData.files].find((file) => file.type.startsWith("image/"));
  if (pasted) usePhoto(pasted);
});
for (const kind of ["dragenter", "dragover"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    at("drop").classList.add("over");
  });
}
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) at("drop").classList.remove("over");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  at("drop").classList.remove("over");
  usePhoto(event.dataTransfer.files[0]);
});
window.addEventListener("hashchange", route);
at("photo").addEventListener("error", () => show("photo", false));
setInterval(() => document.hidden || examine(), HEALTH_MS);
examine();
start();
