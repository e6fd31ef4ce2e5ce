// The review queue: both pictures side by side, where they are alike, and what a person says of it.

import * as api from "./api.js";
import { element } from "./cards.js";
import { language, say, turn, words } from "./lookalike-words.js";
import { sized } from "./sized.js";

const AT_ONCE = 10;
const COMPARED = 480;
const at = (id) => document.getElementById(id);
const state = { cursor: null, consents: false, again: start };

function tell(problem) {
  if (problem.status === 401 || problem.status === 403) {
    at("key-error").textContent = sessionStorage.getItem("loupe-key") || problem.status === 403 ? problem.detail : "";
    if (!at("key-dialog").open) at("key-dialog").showModal();
    return;
  }
  at("error").replaceChildren(
    element("div", {}, element("strong", {}, problem.title ?? words().wrong), element("p", {}, problem.detail ?? problem.message)),
    element("button", { class: "plain", type: "button", onclick: start }, words().again));
  at("error").hidden = false;
}

const trying = async (act) => {
  state.again = () => trying(act);
  try {
    at("error").hidden = true;
    await act();
  } catch (problem) {
    tell(problem);
  }
};

const day = (moment) => new Date(moment).toLocaleDateString(language(), { dateStyle: "medium" });
const percent = (share) => Math.round(share * 100);

async function showConsent() {
  const told = await api.read("/v1/lookalikes/consent");
  state.consents = told.consents;
  at("consent-state").textContent = told.consents
    ? [`${words().consents} ${words().since(day(told.since))}.`, told.waiting ? words().waiting(told.waiting) : ""].join(" ").trim()
    : words().consentsNot;
  at("consent-change").textContent = told.consents ? words().take : words().give;
}

async function changeConsent() {
  await api.change("/v1/lookalikes/consent", "PUT", { consents: !state.consents });
  await start();
}

function mark(box) {
  const made = element("span", { class: "mark", "aria-hidden": "true" });
  Object.assign(made.style, { left: `${box.x0 * 100}%`, top: `${box.y0 * 100}%`, width: `${(box.x1 - box.x0) * 100}%`, height: `${(box.y1 - box.y0) * 100}%` });
  return made;
}

function side(one, whose) {
  const picture = one.image_url
    ? element("span", { class: "held" }, element("img", { src: sized(one.image_url, COMPARED), alt: `${whose}: ${one.sku}`, loading: "lazy" }), mark(one.box))
    : element("span", { class: "quiet" }, words().noPicture);
  const name = one.sku ?? `${words().design} ${one.reference_id}`;
  return element("figure", {}, element("span", { class: "view" }, picture),
    element("figcaption", {}, element("strong", {}, whose), element("br"), element("span", { class: "sku" }, name)));
}

function act(one, verb, becomes) {
  return element("button", { class: "more", type: "button", title: words()[`${verb}About`], "data-testid": verb,
    "aria-pressed": String(one.state === becomes), onclick: () => trying(() => decide(one, verb)) }, words()[verb]);
}

function pair(one) {
  const how = [words()[one.degree], ...one.edits.map((edit) => words().edits[edit])].join(", ");
  return element("li", { "data-testid": "pair", "data-id": one.lookalike_id },
    element("div", {}, element("h3", {}, how),
      element("p", { class: "quiet score" }, `${words().score(percent(one.score))} · ${day(one.found_at)}`)),
    element("div", { class: "sides" }, side(one.own, words().yours), side(one.other, words().theirs(one.other.shop))),
    element("p", { class: "quiet" }, one.words[language()]),
    element("div", { class: "acts" }, act(one, "confirm", "confirmed"), act(one, "dismiss", "dismissed"), act(one, "allow", "allowed")));
}

async function decide(one, verb) {
  const now = await api.change(`/v1/lookalikes/${one.lookalike_id}:${verb}`, "POST");
  const row = document.querySelector(`[data-id="${one.lookalike_id}"]`);
  at("said").textContent = words().decided[now.state];
  if (at("state").value && at("state").value !== now.state) await showFound(false);
  else row?.replaceWith(pair(now));
  await showThresholds();
}

async function showFound(more) {
  const page = await api.lookalikes({ state: at("state").value || undefined, limit: AT_ONCE, cursor: more ? state.cursor : undefined });
  const rows = page.lookalikes.map(pair);
  if (more) at("found").append(...rows);
  else at("found").replaceChildren(...rows);
  state.cursor = page.next_cursor ?? null;
  at("more").hidden = !state.cursor;
  at("none").hidden = at("found").childElementCount > 0;
  at("none").textContent = words().none;
}

async function showThresholds() {
  const { thresholds } = await api.read("/v1/lookalikes/thresholds");
  at("thresholds").replaceChildren(...thresholds.map((one) => {
    const range = element("span", { class: "range" });
    Object.assign(range.style, { left: `${one.lowest * 100}%`, width: `${(one.highest - one.lowest) * 100}%` });
    const now = element("span", { class: "now" });
    now.style.left = `${one.threshold * 100}%`;
    return element("li", {}, element("strong", {}, one.evidence === "picture" ? words().picture : words().byDesign),
      element("div", { class: "scale", "aria-hidden": "true" }, range, now),
      element("p", { class: "quiet" }, words().thresholdNow(percent(one.threshold), one.right, one.wrong)));
  }));
}

async function start() {
  say();
  document.title = `Loupe: ${words().title}`;
  at("language").textContent = words().other;
  await trying(async () => {
    await showConsent();
    await showFound(false);
    await showThresholds();
  });
}

at("language").addEventListener("click", () => { turn(); start(); });
at("consent-change").addEventListener("click", () => trying(changeConsent));
at("state").addEventListener("change", () => trying(() => showFound(false)));
at("more").addEventListener("click", () => trying(() => showFound(true)));
at("key-form").addEventListener("submit", () => {
  api.useKey(at("key").value.trim());
  at("key").value = "";
  state.again();
});
start();
