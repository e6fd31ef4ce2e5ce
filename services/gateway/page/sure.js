// A question before what is final.

const at = (id) => document.getElementById(id);

// Whether who is asked says yes.
export function sure(question) {
  at("sure-words").textContent = question;
  at("sure").returnValue = "no";
  at("sure").showModal();
  return new Promise((answer) => at("sure").addEventListener("close", () => answer(at("sure").returnValue === "yes"), { once: true }));
}
