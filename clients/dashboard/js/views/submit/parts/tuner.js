// How points are chosen.
import { argumentField, words } from "../fields/argument.js";
import { jsonField, leftOver } from "../fields/asjson.js";
import { faultNote } from "../fields/faults.js";
import { DEFAULT_TRIALS, TUNERS } from "../frame.js";
import { h } from "../h.js";
import { isObject } from "../json.js";
import { put } from "../text.js";

const PATH = ["tuner"];
/** Tuners that go on for ever unless a limit ends them. */
const ENDLESS = ["random", "bayesian", "perturb"];

export function tuner(desk) {
  const value = desk.sheet.at(PATH);
  if (value !== undefined && !isObject(value)) return jsonField(desk, PATH, "tuner");
  const type = value?.type,
    known = desk.catalogue.document.tuners ?? {};
  const own = Object.entries(known[type]?.arguments ?? {});
  return h(
    "fieldset",
    { class: "part", key: "tuner", "data-pointer": "/tuner", tabindex: "-1" },
    h("legend", {}, "Tuner"),
    faultNote(desk, "/tuner", "f/tuner", false),
    faultNote(desk, "/tuner/type", "f/tuner/type"),
    h(
      "div",
      { class: "tuners", role: "radiogroup", "aria-label": "Tuner" },
      Object.entries(known).map(([name, entry]) => choice(desk, name, entry, name === type)),
    ),
    type in known
      ? h(
          "div",
          { class: "args" },
          own.map(([name, argument]) =>
            argumentField(desk, [...PATH, name], argument, { tunable: false, label: words(name), owner: "tuner" }),
          ),
        )
      : null,
    leftOver(desk, PATH, ["type", ...own.map(([name]) => name)]),
  );
}

function choice(desk, name, entry, chosen) {
  return h(
    "label",
    { class: `choice${chosen ? " chosen" : ""}` },
    h("input", {
      type: "radio",
      name: "tuner",
      value: name,
      "data-pointer": chosen ? "/tuner/type" : null,
      checked: chosen,
      "aria-label": name,
      "aria-describedby": `tuner:${name}`,
      onchange: () => desk.edit((text) => retuned(desk, text, name)),
    }),
    h("b", {}, name),
    h("span", { class: "small note", id: `tuner:${name}` }, `${entry.help} ${TUNERS[name] ?? ""}`),
  );
}

/** The text with another tuner: options both have stay, and a search without an end gets a limit. */
function retuned(desk, text, name) {
  const before = desk.sheet.at(PATH) ?? {};
  const known = desk.catalogue.document.tuners[name].arguments;
  const kept = Object.fromEntries(Object.entries(before).filter(([key]) => key in known));
  const next = put(text, PATH, { type: name, ...kept });
  const endless = ENDLESS.includes(name) && !Object.keys(desk.sheet.at(["limits"]) ?? {}).length;
  return endless ? put(next, ["limits", "max_trials"], DEFAULT_TRIALS) : next;
}
