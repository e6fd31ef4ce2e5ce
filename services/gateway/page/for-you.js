// What is suggested to this browser, and why; what is not wanted goes, and all that is known, too.

import { forgetLiked } from "./acts.js";
import * as api from "./api.js";
import { element, suggestionCard } from "./cards.js";
import { words } from "./find-words.js";
import { forgetTold, note, told } from "./told.js";

const SUGGESTED = 8;
const TRIES = 12;
const PAUSE_MS = 400;
const at = (id) => document.getElementById(id);
let cold = true;

// Shows what is suggested now; whether that is something else than before.
export async function suggest(anew) {
  const answer = await api.suggestions(SUGGESTED);
  const list = at("suggestions");
  const now = JSON.stringify(answer.suggestions.map((one) => [one.sku, one.reason]));
  const changed = now !== list.dataset.shown;
  if (changed || anew) {
    list.dataset.shown = now;
    list.replaceChildren(...answer.suggestions.map((one) => suggestionCard(one, dismiss)));
    cold = answer.cold;
    at("for-you-about").textContent = about(answer);
  }
  return changed;
}

const about = ({ suggestions, cold: unknown }) => (suggestions.length ? (unknown ? words().cold : words().warm) : words().openFew);

export async function follow(act, item, seen) {
  await api.happened(act, item.sku, seen);
  note(act, item.title);
  await awaitNews();
}

// Suggestions follow an event within a moment, not at once: look again until they do, a bounded number of times.
export async function awaitNews() {
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

let tell = () => {};

async function dismiss(suggestion) {
  const place = [...at("suggestions").children].find((one) => one.dataset.sku === suggestion.sku);
  const next = place?.nextElementSibling ?? place?.previousElementSibling;
  place?.remove();
  (next?.querySelector("button") ?? at("why")).focus();
  at("for-you-said").textContent = words().dismissed(suggestion.item.title);
  try {
    await follow("dismissed", suggestion.item);
  } catch (problem) {
    tell(problem);
  }
}

function explain() {
  at("why-how").textContent = cold ? words().whyCold : words().whyWarm;
  at("why-name").textContent = api.shopper();
  const acts = told().map(({ act, title }) => element("li", {}, words().acts[act]?.(title) ?? act));
  at("why-told").replaceChildren(...(acts.length ? acts : [element("li", {}, words().whyNothing)]));
  at("why-dialog").showModal();
}

async function forget() {
  try {
    await api.forgetMe();
    forgetTold();
    forgetLiked();
    at("why-dialog").close();
    at("for-you-said").textContent = words().forgotten;
    await suggest(true);
  } catch (problem) {
    at("why-dialog").close();
    tell(problem);
  }
}

export function begin(teller) {
  tell = teller;
  at("why").addEventListener("click", explain);
  at("why-close").addEventListener("click", () => at("why-dialog").close());
  at("forget").addEventListener("click", forget);
}
