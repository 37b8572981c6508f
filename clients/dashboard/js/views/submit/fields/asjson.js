// What the form has no fields for, as JSON in place.
import { faultNote } from "./faults.js";
import { h, settled, typed } from "../h.js";
import { isObject, parse, pointerOf } from "../json.js";
import { Raw, put } from "../text.js";

/** A part that the form has no fields for, as JSON; it is taken over when it is right. */
export function jsonControl(desk, path, common, label, rows = 0) {
  const text = desk.sheet.written(path);
  const unfinished = desk.ui.json.get(common.id);
  return h(
    "div",
    { class: "json-field" },
    h("textarea", {
      ...common,
      class: "mono",
      "aria-label": `${label} as JSON`,
      spellcheck: "false",
      rows: rows || Math.min(12, Math.max(1, text.split("\n").length)),
      value: unfinished?.text ?? text,
      oninput: (event) =>
        typed(event, (now) => {
          const why = wrong(now);
          if (why === null) {
            desk.ui.json.delete(common.id);
            desk.edit((all) => put(all, path, now.trim() === "" ? undefined : new Raw(now.trim())));
          } else {
            desk.ui.json.set(common.id, { text: now, why });
            desk.redraw();
          }
        }),
      onblur: (event) => {
        if (!desk.ui.json.has(common.id)) settled(event);
      },
    }),
    unfinished
      ? h("div", { class: "fault", role: "status" }, `Not JSON yet: ${unfinished.why}. The document keeps what it had.`)
      : null,
  );
}

/** Why a text is no JSON; null when it is, or is empty. */
function wrong(text) {
  if (text.trim() === "") return null;
  try {
    parse(text);
    return null;
  } catch (fault) {
    return fault.message;
  }
}

/** A part the form does not know, kept untouched and editable as JSON. */
export function jsonField(desk, path, label, note) {
  const pointer = pointerOf(path),
    id = `f${pointer}`;
  const fault = faultNote(desk, pointer, id);
  return h(
    "div",
    { class: `field arg json${fault ? " faulty" : ""}`, key: pointer },
    h(
      "div",
      { class: "top" },
      h("label", { for: id }, label),
      h("button", { type: "button", class: "quiet small", onclick: () => desk.showInEditor(pointer) }, "edit in JSON"),
    ),
    jsonControl(
      desk,
      path,
      {
        id,
        "data-pointer": pointer,
        "aria-describedby": `${id}:hint${fault ? ` ${id}:fault` : ""}`,
        "aria-invalid": fault ? "true" : null,
      },
      label,
    ),
    fault,
    h(
      "div",
      { class: "hint", id: `${id}:hint` },
      note ?? "There are no fields for this: it stays as it is written, and can be changed here as JSON.",
    ),
  );
}

/** What is in a part and was shown by nobody, as JSON. */
export function leftOver(desk, path, known) {
  const value = desk.sheet.at(path);
  return isObject(value)
    ? Object.keys(value)
        .filter((key) => !known.includes(key))
        .map((key) => jsonField(desk, [...path, key], key))
    : [];
}
