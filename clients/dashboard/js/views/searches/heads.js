// The headings of the list; those that have an order are buttons.
import { el, fill } from "../../dom.js";
import { COLUMNS } from "./row.js";
import { SORTS } from "./sorts.js";

/** Draws them into a row; `want({sort})` is told of a heading that was used. */
export function drawHeads(row, sorted, want) {
  const held = document.activeElement?.dataset?.sort;
  fill(
    row,
    COLUMNS.map(([key, label, kind, sort]) => {
      const now = Boolean(sort) && sorted === sort,
        { down } = SORTS[sort] ?? {};
      return el(
        "th",
        {
          scope: "col",
          role: "columnheader",
          class: `${key}${kind === "num" ? " num" : ""}`,
          "aria-sort": now ? (down ? "descending" : "ascending") : null,
        },
        kind === "visually-hidden"
          ? el("span", { class: kind }, label)
          : sort
            ? el(
                "button",
                { type: "button", "data-sort": sort, onclick: () => want({ sort: now ? "newest" : sort }) },
                label,
                now ? el("span", { "aria-hidden": "true" }, down ? " ↓" : " ↑") : "",
              )
            : label,
      );
    }),
  );
  if (held) row.querySelector(`[data-sort="${held}"]`)?.focus();
}
