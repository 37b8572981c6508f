// Names and their values.
import { el } from "../dom.js";
import { number } from "../format.js";

/** A heading over names and values; null when there are none. */
export function pairs(title, values) {
  const entries = Object.entries(values);
  if (!entries.length) return null;
  return el(
    "div",
    {},
    el("h3", {}, title),
    el(
      "dl",
      { class: "pairs-list" },
      entries.map(([name, value]) => [el("dt", {}, name), el("dd", {}, number(value))]),
    ),
  );
}
