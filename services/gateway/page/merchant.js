// What the merchant's pages share: who asks and what they may, failures told, the key.

import * as api from "./api.js";
import { element } from "./cards.js";
import { locale } from "./language.js";

const at = (id) => document.getElementById(id);

export const who = { tenant: "", scopes: new Set(), keyed: false };
export const may = (scope) => who.scopes.has(scope);

let begin = () => {};
let words = () => ({});

// `start` reads all anew, with another key too. `told` gives the page's words.
export function merchant(start, told) {
  begin = start;
  words = told;
  at("key-form").addEventListener("submit", () => {
    api.useKey(at("key").value.trim());
    at("key").value = "";
    begin();
  });
  at("key-cancel").addEventListener("click", () => at("key-dialog").close());
}

export async function know() {
  const holder = await api.read("/v1/holder");
  Object.assign(who, { tenant: holder.tenant, scopes: new Set(holder.scopes), keyed: Boolean(holder.key_id) });
}

export function askForKey(detail = "") {
  at("key-error").textContent = detail;
  if (!at("key-dialog").open) at("key-dialog").showModal();
}

export function tell(problem, again = begin) {
  if (problem.status === 401) return askForKey(sessionStorage.getItem("loupe-key") ? problem.detail : "");
  at("error").replaceChildren(
    element("div", {}, element("strong", {}, problem.title ?? words().wrong), element("p", {}, problem.detail ?? problem.message)),
    element("button", { class: "plain", type: "button", onclick: again }, words().again));
  at("error").hidden = false;
  return undefined;
}

export async function trying(act) {
  at("error").hidden = true;
  try {
    return await act();
  } catch (problem) {
    return tell(problem, () => trying(act));
  }
}

export const day = (moment) => new Date(moment).toLocaleDateString(locale(), { dateStyle: "medium" });
export const moment = (given) => new Date(given).toLocaleString(locale(), { dateStyle: "medium", timeStyle: "short" });
export const number = (given) => given.toLocaleString(locale());
