// The first steps of who has not been here before: those that were done, and the next. Kept in this browser alone.

import { likedCount } from "./acts.js";
import { element } from "./cards.js";

const DONE = "loupe-steps";
const CLOSED = "closed";
const LIKES = 3;
const STEPS = [["photo", "/#drop"], ["like", "/#found"], ["board", "/inspire"], ["ring", "/try-on?kind=ring"], ["stock", "/inventory"]];
const WORDS = {
  en: {
    title: "First steps", of: (done, all) => `${done} of ${all}`, done: "done", close: "Hide the first steps",
    photo: "Find a piece by a photo", like: (n) => (n ? `Like three pieces (${n}/${LIKES})` : "Like three pieces"), board: "Put them on a board", ring: "Try a ring on", stock: "See what to order",
  },
  zh: {
    title: "第一次来", of: (done, all) => `${done}/${all}`, done: "已完成", close: "不再显示",
    photo: "用照片找一件首饰", like: (n) => (n ? `喜欢三件（${n}/${LIKES}）` : "喜欢三件"), board: "放到灵感板", ring: "试戴一枚戒指", stock: "看看该订什么",
  },
};
const words = () => WORDS[document.documentElement.lang] ?? WORDS.en;
const kept = () => new Set(JSON.parse(localStorage.getItem(DONE) ?? "[]"));
const strip = element("nav", { class: "steps", "data-testid": "steps" });

function add(step) {
  localStorage.setItem(DONE, JSON.stringify([...kept().add(step)]));
}

// That a step was done. Of "like" it is counted how often.
export function did(step) {
  const before = kept();
  if (step === "like" ? likedCount() >= LIKES : true) add(step);
  if (!before.has(CLOSED)) show();
}

function show() {
  const done = kept();
  const left = STEPS.filter(([step]) => !done.has(step));
  strip.hidden = done.has(CLOSED) || !left.length;
  strip.setAttribute("aria-label", words().title);
  strip.replaceChildren(
    element("span", { class: "steps-title", "aria-hidden": "true" }, element("span", { class: "steps-word" }, words().title, " "), element("span", { class: "quiet", "data-testid": "steps-done" }, words().of(STEPS.length - left.length, STEPS.length))),
    element("ol", {}, ...STEPS.map((one, number) => step(one, number + 1, done.has(one[0]), one === left[0]))),
    element("button", { class: "plain steps-close", type: "button", "aria-label": words().close, "data-testid": "steps-close", onclick: close }, "×"));
}

function step([name, address], number, done, next) {
  const says = name === "like" ? words().like(Math.min(LIKES, likedCount())) : words()[name];
  return element("li", { class: done ? "done" : next ? "next" : null, "data-step": name, "data-number": number },
    element("a", { href: address, "aria-current": next ? "step" : null }, says, done ? element("span", { class: "unseen" }, `, ${words().done}`) : null));
}

function close() {
  add(CLOSED);
  strip.hidden = true;
  document.querySelector("main").focus();
}

document.querySelector("header.top").after(strip);
show();
new MutationObserver(show).observe(document.documentElement, { attributeFilter: ["lang"] });
window.addEventListener("storage", show);
