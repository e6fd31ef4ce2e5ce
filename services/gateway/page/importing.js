// A catalogue in a file: sent, followed until it ends, and what was wrong with it.

import * as api from "./api.js";
import { element } from "./cards.js";
import { may, moment, trying } from "./merchant.js";
import { words } from "./shop-words.js";

const LOOK_MS = 800;
const SHOWN = 5;
const at = (id) => document.getElementById(id);
const ended = (one) => !["waiting", "running"].includes(one.state);

export async function showImports() {
  const { imports } = await api.read(`/v1/imports?limit=${SHOWN}`);
  at("imports").replaceChildren(...(imports.length ? imports.map(entry) : [element("li", { class: "quiet" }, words().noImports)]));
  return imports;
}

export async function startImport() {
  const file = at("import-file").files[0];
  if (!file) {
    at("import-said").textContent = words().chooseFile;
    return;
  }
  at("import-said").textContent = words().sending;
  try {
    const { import_id: id } = await api.sendFile("/v1/imports", file, { dry_run: String(at("import-dry").checked) });
    at("import-file").value = "";
    await follow(id);
  } finally {
    if (at("import-said").textContent === words().sending) at("import-said").textContent = "";
  }
}

// Until it has ended, however long that is: the page shows how far it is meanwhile.
async function follow(id) {
  for (;;) {
    const one = (await showImports()).find((listed) => listed.import_id === id);
    if (!one) return;
    at("import-said").textContent = `${words().importStates[one.state]}: ${far(one)}`;
    if (ended(one)) return;
    await new Promise((resume) => setTimeout(resume, LOOK_MS));
  }
}

const taken = (one) => one.imported + one.updated + one.unchanged + one.rejected + one.skipped;
const far = (one) => (ended(one) ? words().outcome(one) : one.rows === undefined ? words().reading : words().rows(taken(one), one.rows));

function entry(one) {
  const bar = ended(one) || !one.rows ? null : element("progress", { max: one.rows, value: taken(one), "aria-label": one.file });
  const acts = [
    one.rejected || one.skipped ? element("button", { class: "plain", type: "button", "data-testid": "import-errors",
      onclick: () => trying(() => api.download(`/v1/imports/${one.import_id}/errors.csv`, `errors-${one.import_id}.csv`)) }, words().errors) : null,
    !ended(one) && may("write") ? element("button", { class: "plain", type: "button", onclick: () => trying(() => stop(one)) }, words().stop) : null,
  ];
  return element("li", { "data-testid": "import", "data-state": one.state },
    element("strong", {}, one.file), ` · ${words().importStates[one.state]}${one.dry_run ? `, ${words().tried}` : ""} · ${moment(one.created_at)}`,
    element("span", { class: "quiet block" }, far(one)), bar,
    one.problem ? element("span", { class: "why block" }, one.problem.detail) : null, element("span", { class: "acts" }, ...acts.filter(Boolean)));
}

async function stop(one) {
  await api.change(`/v1/imports/${one.import_id}:stop`, "POST");
  await showImports();
}
