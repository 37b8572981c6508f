// How points are chosen.
import { argumentField, words } from "../fields/argument.js";
import { jsonField, leftOver } from "../fields/asjson.js";
import { faultNote } from "../fields/faults.js";
import { DEFAULT_TRIALS, TUNERS } from "../frame.js";
import { h } from "../h.js";
import { isObject } from "../json.js";
import { put } from "../text.js";

export function tuner(desk) {
  const path = ["tuner"],
    value = desk.sheet.at(path);
  if (value !== undefined && !isObject(value)) return jsonField(desk, path, "tuner");
  const type = value?.type,
    known = desk.catalogue.document.tuners ?? {};
  return h(
    "fieldset",
    { class: "part", key: "tuner", "data-pointer": "/tuner", tabindex: "-1" },
    h("legend", {}, "Tuner"),
    faultNote(desk, "/tuner", "f/tuner", false),
    faultNote(desk, "/tuner/type", "f/tuner/type"),
    h(
      "div",
      { class: "tuners", role: "radiogroup", "aria-label": "Tuner" },
      Object.entries(known).map(([name, entry]) =>
        h(
          "label",
          { class: `choice${name === type ? " chosen" : ""}` },
          h("input", {
            type: "radio",
            name: "tuner",
            value: name,
            "data-pointer": name === type ? "/tuner/type" : null,
            checked: name === type,
            "aria-label": name,
            "aria-describedby": `tuner:${name}`,
            onchange: () => desk.edit((text) => retuned(desk, text, name)),
          }),
          h("b", {}, name),
          h("span", { class: "small note", id: `tuner:${name}` }, `${entry.help} ${TUNERS[name] ?? ""}`),
        ),
      ),
    ),
    type in known
      ? h(
          "div",
          { class: "args" },
          Object.entries(known[type].arguments).map(([name, argument]) =>
            argumentField(desk, [...path, name], argument, { tunable: false, label: words(name), owner: "tuner" }),
          ),
        )
      : null,
    leftOver(desk, path, ["type", ...Object.keys(known[type]?.arguments ?? {})]),
  );
}

function retuned(desk, text, name) {
  const before = desk.sheet.at(["tuner"]) ?? {};
  const known = desk.catalogue.document.tuners[name].arguments;
  const kept = Object.fromEntries(Object.entries(before).filter(([key]) => key in known));
  let next = put(text, ["tuner"], { type: name, ...kept });
  const limits = desk.sheet.at(["limits"]);
  if (["random", "bayesian", "perturb"].includes(name) && (limits === undefined || !Object.keys(limits ?? {}).length))
    next = put(next, ["limits", "max_trials"], DEFAULT_TRIALS);
  return next;
}
