// Registering, guided step by step: one photo a view, then what the owner says, then what is still missing.

import * as api from "./api.js";
import { element } from "./cards.js";
import { language } from "./lookalike-words.js";
import { words } from "./reference-words.js";

const STEPS = { piece: ["front", "side", "back", "hallmark", "serial", "scale"], design: ["front", "side", "back", "scale"] };
const at = (id) => document.getElementById(id);

export function registering(trying) {
  const form = at("register-form");
  let taken = new Map(); // view -> photo; null where it was skipped
  let made = null;
  const views = () => STEPS[form.elements.kind.value];

  // The browser's own dialog takes the photo: with the camera on a phone.
  const camera = (label, onchange) => element("label", { class: "take" }, element("span", {}, label),
    element("input", { type: "file", accept: "image/*", capture: "environment", onchange, "data-testid": "take" }));

  function step() {
    const next = views().find((view) => !taken.has(view));
    if (!next) return [element("p", { class: "quiet" }, words().done)];
    const place = views().indexOf(next) + 1;
    return [
      element("p", { class: "quiet" }, words().step(place, views().length)),
      element("h3", {}, words().views[next]), element("p", {}, words().how[next]),
      camera(words().take, (event) => { if (event.target.files[0]) { taken.set(next, event.target.files[0]); draw(); } }),
      element("button", { class: "plain", type: "button", "data-testid": "skip-view", onclick: () => { taken.set(next, null); draw(); } }, words().skipView),
    ];
  }

  function row(view) {
    const photo = taken.get(view);
    const picture = photo ? element("img", { src: URL.createObjectURL(photo), alt: words().views[view] }) : element("span", { class: "empty", "aria-hidden": "true" });
    const again = taken.has(view) ? element("button", { class: "plain", type: "button", onclick: () => { taken.delete(view); draw(); } }, photo ? words().retake : words().take) : null;
    return element("li", {}, picture, element("span", {}, words().views[view]), again);
  }

  function said() {
    const given = (name) => form.elements[name].value.trim();
    const record = { kind: form.elements.kind.value, title: given("title"), protected: form.elements.protected.checked };
    for (const name of ["owner", "sku", "hallmark_text", "serial_text"]) if (given(name)) record[name] = given(name);
    const size = Object.fromEntries(["width", "height"].filter(given).map((name) => [name, Number(given(name))]));
    if (Object.keys(size).length) record.size_mm = size;
    if (given("issuer") && given("number")) record.certificate = { issuer: given("issuer"), number: given("number") };
    return record;
  }

  async function save() {
    const photos = views().filter((view) => taken.get(view)).map((view) => [view, taken.get(view)]);
    if (!photos.length) throw Object.assign(new Error(words().noFront), { title: words().save });
    at("registered").replaceChildren(element("p", { class: "quiet" }, words().saving));
    try {
      made = await api.register(said(), photos);
    } catch (problem) {
      at("registered").replaceChildren();
      throw problem;
    }
    draw();
    at("registered").scrollIntoView({ block: "start" });
  }

  function missing(one) {
    const view = one.view ? `${words().views[one.view]}: ` : "";
    const take = one.code === "text-missing" ? null : camera(words().take, (event) => trying(async () => {
      made = await api.addPicture(made.reference_id, one.view ?? "front", event.target.files[0]);
      draw();
    }));
    return element("li", {}, element("span", {}, view, one.words[language()]), take);
  }

  function result() {
    const path = `/v1/references/${made.reference_id}`;
    const act = (verb) => () => trying(async () => { made = await api.change(`${path}:${verb}`, "POST"); draw(); });
    const guidance = made.guidance?.length ? element("ul", { class: "missing", "data-testid": "missing" }, ...made.guidance.map(missing)) : element("p", {}, words().nothing);
    const open = made.public
      ? [element("p", {}, element("a", { href: made.public.url, target: "_blank", rel: "noopener", "data-testid": "public" }, words().page)),
        element("img", { class: "qr", src: made.public.qr_url, alt: "QR" }),
        element("button", { class: "plain", type: "button", onclick: act("unpublish") }, words().unpublish)]
      : [element("button", { class: "more", type: "button", onclick: act("publish"), "data-testid": "publish" }, words().publish)];
    return [
      element("h3", {}, words().registered(made.title)), element("p", {}, words().sealed),
      element("h3", {}, words().better), guidance,
      element("p", { class: "quiet" }, words().publicAbout), ...open,
      element("p", { class: "files" },
        element("button", { class: "plain", type: "button", onclick: () => trying(() => api.download(`${path}/file`, `${made.reference_id}.json`)) }, words().file), " ",
        element("button", { class: "plain", type: "button", onclick: fresh }, words().another)),
    ];
  }

  function fresh() {
    made = null;
    taken = new Map();
    form.reset();
    draw();
  }

  function draw() {
    form.hidden = made !== null;
    at("step").replaceChildren(...step());
    at("steps").replaceChildren(...views().map(row));
    at("registered").replaceChildren(...(made ? result() : []));
  }

  form.addEventListener("submit", (event) => { event.preventDefault(); trying(save); });
  for (const kind of form.elements.kind) kind.addEventListener("change", draw);
  return { draw };
}
