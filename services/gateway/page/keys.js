// The keys of the shop, for who administers it: listed, made and shown once, revoked.

import * as api from "./api.js";
import { element } from "./cards.js";
import { day, may, trying, who } from "./merchant.js";
import { sure } from "./sure.js";
import { words } from "./shop-words.js";

const SCOPES = ["read", "events", "write", "admin", "operator"];
const at = (id) => document.getElementById(id);

export async function showKeys() {
  at("keys-part").hidden = !may("admin");
  at("keys-needs").hidden = may("admin");
  at("keys-needs").textContent = words().needs("admin");
  if (!may("admin")) return;
  const given = new Set([...at("key-scopes").querySelectorAll("input:checked")].map((box) => box.value));
  at("key-scopes").replaceChildren(...SCOPES.filter((scope) => scope !== "operator" || who.scopes.has(scope)).map((scope) =>
    element("label", {}, element("input", { type: "checkbox", value: scope, checked: given.has(scope), "data-testid": `scope-${scope}` }), ` ${words().may[scope]}`)));
  const { keys } = await api.read("/v1/admin/keys");
  at("keys").replaceChildren(...keys.map(entry));
}

function entry(key) {
  const facts = [key.scopes.map((scope) => words().may[scope] ?? scope).join(", "), key.last_used_at ? words().used(day(key.last_used_at)) : words().unused,
    key.expires_at ? words().ends(day(key.expires_at)) : null, key.revoked_at ? words().revoked(day(key.revoked_at)) : null];
  const ends = element("button", { class: "plain", type: "button", "data-testid": "revoke", onclick: () => trying(() => revoke(key)) }, words().revoke);
  return element("li", { class: key.revoked_at ? "over" : null, "data-testid": "key", "data-id": key.key_id }, element("strong", {}, key.name), " ", element("code", {}, key.key_id),
    element("span", { class: "quiet block" }, facts.filter(Boolean).join(" · ")), key.revoked_at ? null : ends);
}

async function revoke(key) {
  if (!(await sure(words().sureRevoke(key.name)))) return;
  await api.change(`/v1/admin/keys/${key.key_id}`, "DELETE");
  await showKeys();
}

async function make() {
  const scopes = [...at("key-scopes").querySelectorAll("input:checked")].map((box) => box.value);
  if (!scopes.length) {
    at("said").textContent = words().noScope;
    at("key-scopes").querySelector("input").focus();
    return;
  }
  const made = await api.change("/v1/admin/keys", "POST", { name: at("key-name").value.trim(), scopes });
  at("key-name").value = "";
  at("key-shown").textContent = made.key;
  at("key-made").hidden = false;
  await showKeys();
}

export function beginKeys() {
  at("key-make").addEventListener("submit", (event) => {
    event.preventDefault();
    trying(make);
  });
  at("key-copy").addEventListener("click", () => navigator.clipboard?.writeText(at("key-shown").textContent).then(() => (at("said").textContent = words().copied)));
  at("key-hide").addEventListener("click", () => {
    at("key-shown").textContent = "";
    at("key-made").hidden = true;
  });
}
