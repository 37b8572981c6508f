// Names and values of a job, those left out that are not known.
import { el } from "../../dom.js";
import { number } from "../../format.js";

export function pairs(entries) {
  return el(
    "dl",
    { class: "report-pairs" },
    entries
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([name, value]) => [el("dt", {}, name), el("dd", {}, number(value))]),
  );
}
