// How long and on what a model is fitted.
import { argumentField, fields, words } from "../fields/argument.js";
import { jsonField, leftOver } from "../fields/asjson.js";
import { faultNote } from "../fields/faults.js";
import { fold } from "../fields/fold.js";
import { fresh } from "../fields/things.js";
import { FIELDS } from "../frame.js";
import { h } from "../h.js";
import { dropUnused } from "../holes.js";
import { isObject } from "../json.js";
import { put, without } from "../text.js";
import { listOf } from "./lists.js";

const PATH = ["fit"];
const field = (desk, name, more) =>
  argumentField(desk, [...PATH, name], FIELDS.fit[name], { label: words(name), owner: "fit", ...more });

/** `inEpochs` says whether the model is trained in epochs: estimators are not. */
export function fit(desk, inEpochs) {
  const value = desk.sheet.at(PATH);
  if (value !== undefined && !isObject(value)) return jsonField(desk, PATH, "fit");
  const part = value ?? {};
  return [
    h(
      "fieldset",
      { class: "part", key: "fit" },
      h("legend", {}, "Fit"),
      faultNote(desk, "/fit", "f/fit", false),
      inEpochs ? h("div", { class: "args" }, field(desk, "epochs"), field(desk, "batch_size")) : null,
      validation(desk, part),
      fold(
        desk,
        "fit",
        "Shuffling and weights",
        h(
          "div",
          { class: "args" },
          inEpochs ? [field(desk, "shuffle"), field(desk, "class_weight", { tunable: false })] : null,
          field(desk, "sample_weight", { tunable: false }),
        ),
      ),
      leftOver(desk, PATH, [...Object.keys(FIELDS.fit), "cross_validation", "callbacks"]),
    ),
    inEpochs ? callbacks(desk) : null,
  ];
}

const WAYS = {
  split: "hold out a share of the training rows",
  folds: "cross-validation",
  own: "the data set's own validation part",
};

/** What is measured on: a share, folds, or rows of their own. */
function validation(desk, part) {
  const way = "cross_validation" in part ? "folds" : "validation_split" in part ? "split" : "own";
  return [
    h(
      "div",
      { class: "field", key: "validation" },
      h("label", { for: "validation" }, "Validation"),
      h(
        "select",
        { id: "validation", value: way, onchange: (event) => validated(desk, part, event.target.value) },
        Object.entries(WAYS).map(([name, text]) => h("option", { value: name }, text)),
      ),
    ),
    h(
      "div",
      { class: "args" },
      way === "split" ? field(desk, "validation_split") : null,
      way === "folds" && isObject(part.cross_validation)
        ? fields(desk, [...PATH, "cross_validation"], FIELDS.cross_validation, ["folds", "stratified"], {
            owner: "cross-validation",
          })
        : null,
      way === "own" ? null : field(desk, "split_by", { tunable: false }),
    ),
  ];
}

function validated(desk, part, way) {
  desk.edit((text) => {
    let changed = text;
    if (way !== "split" && "validation_split" in part)
      changed = dropUnused(changed, without(changed, [...PATH, "validation_split"]));
    if (way !== "folds" && "cross_validation" in part) changed = without(changed, [...PATH, "cross_validation"]);
    if (way === "split") changed = put(changed, [...PATH, "validation_split"], 0.2);
    if (way === "folds") changed = put(changed, [...PATH, "cross_validation"], { folds: 5 });
    return changed;
  });
}

function callbacks(desk) {
  return listOf(desk, [...PATH, "callbacks"], "callback", {
    title: "Add a callback",
    label: "Callbacks",
    groups: () => desk.catalogue.groups("callback"),
    value: (name) => fresh(desk, "callback", name),
  });
}
