// The document that the form and the editor both show: its text is the truth, the tree behind it follows.
import { JsonFault, find, parse, valueOf } from "./json.js";

/** `by` in what listeners hear: "form", "editor", or "" when a whole document was put in; `step`: undone by itself. */
export function sheet() {
  const heard = new Set();
  let text = "",
    root = null,
    value = null,
    fault = null,
    goodText = "";

  function take(next, by, step = false) {
    if (next === text) return;
    const before = text;
    text = next;
    try {
      root = parse(text);
      value = valueOf(root);
      goodText = text;
      fault = null;
    } catch (error) {
      if (!(error instanceof JsonFault)) throw error;
      fault = error;
    }
    for (const listener of heard) listener({ by, before, step });
  }

  return {
    get text() {
      return text;
    },
    /** What is wrong with the text as JSON; null when nothing is. The form goes on showing the last good one. */
    get fault() {
      return fault;
    },
    get root() {
      return root;
    },
    get value() {
      return value;
    },
    /** Plain JSON at a path, and the text that stands there. */
    at: (path) =>
      path.reduce(
        (inner, step) =>
          inner !== null && typeof inner === "object" && Object.hasOwn(inner, step) ? inner[step] : undefined,
        value,
      ),
    written(path) {
      const node = root && find(root, path);
      return node ? goodText.slice(node.from, node.to) : "";
    },
    /** A new document. */
    open(next) {
      take(next, "");
    },
    /** What was typed in the editor. */
    typed(next) {
      take(next, "editor");
    },
    /** A change by the form: `change` makes a text of a text. Nothing happens while the text is no JSON. */
    edit(change, { step = false } = {}) {
      if (!fault) take(change(text), "form", step);
    },
    listen(listener) {
      heard.add(listener);
      return () => heard.delete(listener);
    },
  };
}
