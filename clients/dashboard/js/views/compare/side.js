// A table with one column for each of the things compared, and what differs marked.
import { el } from "../../dom.js";

/**
 * @param label   for screen readers
 * @param heads   nodes on top of the columns
 * @param rows    [{name, cells: [node or text], best?: place of the best cell, differs?: whether the cells are not all alike}]
 */
export function sideBySide({ label, heads, rows }) {
  return el(
    "div",
    { class: "table beside", tabindex: "0", role: "region", "aria-label": label },
    el(
      "table",
      { "aria-label": label },
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          el("td", {}),
          heads.map((head) => el("th", { scope: "col" }, head)),
        ),
      ),
      el(
        "tbody",
        {},
        rows.map((row) =>
          el(
            "tr",
            { class: row.differs ? "differs" : null },
            el(
              "th",
              { scope: "row" },
              row.name,
              row.differs ? el("span", { class: "visually-hidden" }, " (differs)") : null,
            ),
            row.cells.map((cell, place) => el("td", { class: place === row.best ? "winner" : null }, cell ?? "–")),
          ),
        ),
      ),
    ),
  );
}

/** The place of the best of some numbers, if one is better than the others. */
export function bestPlace(values, direction = "min") {
  const known = values.filter((value) => value !== null && value !== undefined);
  if (known.length < 2) return undefined;
  const best = direction === "max" ? Math.max(...known) : Math.min(...known);
  return known.filter((value) => value === best).length === 1 ? values.indexOf(best) : undefined;
}

/** Whether values are not all alike; lists by their members, missing ones count as a value of their own. */
export function differ(values) {
  return new Set(values.map((value) => JSON.stringify(value ?? null))).size > 1;
}
