// The search itself: what is best, how points are chosen, when to stop.
import { argumentField, fields } from "../fields/argument.js";
import { jsonField, leftOver } from "../fields/asjson.js";
import { faultNote } from "../fields/faults.js";
import { fold } from "../fields/fold.js";
import { FIELDS } from "../frame.js";
import { h } from "../h.js";
import { isObject } from "../json.js";
import { put } from "../text.js";
import { limits } from "./limits.js";
import { loggedNames } from "./logged.js";
import { tuner } from "./tuner.js";

export function searchSection(desk) {
  return [
    objective(desk),
    tuner(desk),
    limits(desk),
    fold(
      desk,
      "runs",
      "Parallelism, repeats, seed",
      h("div", { class: "args" }, fields(desk, [], FIELDS.search, Object.keys(FIELDS.search))),
    ),
  ];
}

/** The metric trials are compared by; where it is not known what a model logs, its name is typed. */
function objective(desk) {
  const path = ["objective"],
    value = desk.sheet.at(path);
  if (value !== undefined && !isObject(value)) return jsonField(desk, path, "objective");
  const names = loggedNames(desk);
  const metric = names.length
    ? { kinds: ["enum"], choices: names.map(({ name }) => name), help: "What trials are compared by" }
    : { kinds: ["string"], help: "What the compiled model logs" };
  return h(
    "fieldset",
    { class: "part", key: "objective" },
    h("legend", {}, "Objective"),
    h(
      "div",
      { class: "args" },
      argumentField(
        desk,
        [...path, "name"],
        { ...metric, required: true, help: `${metric.help}; val_ is measured on rows that are not trained on.` },
        { label: "Metric", tunable: false, plainHint: true },
      ),
      direction(desk, names.find(({ name }) => name === value?.name)?.direction),
    ),
    faultNote(desk, "/objective", "f/objective", false),
    leftOver(desk, path, ["name", "direction"]),
  );
}

const BETTER = { min: "smaller is better", max: "larger is better" };

/** Which way is better; `usual` is what the metric's name says. */
function direction(desk, usual) {
  const id = "f/objective/direction",
    now = desk.sheet.at(["objective", "direction"]) ?? "",
    fault = faultNote(desk, "/objective/direction", id);
  return h(
    "div",
    { class: "field arg", key: "direction" },
    h("div", { class: "top" }, h("label", { for: id }, "Direction")),
    h(
      "select",
      {
        id,
        "data-pointer": "/objective/direction",
        value: now,
        "aria-invalid": fault ? "true" : null,
        "aria-describedby": fault ? `${id}:fault` : null,
        onchange: (event) =>
          desk.edit((text) => put(text, ["objective", "direction"], event.target.value || undefined)),
      },
      h("option", { value: "" }, usual ? `as the metric says: ${BETTER[usual]}` : "as the metric says"),
      Object.entries(BETTER).map(([name, text]) => h("option", { value: name }, text)),
      now && !BETTER[now] ? h("option", { value: now }, String(now)) : null,
    ),
    fault,
  );
}
