// What a diagnosis may come to (docs/diagnosis.md).
import { el } from "../../../dom.js";

/** All verdicts, the worst first. */
export const VERDICTS = [
  "diverged",
  "overfitting",
  "underfitting",
  "oscillating",
  "still_improving",
  "healthy",
  "unknown",
];

/** A verdict as one says it: "still improving". */
export function spoken(verdict) {
  return verdict.replaceAll("_", " ");
}

/** A verdict as a tag. */
export function verdictTag(verdict) {
  return el("span", { class: `verdict ${verdict}` }, spoken(verdict));
}
