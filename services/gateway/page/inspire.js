// The page of inspiration: boards, the map, colours, blends. Which part is shown is in the address.

import * as api from "./api.js";
import { showBoard, showBoards, showBoardWith, wireBoards } from "./boards.js";
import { say, turn, words } from "./inspire-words.js";
import { showMap, wireMap } from "./map-page.js";
import { showBlend, showColours, wireMixing } from "./mixing.js";

const at = (id) => document.getElementById(id);
const PARTS = { boards: showBoards, map: showMap, colours: showColours, blend: showBlend };

function route() {
  const [name, id] = location.hash.slice(1).split("/");
  const part = ["board", "add"].includes(name) && id ? "board" : name in PARTS ? name : "boards";
  for (const section of document.querySelectorAll("main > section")) section.hidden = section.id !== part;
  for (const tab of document.querySelectorAll("[data-tab]")) {
    if (tab.dataset.tab === (part === "board" ? "boards" : part)) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
  document.title = `Loupe: ${words().title}`;
  if (name === "add" && id) return showBoardWith(decodeURIComponent(id));
  return part === "board" ? showBoard(id) : PARTS[part]();
}

function start() {
  say();
  at("language").textContent = words().other;
  route();
}

wireBoards();
wireMap();
wireMixing();
at("language").addEventListener("click", () => { turn(); start(); });
at("key-form").addEventListener("submit", () => {
  api.useKey(at("key").value.trim());
  at("key").value = "";
  route();
});
window.addEventListener("hashchange", route);
start();
