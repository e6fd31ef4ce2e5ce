// The model that pictures are found by, and how far the index is filled by another one.

import * as api from "./api.js";
import { element } from "./cards.js";
import { may, moment, number, trying } from "./merchant.js";
import { sure } from "./sure.js";
import { words } from "./shop-words.js";

const LOOK_MS = 3000;
const at = (id) => document.getElementById(id);
let looking = 0;

export async function showIndex() {
  clearTimeout(looking);
  if (!may("operator")) {
    at("index").replaceChildren(element("p", { class: "quiet" }, words().indexNeeds));
    return;
  }
  const told = await api.read("/v1/admin/reindex");
  const active = told.collections.find((one) => one.state === "active");
  const filling = told.collections.find((one) => one.state === "filling");
  at("index").replaceChildren(...[active ? element("p", {}, words().active(active.model_version), " ", element("span", { class: "quiet" }, moment(active.activated_at ?? active.created_at))) : null,
    ...(filling ? progress(told, filling) : []), element("p", { class: "quiet" }, told.words)].filter(Boolean));
  if (filling) looking = setTimeout(() => trying(showIndex), LOOK_MS);
}

function progress(told, filling) {
  const refused = told.refused ? ` · ${words().refusedBy(number(told.refused))}` : "";
  return [
    element("p", {}, `${words().filling(filling.model_version)}: ${words().filled(number(told.done), number(told.total))}${refused}`),
    element("progress", { max: Math.max(told.total, 1), value: told.done, "aria-label": words().index, "data-testid": "reindex" }),
    element("p", { class: "acts" }, act("switch", words().switchNow, words().sureSwitch), act("abort", words().abort, words().sureAbort)),
  ];
}

const act = (verb, label, question) => element("button", { class: "plain", type: "button", onclick: () => trying(async () => {
  if (!(await sure(question))) return;
  await api.change(`/v1/admin/reindex/${verb}`, "POST");
  await showIndex();
}) }, label);
