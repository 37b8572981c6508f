// When a search ends.
import { fields } from "../fields/argument.js";
import { jsonField, leftOver } from "../fields/asjson.js";
import { faultNote } from "../fields/faults.js";
import { FIELDS } from "../frame.js";
import { h } from "../h.js";
import { isObject } from "../json.js";

export function limits(desk) {
  const path = ["limits"],
    value = desk.sheet.at(path);
  if (value !== undefined && !isObject(value)) return jsonField(desk, path, "limits");
  const names = Object.keys(FIELDS.limits);
  const first = ["max_trials", "max_seconds"];
  const others = names.filter((name) => !first.includes(name));
  const open = desk.ui.open.has("limits") || others.some((name) => value && name in value);
  return h(
    "fieldset",
    { class: "part", key: "limits" },
    h("legend", {}, "Limits"),
    h("p", { class: "hint" }, "The search ends at the first of these; a finite space or a tuner's plan ends it too."),
    faultNote(desk, "/limits", "f/limits", false),
    h("div", { class: "args" }, fields(desk, path, FIELDS.limits, open ? names : first)),
    open
      ? null
      : h(
          "button",
          {
            type: "button",
            class: "quiet small more",
            key: "morelimits",
            onclick: () => {
              desk.toggle("limits");
              desk.focus("f/limits/max_epochs");
            },
          },
          `${others.length} more limits`,
        ),
    leftOver(desk, path, names),
  );
}
