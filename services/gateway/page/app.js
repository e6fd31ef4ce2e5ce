// The page: a photo or words go in, pieces come out; what is opened changes what is suggested.

import { likeOf } from "./acts.js";
import * as api from "./api.js";
import { asked, byExample, narrowed, nothing, notLike, pieceOf, query, usePhoto, useWords } from "./asking.js";
import { beginCamera } from "./camera.js";
import { address, element, itemCard, picture, resultCard, skeletons } from "./cards.js";
import { say, words } from "./find-words.js";
import * as forYou from "./for-you.js";
import { turn } from "./language.js";
import { showAsked, showCounting, showFacets } from "./narrowing.js";
import { showPiece } from "./piece.js";
import { expectSeen, hideSeen, showSeen } from "./seen.js";
import { did } from "./steps.js";
import { note } from "./told.js";

const PAGE = 24;
const HEALTH_MS = 15000;

const at = (id) => document.getElementById(id);
const state = { cursor: null, running: null, shown: new Map() };

function show(id, visible) {
  at(id).hidden = !visible;
}

function tell(problem) {
  if (problem.status === 401 && !at("key-dialog").open) return askForKey(problem);
  const passing = [0, 429, 503].includes(problem.status);
  const again = passing
    ? element("button", { class: "plain", type: "button", onclick: () => fill() }, words().again)
    : element("button", { class: "plain", type: "button", onclick: quiet }, words().close);
  at("error").replaceChildren(element("div", {}, element("strong", {}, problem.title ?? words().wrong),
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

const title = () => (asked.photo ? words().byPhoto : asked.words ? words().byWords : narrowed() ? words().narrowed : words().fromShop);

function cardOf(piece) {
  const made = byExample() ? resultCard(piece, "result", { sure: asked.photo && words().sureAbout, unlike }) : itemCard(piece.item);
  const doing = { seen: state.shown.get(piece.sku), changed: liked, failed: tell };
  made.querySelector("a").after(likeOf(piece.item, doing, { class: "plain aside", "data-testid": "like-it" }));
  return made;
}

// What the main list shows: the shop, or what was asked for.
async function fill(more) {
  state.running?.abort();
  const running = (state.running = new AbortController());
  const list = at("results");
  if (!more) {
    list.replaceChildren(...skeletons(8));
    state.shown.clear();
    for (const id of ["no-match", "no-fit", "empty"]) show(id, false);
    if (asked.narrowing && !at("facets").childElementCount) showCounting();
  }
  show("more", false);
  at("found-title").textContent = title();
  list.setAttribute("aria-busy", "true");
  quiet();
  try {
    const answer = await page(more ? state.cursor : undefined, running.signal);
    if (running.signal.aborted) return;
    if (!more) explain(answer);
    for (const piece of byExample() ? answer.found : []) {
      state.shown.set(piece.sku, { ...piece, search_id: answer.search_id, position: state.shown.size });
    }
    const cards = answer.found.map(cardOf);
    if (more) list.append(...cards);
    else list.replaceChildren(...cards);
    state.cursor = answer.next_cursor ?? null;
    show("more", Boolean(state.cursor));
    show("no-match", Boolean(asked.photo && answer.no_match && cards.length));
    const none = !more && !cards.length && !state.cursor;
    show("empty", none && nothing());
    show("no-fit", none && !nothing());
    at("said").textContent = nothing() ? "" : words().found(list.children.length);
  } catch (problem) {
    if (running.signal.aborted) return;
    if (more) show("more", true);
    else list.replaceChildren();
    if (!more && asked.photo) at("found-title").textContent = words().noneShown;
    tell(problem);
  } finally {
    if (state.running === running) list.setAttribute("aria-busy", "false");
  }
}

async function page(cursor, signal) {
  if (nothing()) {
    const answer = await api.items(PAGE, cursor);
    return { ...answer, found: answer.items.filter((item) => item.images.length).map((item) => ({ item, sku: item.sku })) };
  }
  const answer = await api.search(asked.photo, query(PAGE, cursor), signal);
  if (byExample() && !cursor) note("searched");
  if (asked.photo) did("photo");
  return { ...answer, found: answer.no_match ? answer.suggestions : answer.results };
}

function explain(answer) {
  if (asked.photo) showSeen(at("photo").src, answer.pieces, asked.box ? null : (answer.piece ?? null), choose);
  showAsked(answer, fill);
  if (!nothing()) showFacets(answer, fill);
}

// A number of a piece in the photo, or a box that was drawn.
function choose(meant) {
  const box = typeof meant === "object" ? meant : null;
  Object.assign(asked, { piece: box ? 0 : meant, box });
  fill();
}

function unlike(result) {
  notLike(result.sku, result.item.title);
  at("found-title").focus();
  fill();
}

function take(file) {
  if (!file) return;
  hideSeen();
  at("guide").open = false;
  if (at("photo").src) URL.revokeObjectURL(at("photo").src);
  usePhoto(file);
  at("photo").src = URL.createObjectURL(file);
  show("photo", true);
  expectSeen(at("photo").src);
  show("anew", true);
  wordIt();
  if (location.hash) location.hash = "";
  fill();
}

function forgetPhoto() {
  usePhoto(null);
  hideSeen();
  at("file").value = at("camera").value = "";
  show("photo", false);
  show("anew", false);
  wordIt();
  fill();
}

// A photo for who has none at hand: the first piece's own.
async function oneOfOurs() {
  const { items } = await api.items(PAGE);
  const source = items.map(picture).find(Boolean);
  if (!source) return null;
  const data = await api.blob(source);
  return new File([data], "ours", { type: data.type });
}

// The words that depend on whether there is a photo.
function wordIt() {
  at("drop-call").textContent = asked.photo ? words().chooseAnother : words().choose;
  show("no-photo", !asked.photo);
  at("words-call").textContent = asked.photo ? words().sayMore : words().sayIt;
  at("words").placeholder = asked.photo ? words().sayMoreHint : words().sayHint;
}

// A link to a piece of this shop is opened; what else was pasted or dropped is no picture.
function takeText(text) {
  const sku = pieceOf(text);
  if (sku) location.hash = address(sku);
  return Boolean(sku);
}

function liked(what) {
  note("favourited", what);
  did("like");
  return forYou.awaitNews();
}

// The piece that the address names, for which there is room from then on.
function makeRoom() {
  const sku = location.hash.startsWith("#piece/") ? decodeURIComponent(location.hash.slice(7)) : null;
  document.body.classList.toggle("reading", Boolean(sku));
  show("piece", Boolean(sku));
  show("found", !sku);
  return sku;
}

async function route() {
  const sku = makeRoom();
  if (!sku) return;
  quiet();
  window.scrollTo({ top: 0 });
  const seen = state.shown.get(sku);
  const shown = showPiece(sku, seen, { seen, changed: liked, failed: tell });
  shown.then((item) => item && forYou.follow("clicked", item, seen)).catch(() => {});
  try {
    await shown;
  } catch (problem) {
    location.hash = "";
    tell(problem);
  }
}

async function examine() {
  const faults = navigator.onLine === false ? [words().offline] : await api.faults();
  at("health").replaceChildren(...faults.map((fault) => element("p", {}, fault)));
  show("health", faults.length > 0);
}

// Said only once it is known: a shop may keep its shoppers' photos.
async function tellWhatIsKept() {
  const days = (await api.status()).query_photo_days;
  at("kept").textContent = days ? words().kept(days) : words().notKept;
}

async function start() {
  makeRoom();
  fill();
  tellWhatIsKept().catch(() => (at("kept").textContent = ""));
  at("suggestions").replaceChildren(...skeletons(4));
  try {
    await forYou.suggest(true);
  } catch (problem) {
    at("suggestions").replaceChildren();
    if (problem.status !== 401) tell(problem);
  }
  at("suggestions").setAttribute("aria-busy", "false");
  route();
}

function speak() {
  say();
  at("photo").alt = words().photoAlt;
  at("language").textContent = words().other;
  document.title = `Loupe: ${words().title}`;
  wordIt();
}

at("file").addEventListener("change", (event) => take(event.target.files[0]));
at("camera").addEventListener("change", (event) => take(event.target.files[0]));
at("anew").addEventListener("click", forgetPhoto);
at("ours").addEventListener("click", () => oneOfOurs().then((file) => file && take(file)).catch(tell));
at("more").addEventListener("click", () => fill(true));
at("language").addEventListener("click", () => { turn(); speak(); start(); });
at("words-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const said = at("words").value.trim();
  if (takeText(said)) return;
  useWords(said);
  if (location.hash) location.hash = "";
  fill();
});
at("words").addEventListener("search", () => at("words").value || (asked.words && (useWords(""), fill())));
at("narrow").addEventListener("toggle", () => {
  const fresh = nothing();
  asked.narrowing = at("narrow").open;
  if (fresh !== nothing()) fill();
});
at("key-form").addEventListener("submit", () => {
  api.useKey(at("key").value.trim());
  at("key").value = "";
  start();
});
document.addEventListener("paste", (event) => {
  const pasted = [...event.clipboardData.files].find((file) => file.type.startsWith("image/"));
  if (pasted) take(pasted);
  else if (!event.target.closest?.("input")) takeText(event.clipboardData.getData("text"));
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
  if (!takeText(event.dataTransfer.getData("text/uri-list"))) take(event.dataTransfer.files[0]);
});
window.addEventListener("hashchange", route);
for (const change of ["online", "offline"]) window.addEventListener(change, examine);
at("photo").addEventListener("error", () => show("photo", false));
setInterval(() => document.hidden || examine(), HEALTH_MS);
forYou.begin(tell);
beginCamera(take);
speak();
examine();
start();
