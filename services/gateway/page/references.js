// The page of references: photos held against a record, with what agrees and what differs; and the way to register one.

import * as api from "./api.js";
import { element } from "./cards.js";
import { language, turn } from "./lookalike-words.js";
import { registering } from "./registering.js";
import { say, words } from "./reference-words.js";

const MOST_PHOTOS = 4;
const at = (id) => document.getElementById(id);
const state = { photos: [], again: () => {} };

function tell(problem) {
  if (problem.status === 401 || problem.status === 403) {
    at("key-error").textContent = sessionStorage.getItem("loupe-key") ? problem.detail : "";
    if (!at("key-dialog").open) at("key-dialog").showModal();
    return;
  }
  at("error").replaceChildren(
    element("div", {}, element("strong", {}, problem.title ?? words().wrong), element("p", {}, problem.detail ?? problem.message)));
  at("error").hidden = false;
}

export async function trying(act) {
  state.again = () => trying(act);
  at("error").hidden = true;
  try {
    await act();
  } catch (problem) {
    tell(problem);
  }
}

const told = (both) => both[language()];

// Never 0 or 100: no photo makes anything certain.
const percent = (likely) => (likely > 0.99 ? "> 99" : likely < 0.01 ? "< 1" : Math.round(likely * 100));

function verdict(name, one) {
  const likely = one.probability === undefined ? null
    : element("p", { class: "quiet" }, words().likely(percent(one.probability)));
  return element("div", { class: `verdict ${one.outcome}`, "data-testid": `verdict-${name}` },
    element("p", { class: "quiet" }, name === "design" ? words().ofDesign : words().ofPiece),
    element("p", { class: "said" }, words()[one.outcome]), likely);
}

function reason(one) {
  const where = one.photo === undefined ? "" : `${words().photo(one.photo + 1)}${one.view ? ` · ${words().views[one.view]}` : ""}: `;
  return element("li", { class: one.code }, where, told(one.words));
}

function evidence(one) {
  return element("figure", {}, element("img", { src: one.url, alt: words().evidence(one.photo + 1, words().views[one.view]), width: one.width, height: one.height }),
    element("figcaption", { class: "quiet" }, words().evidence(one.photo + 1, words().views[one.view])));
}

function shown(made) {
  const helps = made.retakes?.length
    ? [element("h3", {}, words().helps), element("ul", { class: "helps", "data-testid": "helps" }, ...made.retakes.map((one) => element("li", {}, told(one.words))))] : [];
  const pictures = made.pictures?.length
    ? [element("p", { class: "quiet" }, words().marks), element("div", { class: "evidence" }, ...made.pictures.map(evidence))] : [];
  const path = `/v1/verifications/${made.verification_id}`;
  const title = made.reference_title ? element("p", { class: "quiet" }, words().against(made.reference_title, made.compared.reference_version)) : null;
  return [
    element("div", { class: "verdicts" }, verdict("design", made.design), verdict("piece", made.piece)),
    element("p", { class: "sum", "data-testid": "sum" }, told(made.words)), title,
    element("p", { class: "not-claimed", "data-testid": "not-claimed" }, told(made.not_claimed)),
    ...pictures,
    element("h3", {}, words().reasons), element("ul", { class: "reasons" }, ...made.reasons.map(reason)),
    ...helps,
    element("h3", {}, words().compared), element("p", {}, told(made.compared.what)),
    element("p", { class: "files" },
      element("button", { class: "plain", type: "button", onclick: () => trying(() => api.download(`${path}/report.pdf?language=${language()}`, `${made.verification_id}.pdf`)) }, words().pdf), " ",
      element("button", { class: "plain", type: "button", onclick: () => trying(() => api.download(`${path}/report.json`, `${made.verification_id}.json`)) }, words().json)),
  ].filter(Boolean);
}

async function compare() {
  if (!state.photos.length) throw Object.assign(new Error(words().noPhotos), { title: words().compare });
  const button = document.querySelector("[data-testid=compare]");
  at("result").replaceChildren(element("p", { class: "quiet" }, words().comparing));
  button.disabled = true; // one answer a press, however often it is pressed
  try {
    state.made = await api.verify(state.photos, at("claim").value);
    at("result").replaceChildren(...shown(state.made));
  } catch (problem) {
    at("result").replaceChildren();
    throw problem;
  } finally {
    button.disabled = false;
  }
}

// A phone's camera gives one photo at a time: each is added to those that are there.
function choose() {
  state.photos = [...state.photos, ...at("photos").files].slice(0, MOST_PHOTOS);
  at("photos").value = "";
  showChosen();
}

function showChosen() {
  for (const picture of at("chosen").querySelectorAll("img")) URL.revokeObjectURL(picture.src);
  at("chosen").replaceChildren(...state.photos.map((photo, number) => element("li", {},
    element("img", { src: URL.createObjectURL(photo), alt: words().photo(number + 1) }),
    element("button", { class: "plain", type: "button", "aria-label": words().removeOne(number + 1), onclick: () => {
      state.photos.splice(number, 1);
      showChosen();
    } }, words().remove))));
}

async function claims() {
  const chosen = at("claim").value;
  const { references } = await api.references({ limit: 100 });
  at("claim").replaceChildren(element("option", { value: "" }, words().find),
    ...references.map((one) => element("option", { value: one.reference_id }, one.title)));
  at("claim").value = references.some((one) => one.reference_id === chosen) ? chosen : "";
}

function show(tab) {
  for (const name of ["verify", "register"]) {
    at(name).hidden = name !== tab;
    at(`to-${name}`).setAttribute("aria-pressed", String(name === tab));
  }
  if (tab === "verify") trying(claims);
}

const guide = registering(trying);

function start() {
  say();
  document.title = `Loupe: ${words().title}`;
  at("language").textContent = words().other;
  showChosen();
  if (state.made) at("result").replaceChildren(...shown(state.made));
  guide.draw();
  trying(claims);
}

at("language").addEventListener("click", () => { turn(); start(); });
at("to-verify").addEventListener("click", () => show("verify"));
at("to-register").addEventListener("click", () => show("register"));
at("photos").addEventListener("change", choose);
at("verify-form").addEventListener("submit", (event) => { event.preventDefault(); trying(compare); });
at("key-form").addEventListener("submit", () => {
  api.useKey(at("key").value.trim());
  at("key").value = "";
  state.again();
});
start();
