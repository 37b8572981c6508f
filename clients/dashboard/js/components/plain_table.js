// A table of few rows, in a frame of its own that scrolls when it is too wide, by keyboard, too.
import { el } from "../dom.js";

/**
 * @param label for screen readers
 * @param heads texts, or [text, "num"] for numbers
 * @param rows  lists of cells: texts, or `td` and `th` elements; or a `tbody` that somebody else fills
 * @param kind  "table" with a border, or "scroll" without one, for cards
 */
export function plainTable({ label, heads, rows, kind = "table" }) {
  const head = heads.map((one) => {
    const [text, num = null] = Array.isArray(one) ? one : [one];
    return el("th", { scope: "col", class: num }, text);
  });
  const cell = (one) => (one instanceof HTMLTableCellElement ? one : el("td", {}, one));
  const body = Array.isArray(rows)
    ? el(
        "tbody",
        {},
        rows.map((cells) => el("tr", {}, cells.map(cell))),
      )
    : rows;
  return el(
    "div",
    { class: kind, tabindex: "0", role: "region", "aria-label": label },
    el("table", { "aria-label": label }, el("thead", {}, el("tr", {}, head)), body),
  );
}
