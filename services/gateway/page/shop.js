// The merchant's page: what is in the shop and how it stands, what needs a look, and what may be changed by this key.

import * as api from "./api.js";
import { showCatalogue } from "./catalogue-table.js";
import { element } from "./cards.js";
import { showImports, startImport } from "./importing.js";
import { showIndex } from "./indexing.js";
import { beginKeys, showKeys } from "./keys.js";
import { turn } from "./language.js";
import { askForKey, know, may, merchant, number, tell, trying, who } from "./merchant.js";
import { say, words } from "./shop-words.js";
import { stockAlerts } from "./stock-alerts.js";

const at = (id) => document.getElementById(id);
const COPIES = 10;
const MEGABYTE = 1_000_000;

function showWho() {
  const list = [...who.scopes].map((scope) => words().may[scope]);
  at("who").textContent = `${words().ofShop(who.tenant)}. ${words().mayAbout(list.join(", "))}`;
  at("use-key").textContent = who.keyed ? words().otherKey : words().useKey;
  at("leave").hidden = !who.keyed;
}

async function showFigures() {
  const [status, usage] = await Promise.all([api.status(), api.read("/v1/usage")]);
  const figures = { items: status.items, ...status.images, outbox: status.outbox };
  const told = Object.entries(words().figures).map(([name, label]) => figure(number(figures[name] ?? 0), label));
  const bounds = Object.entries(words().usages).filter(([name]) => usage[name]?.limit !== undefined).map(([name, label]) =>
    figure(words().of(amount(name, usage[name].used), amount(name, usage[name].limit)), label));
  at("figures").replaceChildren(...told, ...bounds);
}

const amount = (name, value) => (name === "storage_bytes" ? `${number(Math.round(value / MEGABYTE))} MB` : number(value));
const figure = (value, label) => element("div", {}, element("dt", {}, label), element("dd", {}, value));

// Each by itself: one that cannot be read hides no other.
async function showAlerts() {
  const lines = await Promise.all([stock(), copies(), doubtful()]);
  at("alerts").replaceChildren(...lines.filter(Boolean));
  at("stock-alerts").replaceChildren(...await stockAlerts().catch(() => []));
}

const line = (said, href, call) => element("li", {}, said, " ", element("a", { href }, call));

async function stock() {
  try {
    const { counts } = await api.stock("advice", { limit: 1 });
    const all = { order: counts.order, lies: (counts["dead-stock"] ?? 0) + (counts.overstock ?? 0), make: counts["make-more"] };
    const told = Object.entries(words().advice).filter(([kind]) => all[kind]).map(([kind, phrase]) => phrase(number(all[kind])));
    return line(told.length ? `${told.join(", ")}.` : words().noAdvice, "/inventory", words().toStock);
  } catch {
    return element("li", {}, words().adviceAway);
  }
}

async function copies() {
  try {
    return line(words().copies((await api.lookalikes({ state: "open", limit: COPIES })).lookalikes.length), "/lookalikes", words().toCopies);
  } catch {
    return null;
  }
}

async function doubtful() {
  try {
    return line(words().doubtful(number((await api.read("/v1/labelling?limit=1")).left)), "/label", words().toLabel);
  } catch {
    return null;
  }
}

async function start() {
  say();
  document.title = `Loupe: ${words().title}`;
  at("language").textContent = words().other;
  at("error").hidden = true;
  try {
    await know();
  } catch (problem) {
    return tell(problem);
  }
  showWho();
  const parts = [showFigures, showAlerts, () => showCatalogue(false), showImports, showIndex, showKeys];
  await Promise.all(parts.map((part) => part().catch((problem) => tell(problem))));
  return at("main").setAttribute("aria-busy", "false");
}

at("language").addEventListener("click", () => { turn(); start(); });
at("use-key").addEventListener("click", () => askForKey());
at("leave").addEventListener("click", () => { sessionStorage.removeItem("loupe-key"); start(); });
at("state").addEventListener("change", () => trying(() => showCatalogue(false)));
at("more").addEventListener("click", () => trying(() => showCatalogue(true)));
at("import-form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!may("write")) return askForKey(words().needs("write"));
  return trying(async () => {
    await startImport();
    await Promise.all([showFigures(), showCatalogue(false)]);
  });
});
merchant(start, words);
beginKeys();
start();
