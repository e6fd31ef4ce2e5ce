// A piece in 3-D, and in the room where the device can show it there. What draws it is fetched where there is a model.

import * as api from "./api.js";
import { element } from "./cards.js";
import { say, words } from "./in-3d-words.js";
import { locale, turn } from "./language.js";
import { show } from "./sized.js";
import { modelOf } from "./solid.js";

const at = (id) => document.getElementById(id);
const sku = new URLSearchParams(location.search).get("sku");
const state = { item: null, viewer: null, problem: null, how: "loading" };

// Wide, high and deep, in millimetres.
function sizeOf({ x, y, z }) {
  return [x, y, z].map((metres) => (metres * 1000).toLocaleString(locale(), { maximumFractionDigits: 1 }));
}

function tell() {
  say();
  const title = state.item?.title;
  at("language").textContent = words().other;
  at("title").textContent = title ?? words().title;
  document.title = `Loupe: ${title ?? words().title}`;
  const waits = { loading: words().loading, choose: words().choose, none: title && words().none(title) };
  at("stage-words").replaceChildren(waits[state.how] ?? "",
    ...(state.how === "choose" ? [" ", element("a", { href: "/" }, words().pieces)] : []));
  at("stage").setAttribute("aria-busy", String(state.how === "loading"));
  at("stage").dataset.shown = state.how;
  const mm = state.how === "solid" ? sizeOf(state.viewer.getDimensions()) : null;
  at("told").textContent = mm ? words().size(mm) : state.how === "flat" ? words().flat : "";
  at("likeness").hidden = state.how !== "solid";
  if (state.viewer) {
    state.viewer.alt = words().alt(title);
    state.viewer.querySelector("button").textContent = words().room;
  }
  at("error").hidden = !state.problem;
  if (!state.problem) return;
  const [head, detail] = state.problem === "broken" ? words().broken : [state.problem.title ?? words().wrong, state.problem.detail ?? state.problem.message];
  at("error").replaceChildren(element("div", {}, element("strong", {}, head), element("p", {}, detail)),
    element("button", { class: "plain", type: "button", onclick: start }, words().again));
}

function become(how, problem = null) {
  state.how = how;
  state.problem = problem;
  tell();
}

function flat() {
  const source = state.item.images.find((image) => image.state !== "rejected")?.image_url;
  if (source) {
    const picture = element("img", { alt: state.item.title });
    show(picture, source, "(max-width: 64rem) 92vw, 60rem");
    at("stage").append(picture);
  }
  become("flat");
}

// The viewer brings decoders in WebAssembly that no model here needs, and starts one at once, which this page's policy
// refuses. Where there is no WebAssembly it leaves them alone.
async function fetchViewer() {
  delete globalThis.WebAssembly;
  await import("./vendor/model-viewer/model-viewer.min.js");
}

async function solid(model) {
  await fetchViewer();
  const room = element("button", { slot: "ar-button", class: "more", type: "button", "data-testid": "room" });
  const viewer = element("model-viewer", {
    "camera-controls": "", "camera-orbit": "20deg 60deg 105%", "touch-action": "pan-y", "shadow-intensity": "0.7", "interaction-prompt": "none",
    ar: "", "ar-modes": "webxr scene-viewer quick-look", "ar-scale": "fixed", "data-testid": "viewer" }, room);
  state.viewer = viewer;
  viewer.addEventListener("load", () => become("solid"));
  viewer.addEventListener("error", () => {
    viewer.remove();
    state.viewer = null;
    become("broken", "broken");
  });
  at("stage").append(viewer);
  viewer.src = model;
  tell();
}

async function start() {
  at("stage").replaceChildren(at("stage-words"));
  state.viewer = null;
  if (!sku) return become("choose");
  become("loading");
  try {
    state.item = await api.item(sku);
    const model = modelOf(state.item);
    at("piece").href = `/#piece/${encodeURIComponent(sku)}`;
    at("ways-on").hidden = false;
    at("save").hidden = !model;
    if (!model) return become("none");
    at("save").href = model;
    at("save").download = model.split("/").pop();
    if (!document.createElement("canvas").getContext("webgl2")) return flat();
    await solid(model);
  } catch (problem) {
    if (problem.status !== 401) return become("broken", problem instanceof api.Problem ? problem : "broken");
    at("key-error").textContent = sessionStorage.getItem("loupe-key") ? problem.detail : "";
    if (!at("key-dialog").open) at("key-dialog").showModal();
  }
}

at("language").addEventListener("click", () => { turn(); tell(); });
at("key-form").addEventListener("submit", () => {
  api.useKey(at("key").value.trim());
  start();
});
start();
