// One of the things compared.
import { el } from "../../dom.js";

/** A name with its colour, and a button that leaves it out. */
export function chip(name, colour, drop, href = null) {
  return el(
    "span",
    { class: "compared" },
    el("i", { class: `dot ${colour}`, "aria-hidden": "true" }),
    href ? el("a", { href }, name) : name,
    el("button", { type: "button", class: "quiet icon", "aria-label": `Leave out ${name}`, onclick: drop }, "×"),
  );
}
