// What the parts of the form share: the document, what the service says of it, what is open, and where things are shown.
import { tell } from "../../components/toast.js";
import { nested } from "./fields/things.js";
import { lineOf, pathOf, pointerOf } from "./json.js";

/** Parts that are folded away, and the fields in them. */
const FOLDS = {
  data: ["scale", "test_split", "preprocessing"],
  fit: ["shuffle", "class_weight", "sample_weight"],
  runs: ["parallelism", "executions_per_trial", "max_retries_per_trial", "seed", "priority"],
};

/**
 * @param screen.redraw      draws everything anew
 * @param screen.tab         brings "form", "json" or "plan" to the front, where there is room for one only
 * @param screen.form        the element of the form
 * @param screen.said        the element that screen readers read out
 * @param screen.editor      answers the editor, null until it is there
 */
export function newDesk({ sheet, catalogue, datasets, screen }) {
  const ui = { open: new Set(), json: new Map(), dragging: null, replaced: null };
  const at = (pointer) => screen.form.querySelector(`[data-pointer="${CSS.escape(pointer)}"]`);

  const desk = {
    sheet,
    catalogue,
    datasets,
    nested,
    ui,
    verdict: { state: "asking", plan: null, faults: [], message: "" },
    redraw: screen.redraw,
    faultLine: () => (sheet.fault ? lineOf(sheet.text, sheet.fault.at) : 0),

    /** `step` makes it a step of its own for undoing. */
    edit(change, { step = false } = {}) {
      if (sheet.fault) {
        tell(`The JSON has a fault in line ${desk.faultLine()}: mend it first.`, "bad");
        screen.redraw();
        return;
      }
      sheet.edit(change, { step });
    },
    faultsAt(pointer, deep = true) {
      return desk.verdict.faults.filter(
        (fault) => fault.pointer === pointer || (deep && fault.pointer.startsWith(`${pointer}/`)),
      );
    },

    toggle(key) {
      if (!ui.open.delete(key)) ui.open.add(key);
      screen.redraw();
    },
    remember(key, open) {
      if (open) ui.open.add(key);
      else ui.open.delete(key);
    },
    /** Rows have moved: `where` says of a pointer where it is now, or null. */
    moved(where) {
      ui.open = new Set([...ui.open].map((key) => keyMoved(key, where)).filter((key) => key !== null));
      ui.json.clear();
      // Where the faults were nobody knows until the service has answered again.
      const faults = desk.verdict.faults.map((fault) => ({ ...fault, pointer: where(fault.pointer) ?? "" }));
      desk.verdict = { ...desk.verdict, faults };
    },

    say(words) {
      screen.said.textContent = words;
    },
    focus(id) {
      const node = document.getElementById(id);
      node?.focus();
      node?.scrollIntoView({ block: "nearest" });
    },
    focusPointer(pointer) {
      at(pointer)?.focus();
    },
    showInForm(pointer) {
      screen.tab("form");
      const path = pathOf(pointer);
      unfold(ui.open, path);
      screen.redraw();
      // The place itself, or the nearest around it that is shown.
      for (let depth = path.length; depth >= 0; depth -= 1) {
        const node = at(pointerOf(path.slice(0, depth)));
        if (!node) continue;
        node.focus({ preventScroll: true });
        node.scrollIntoView({ block: "center" });
        return;
      }
    },
    showInEditor(pointer) {
      screen.tab("json");
      screen.editor()?.show(pointer);
    },
  };
  return desk;
}

/** A key of something open is a word and a pointer: where it is after rows have moved, null when it is gone. */
function keyMoved(key, where) {
  const begin = key.indexOf("/");
  if (begin < 0) return key;
  const now = where(key.slice(begin));
  return now === null ? null : key.slice(0, begin) + now;
}

/** Opens everything around a path. */
function unfold(open, path) {
  for (let depth = 1; depth <= path.length; depth += 1)
    for (const key of ["", "more"]) open.add(key + pointerOf(path.slice(0, depth)));
  for (const [fold, names] of Object.entries(FOLDS))
    if (names.includes(path[0]) || names.includes(path[1])) open.add(fold);
  if (path[0] === "limits") open.add("limits");
}
