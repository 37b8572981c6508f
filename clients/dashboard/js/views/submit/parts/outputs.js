// Losses, their weights and metrics of a graph with several outputs: for each output its own.
import { ofOutputs, once, SUITED } from "../adapt.js";
import { argumentField } from "../fields/argument.js";
import { jsonField, leftOver } from "../fields/asjson.js";
import { faultNote } from "../fields/faults.js";
import { LOSS_WEIGHT } from "../frame.js";
import { h } from "../h.js";
import { dropUnused } from "../holes.js";
import { isObject, pointerOf } from "../json.js";
import { without } from "../text.js";
import { chosenData } from "./data.js";
import { lossFields, metricList } from "./losses.js";

const LOSS = ["compile", "loss"],
  WEIGHTS = ["compile", "loss_weights"],
  METRICS = ["compile", "metrics"];

/** The names of a model's outputs when it has several; an empty list when it has one. */
export function outputsOf(definition) {
  const { type, outputs } = definition?.model ?? {};
  if (type !== "graph") return [];
  const names = Array.isArray(outputs) ? outputs : isObject(outputs) ? Object.keys(outputs) : [];
  return names.length > 1 ? names.map(String) : [];
}

const given = (desk, path) => {
  const value = desk.sheet.at([...path, "outputs"]);
  return isObject(value) ? Object.keys(value) : [];
};

/** Whether loss or metrics are written output by output. */
export const perOutput = (desk) =>
  [LOSS, METRICS].some((path) => isObject(desk.sheet.at(path)) && "outputs" in desk.sheet.at(path));

/** Loss and metrics where the model has several outputs, or the document says so. */
export function outputParts(desk) {
  const names = outputsOf(desk.sheet.value);
  if (!perOutput(desk)) return split(desk, names);
  const weights = desk.sheet.at(WEIGHTS);
  const all = new Set([...names, ...given(desk, LOSS), ...given(desk, METRICS), ...Object.keys(weights ?? {})]);
  return h(
    "fieldset",
    { class: "part", key: "outputs" },
    h("legend", {}, "Loss and metrics of each output"),
    h("p", { class: "hint" }, "What is trained on is the sum of the losses, each times its weight."),
    names.length ? null : join(desk),
    [LOSS, METRICS, WEIGHTS].map((path) => faultNote(desk, pointerOf(path), `f${pointerOf(path)}`, false)),
    [...all].map((name) => outputCard(desk, name, names)),
    weights === undefined || isObject(weights) ? null : jsonField(desk, WEIGHTS, "loss_weights"),
    [LOSS, METRICS].map((path) => leftOver(desk, path, ["outputs"])),
  );
}

/** One output: what it predicts, its loss with its weight, its metrics. */
function outputCard(desk, name, known) {
  const target = chosenData(desk)?.targets?.find((one) => one.name === name);
  const classes = target?.num_classes ? `, ${target.num_classes} classes` : "";
  const loss = [...LOSS, "outputs", name],
    weight = [...WEIGHTS, name];
  return h(
    "div",
    { class: "item output", key: `output:${name}`, role: "group", "aria-label": `Output ${name}` },
    h(
      "div",
      { class: "row" },
      h("b", { class: "mono", "data-pointer": pointerOf(loss), tabindex: "-1" }, name),
      h("span", { class: "note small grow" }, target ? `${target.task}${classes}` : ""),
      known.length && !known.includes(name) ? removal(desk, name) : null,
    ),
    lossFields(desk, loss, { task: target?.task, owner: name }, [
      argumentField(desk, weight, LOSS_WEIGHT, { label: "weight", owner: name, called: `${name}_weight` }),
    ]),
    metricList(desk, [...METRICS, "outputs", name], false),
  );
}

/** What the document gives for an output that the model does not have can only be removed. */
function removal(desk, name) {
  return h(
    "button",
    {
      type: "button",
      class: "quiet small",
      "aria-label": `Remove output ${name}`,
      title: "The model has no output of this name",
      onclick: () =>
        desk.edit((text) => {
          const places = [
            [...LOSS, "outputs", name],
            [...METRICS, "outputs", name],
            [...WEIGHTS, name],
          ];
          return dropUnused(text, places.reduce(without, text));
        }),
    },
    "✕",
  );
}

/** The model has several outputs, and one loss is given. */
function split(desk, names) {
  return offer(
    desk,
    `The model has the outputs ${names.join(", ")}: each needs its own loss and metrics.`,
    "Give each its own",
    (text) => ofOutputs(text, names, chosenData(desk)?.targets ?? []),
  );
}

/** The model has one output, and losses are given by name. */
function join(desk) {
  const [first] = given(desk, LOSS);
  const task = chosenData(desk)?.task;
  return offer(
    desk,
    "The model has one output: its loss and metrics are given without names.",
    "Give them once",
    (text) => once(text, desk.sheet.at([...LOSS, "outputs", first]) ?? SUITED[task]?.loss ?? "mse", first),
  );
}

function offer(desk, words, act, change) {
  return h(
    "div",
    { class: "warn-box row", key: "per-output" },
    h("span", { class: "grow" }, words),
    h(
      "button",
      {
        type: "button",
        "data-pointer": "/compile/loss",
        onclick: () => {
          desk.edit((text) => dropUnused(text, change(text)));
          desk.say("Loss, metrics and objective changed.");
        },
      },
      act,
    ),
  );
}
