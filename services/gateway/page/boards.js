// Boards: listed, opened, filled, searched by, shared, erased.

import { likedCount, likedSkus } from "./acts.js";
import * as api from "./api.js";
import { element, skeletons } from "./cards.js";
import { words } from "./inspire-words.js";
import { shown } from "./sized.js";
import { did } from "./steps.js";
import { resultCards, settled, studio, tellBriefly } from "./studio.js";

const LAST = "loupe-board";
const LIKE = 24;
const MOST_LIKED = 12;
const at = (id) => document.getElementById(id);
const state = { board: null, asked: 0, saving: Promise.resolve() };
const path = (board, more = "") => `/v1/boards/${board.board_id}${more}`;

// A piece that another page sends here goes to a board, which is then opened.
export async function showBoardWith(sku) {
  at("entries").replaceChildren(...skeletons(4));
  await studio.trying(async () => {
    const { pieces } = await api.change("/v1/map:look", "POST", { skus: [sku] });
    if (pieces[0]) await toBoard(pieces[0]);
    location.replace(localStorage.getItem(LAST) ? `#board/${localStorage.getItem(LAST)}` : "#boards");
  });
}

export async function showBoards() {
  const list = at("board-list");
  at("begin-liked").hidden = !likedCount();
  if (!list.childElementCount) list.replaceChildren(...skeletons(3));
  await studio.trying(async () => {
    try {
      const { boards } = await api.read("/v1/boards");
      list.replaceChildren(...boards.map(tile));
      at("no-boards").hidden = boards.length > 0;
    } catch (problem) {
      list.replaceChildren();
      throw problem;
    }
  });
}

function tile(board) {
  const pictures = board.image_urls.map((address) => element("img", { ...shown(address, "9rem"), alt: "", loading: "lazy" }));
  const about = [words().entries(board.entries), board.shared ? words().shared : ""].filter(Boolean).join(" · ");
  return element("li", {}, element("a", { href: `#board/${board.board_id}`, "aria-label": words().open(board.title, board.entries), "data-testid": "board-tile" },
    element("span", { class: "cover" }, ...pictures), element("span", { class: "title" }, board.title), element("span", { class: "quiet" }, about)));
}

async function begin(entries = []) {
  const board = await api.change("/v1/boards", "POST", { title: words().untitled, entries });
  localStorage.setItem(LAST, board.board_id);
  return board;
}

// With the pieces that were liked last, as far as they are there.
async function beginLiked() {
  const { pieces } = await api.change("/v1/map:look", "POST", { skus: likedSkus().slice(-MOST_LIKED) });
  const board = await begin(pieces.map(({ sku }) => ({ sku })));
  if (pieces.length) did("board");
  location.hash = `board/${board.board_id}`;
}

export async function showBoard(id) {
  state.board = null;
  at("entries").replaceChildren(...skeletons(4));
  at("like").replaceChildren();
  at("like-part").hidden = true;
  await studio.trying(async () => {
    state.board = await api.read(`/v1/boards/${id}`);
    localStorage.setItem(LAST, id);
    at("sure").hidden = true;
    paint();
    at("board-name").value = state.board.title;
    document.title = `Loupe: ${state.board.title}`;
    search();
  });
}

function paint() {
  const { board } = state;
  at("like-part").hidden = false;
  at("entries").replaceChildren(...board.entries.map(entryCard));
  at("empty-board").hidden = board.entries.length > 0;
  at("share").textContent = board.share_url ? words().unshare : words().share;
  at("shared").hidden = !board.share_url;
  if (board.share_url) {
    at("share-link").href = board.share_url;
    at("share-link").textContent = new URL(board.share_url, location.href).href;
  }
}

function entryCard(entry, number) {
  const name = entry.title ?? entry.words ?? words().addPicture;
  const seen = entry.words ? element("span", { class: "says" }, entry.words)
    : element("span", { class: "frame" }, entry.image_url ? element("img", { ...shown(entry.image_url, "(max-width: 36rem) 44vw, 15rem"), alt: name, loading: "lazy" }) : null);
  const weight = element("input", { type: "range", min: "0.1", max: "1", step: "0.1", value: String(entry.weight), "aria-label": `${words().weight}: ${name}`, "data-testid": "weight",
    onchange: (event) => change(number, { weight: Number(event.target.value) }) });
  const against = element("input", { type: "checkbox", checked: entry.negative, "data-testid": "negative", onchange: (event) => change(number, { negative: event.target.checked }) });
  const note = element("input", { class: "note-of", value: entry.note, maxlength: "300", placeholder: words().note, "aria-label": `${words().note}: ${name}`,
    onchange: (event) => change(number, { note: event.target.value }) });
  return element("li", { class: entry.negative ? "entry against" : "entry", "data-testid": "entry" }, seen,
    entry.title ? element("span", { class: "title" }, entry.title) : null,
    entry.gone ? element("span", { class: "quiet" }, words().gone) : null,
    element("label", {}, words().weight, weight), element("label", {}, against, words().negative), note,
    element("button", { class: "plain", type: "button", "data-testid": "remove", "aria-label": `${words().remove}: ${name}`, onclick: () => take(number) }, words().remove));
}

