// The gateway's API as the page uses it. A failure is thrown as the problem document that tells of it.

const KEY = "loupe-key";
const SHOPPER = "loupe-shopper";

export class Problem extends Error {
  constructor(status, title, detail) {
    super(detail);
    this.status = status;
    this.title = title;
    this.detail = detail;
  }
}

export function useKey(key) {
  sessionStorage.setItem(KEY, key);
}

// An id for this browser, made at the first visit; it says nothing about the person.
export function shopper() {
  let id = localStorage.getItem(SHOPPER);
  if (!id) {
    id = `page-${hex(12)}`;
    localStorage.setItem(SHOPPER, id);
  }
  return id;
}

export const status = () => ask("/v1/status");
export const items = (limit, cursor) => ask(`/v1/items?${query({ limit, cursor })}`);
export const item = (sku) => ask(`/v1/items/${encodeURIComponent(sku)}`);
export const images = (asked) => ask(`/v1/images?${query(asked)}`);
export const similar = (sku, limit) => ask(`/v1/items/${encodeURIComponent(sku)}/similar?limit=${limit}`);
export const stock = (part, asked = {}) => ask(`/v1/inventory/${part}?${query(asked)}`);
export const lookalikes = (asked) => ask(`/v1/lookalikes?${query(asked)}`);
export const references = (asked) => ask(`/v1/references?${query(asked)}`);
export const change = (path, method, body) => ask(path, { method,
  ...(body && { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }) });
export const read = (path) => ask(path);
export const suggestions = (limit) => ask(`/v1/users/${shopper()}/suggestions?limit=${limit}`);

// `asked` is a query as the contract has it; without a photo it goes alone.
export function search(photo, asked, signal) {
  if (!photo) return ask("/v1/search", { method: "POST", body: JSON.stringify(asked), headers: { "Content-Type": "application/json" }, signal });
  const form = new FormData();
  form.append("query", JSON.stringify(asked));
  form.append("image", photo, "photo");
  return ask("/v1/search", { method: "POST", body: form, signal });
}

// All that the shop keeps of this browser goes, and it is somebody new.
export async function forgetMe() {
  await change(`/v1/visitors/${shopper()}:forget`, "POST");
  localStorage.removeItem(SHOPPER);
}

// Up to four photos of one piece against a reference, or, with none named, against the one that looks most like it.
export function verify(photos, reference) {
  const form = new FormData();
  form.append("query", JSON.stringify(reference ? { reference_id: reference } : {}));
  for (const photo of photos) form.append("image", photo, "photo");
  return ask("/v1/verify", { method: "POST", body: form });
}

// `photos` are pairs of a view and its photo.
export function register(record, photos) {
  return ask("/v1/references", { method: "POST", body: pictures(photos, record) });
}

export function addPicture(reference, view, photo) {
  return ask(`/v1/references/${reference}/pictures`, { method: "POST", body: pictures([[view, photo]]) });
}

function pictures(photos, record) {
  const form = new FormData();
  if (record) form.append("record", JSON.stringify(record));
  form.append("views", JSON.stringify(photos.map(([view]) => view)));
  for (const [, photo] of photos) form.append("image", photo, "photo");
  return form;
}

export function sendPicture(path, file) {
  const form = new FormData();
  form.append("image", file, "picture");
  return ask(path, { method: "POST", body: form });
}

export function sendFile(path, file, options) {
  const form = new FormData();
  for (const [name, value] of Object.entries(options)) form.append(name, value);
  form.append("file", file);
  return ask(path, { method: "POST", body: form });
}

// `seen` is where the shopper saw the piece: the search and the place in its list, if it was in one.
export function happened(type, sku, seen) {
  const event = { id: hex(16), type, user_id: shopper(), sku, at: new Date().toISOString(),
    ...(seen && { search_id: seen.search_id, position: seen.position }) };
  return ask("/v1/events", {
    method: "POST",
    body: JSON.stringify({ events: [event] }),
    headers: { "Content-Type": "application/json" },
    keepalive: true, // who leaves for another page right after has said it all the same
  });
}

export async function blob(path) {
  const response = await answered(path);
  if (!response.ok) throw await problemOf(response);
  return response.blob();
}

// A file, saved by the browser: a link would not send the key.
export async function download(path, name) {
  const response = await answered(path);
  if (!response.ok) throw await problemOf(response);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// What is wrong, one line a part; empty when all is well.
export async function faults() {
  try {
    const { parts } = await (await fetch("/readyz")).json();
    return Object.entries(parts).filter(([, part]) => !part.ok).map(([name, part]) => `${name}: ${part.detail}`);
  } catch {
    return ["Loupe does not answer. Is it running?"];
  }
}

async function ask(path, options = {}) {
  const response = await answered(path, options);
  if (!response.ok) throw await problemOf(response);
  return response.json().catch(() => ({}));
}

async function answered(path, options = {}) {
  const key = sessionStorage.getItem(KEY);
  const headers = { "Accept-Language": document.documentElement.lang, ...options.headers, ...(key && { Authorization: `Bearer ${key}` }) };
  try {
    return await fetch(path, { ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, "Loupe does not answer", "See that it is running, then try again.");
  }
}

async function problemOf(response) {
  const body = await response.json().catch(() => ({}));
  return new Problem(
    response.status,
    body.title ?? "Something went wrong",
    body.detail ?? `The answer was ${response.status}. Try again.`,
  );
}

function query(values) {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== null);
  return new URLSearchParams(given).toString();
}

function hex(bytes) {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (b) => b.toString(16).padStart(2, "0")).join("");
}
