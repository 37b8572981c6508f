// A part that is folded away until somebody wants it.
import { h } from "../h.js";

/** `key` is what the desk remembers it by. */
export function fold(desk, key, title, ...children) {
  return h(
    "details",
    {
      class: "more-of",
      key,
      open: desk.ui.open.has(key),
      ontoggle: (event) => desk.remember(key, event.target.open),
    },
    h("summary", {}, title),
    children,
  );
}