const kept = ({ sku, picture_id, words: said, weight, negative, note }) => ({ ...(sku && { sku }), ...(picture_id && { picture_id }), ...(said && { words: said }), weight, negative, note });

// One after another, so that none overtakes: each writes all that is on the board.
function save(edit) {
  state.saving = state.saving.then(() => studio.trying(async () => {
    const { board } = state;
    if (!board) return;
    edit(board);
    const now = await api.change(path(board), "PUT", { title: board.title, entries: board.entries.map(kept) });
    if (state.board?.board_id !== now.board_id) return;
    state.board = now;
    paint();
    searchSoon();
  }));
  return state.saving;
}

const change = (number, values) => save((board) => Object.assign(board.entries[number], values));
const take = async (number) => {
  await save((board) => board.entries.splice(number, 1));
  (at("entries").children[Math.min(number, at("entries").childElementCount - 1)]?.querySelector("input") ?? at("words")).focus();
};
const put = (entry) => save((board) => board.entries.push({ weight: 1, negative: false, note: "", ...entry }));

async function search() {
  const { board } = state;
  const asked = ++state.asked;
  at("like-about").textContent = "";
  if (!board.entries.some((entry) => !entry.negative && !entry.gone)) return at("like").replaceChildren();
  at("like-about").textContent = words().searching;
  at("like").setAttribute("aria-busy", "true");
  await studio.trying(async () => {
    const answer = await api.change(path(board, ":search"), "POST", { limit: LIKE }).catch((problem) => {
      if (problem.status === 409) return { results: [], used: [] };
      throw problem;
    });
    if (asked !== state.asked) return;
    const cards = resultCards(answer);
    at("like").replaceChildren(...cards);
    at("like-about").textContent = !cards.length ? words().nothingLike
      : answer.used.length < board.entries.length ? words().usedSome(answer.used.length, board.entries.length) : "";
  });
  at("like").setAttribute("aria-busy", "false");
}

const searchSoon = settled(search, 400);

async function upload(files) {
  for (const file of files) {
    await studio.trying(async () => {
      const made = await api.sendPicture(path(state.board, "/pictures"), file);
      await put({ picture_id: made.picture_id });
    });
  }
}

// A piece goes to the board that is open or was open last; where there is none, one is begun.
async function toBoard(piece) {
  await studio.trying(async () => {
    const id = state.board?.board_id ?? localStorage.getItem(LAST);
    let board = id && await api.read(`/v1/boards/${id}`).catch((problem) => {
      if (problem.status !== 404) throw problem;
      return null;
    });
    if (!board) board = await begin();
    const entries = [...board.entries.map(kept), { sku: piece.sku }];
    const now = board.entries.some((entry) => entry.sku === piece.sku) ? board : await api.change(path(board), "PUT", { title: board.title, entries });
    tellBriefly(words().onBoard(now.title));
    did("board");
    if (!at("board").hidden && state.board) {
      state.board = now;
      paint();
      searchSoon();
    }
  });
}

export function wireBoards() {
  studio.toBoard = toBoard;
  at("begin").addEventListener("click", () => studio.trying(async () => (location.hash = `board/${(await begin()).board_id}`)));
  at("begin-liked").addEventListener("click", () => studio.trying(beginLiked));
  at("board-name").addEventListener("change", () => save((board) => (board.title = at("board-name").value.trim() || words().untitled)).then(() => tellBriefly(words().saved)));
  at("words-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const said = at("words").value.trim();
    at("words").value = "";
    if (said && state.board) put({ words: said });
  });
  at("picture").addEventListener("change", async () => {
    await upload([...at("picture").files]);
    at("picture").value = "";
  });
  for (const kind of ["dragover", "drop"]) {
    document.addEventListener(kind, (event) => {
      if (at("board").hidden || !event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      if (kind === "drop") upload([...event.dataTransfer.files]);
    });
  }
  at("share").addEventListener("click", () => studio.trying(async () => {
    state.board = await api.change(path(state.board, state.board.share_url ? ":unshare" : ":share"), "POST");
    paint();
  }));
  at("copy").addEventListener("click", async () => {
    await navigator.clipboard?.writeText(at("share-link").textContent);
    tellBriefly(words().copied);
  });
  at("print").addEventListener("click", () => window.print());
  at("erase").addEventListener("click", () => { at("sure").hidden = false; at("erase-no").focus(); });
  at("erase-no").addEventListener("click", () => { at("sure").hidden = true; at("erase").focus(); });
  at("erase-yes").addEventListener("click", () => studio.trying(async () => {
    await api.change(path(state.board), "DELETE");
    localStorage.removeItem(LAST);
    state.board = null;
    location.hash = "boards";
  }));
}
