// What this page told the shop of this browser, kept here to be shown to who uses it.

const TOLD = "loupe-told";
const AT_MOST = 30;

export function told() {
  try {
    return JSON.parse(localStorage.getItem(TOLD) ?? "[]");
  } catch {
    return [];
  }
}

export function note(act, title = "") {
  const before = told();
  if (before[0]?.act === act && before[0].title === title) return;
  localStorage.setItem(TOLD, JSON.stringify([{ act, title }, ...before].slice(0, AT_MOST)));
}

export const forgetTold = () => localStorage.removeItem(TOLD);
