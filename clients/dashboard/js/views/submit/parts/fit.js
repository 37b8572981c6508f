// How long and on what a model is fitted.
import { argumentField, fields, words } from "../fields/argument.js";
import { jsonField, leftOver } from "../fields/asjson.js";
import { faultNote } from "../fields/faults.js";
import { fresh } from "../fields/things.js";
import { FIELDS } from "../frame.js";
import { h } from "../h.js";
import { dropUnused } from "../holes.js";
import { isObject } from "../json.js";
import { listOf } from "./lists.js";
import { put, without } from "../text.js";

export function fit(desk, type) {
  const path = ["fit"],
    value = desk.sheet.at(path);
  if (value !== undefined && !isObject(value)) return jsonField(desk, path, "fit");
  const part = value ?? {};
  const field = (name, more) =>
    argumentField(desk, [...path, name], FIELDS.fit[name], { label: words(name), owner: "fit", ...more });
  const split = "cross_validation" in part ? "folds" : "validation_split" in part ? "split" : "own";
  const chose = (next) =>
    desk.edit((text) => {
      let changed = text;
      if (next !== "split" && "validation_split" in part)
        changed = dropUnused(changed, without(changed, [...path, "validation_split"]));
      if (next !== "folds" && "cross_validation" in part) changed = without(changed, [...path, "cross_validation"]);
      if (next === "split") changed = put(changed, [...path, "validation_split"], 0.2);
      if (next === "folds") changed = put(changed, [...path, "cross_validation"], { folds: 5 });
      return changed;
    });
  const epochs = type !== "sklearn";
  return [
    h(
      "fieldset",
      { class: "part", key: "fit" },
      h("legend", {}, "Fit"),
      faultNote(desk, "/fit", "f/fit", false),
      epochs ? h("div", { class: "args" }, field("epochs"), field("batch_size")) : null,
      h(
        "div",
        { class: "field", key: "validation" },
        h("label", { for: "validation" }, "Validation"),
        h(
          "select",
          { id: "validation", value: split, onchange: (event) => chose(event.target.value) },
          [
            ["split", "hold out a share of the training rows"],
            ["folds", "cross-validation"],
            ["own", "the data set's own validation part"],
          ].map(([name, text]) => h("option", { value: name }, text)),
        ),
      ),
      h(
        "div",
        { class: "args" },
        split === "split" ? field("validation_split") : null,
        split === "folds" && isObject(part.cross_validation)
          ? fields(desk, [...path, "cross_validation"], FIELDS.cross_validation, ["folds", "stratified"], {
              owner: "cross-validation",
            })
          : null,
        split === "own" ? null : field("split_by", { tunable: false }),
      ),
      h(
        "details",
        {
          class: "more-of",
          key: "morefit",
          open: desk.ui.open.has("fit"),
          ontoggle: (event) => desk.remember("fit", event.target.open),
        },
        h("summary", {}, "Shuffling and weights"),
        h(
          "div",
          { class: "args" },
          epochs ? [field("shuffle"), field("class_weight", { tunable: false })] : null,
          field("sample_weight", { tunable: false }),
        ),
      ),
      leftOver(desk, path, [...Object.keys(FIELDS.fit), "cross_validation", "callbacks"]),
    ),
    epochs
      ? listOf(desk, [...path, "callbacks"], "callback", {
          title: "Add a callback",
          label: "Callbacks",
          groups: () => desk.catalogue.groups("callback"),
          value: (name) => fresh(desk, "callback", name),
        })
      : null,
  ];
}
