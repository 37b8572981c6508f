// How each trial is trained: optimizer, loss, metrics, fit.
import { jsonField, leftOver } from "../fields/asjson.js";
import { argumentFields, classField } from "../fields/things.js";
import { h } from "../h.js";
import { isObject } from "../json.js";
import { chosenData } from "./data.js";
import { fit } from "./fit.js";
import { listOf } from "./lists.js";

export function trainingSection(desk) {
  const compile = desk.sheet.at(["compile"]),
    type = desk.sheet.at(["model", "type"]);
  const parts = [];
  if (compile !== undefined && !isObject(compile)) parts.push(jsonField(desk, ["compile"], "compile"));
  else if (type !== "builder") {
    if (type !== "sklearn") {
      parts.push(
        h(
          "fieldset",
          { class: "part", key: "optimizer" },
          h("legend", {}, "Optimizer"),
          classField(desk, ["compile", "optimizer"], "optimizer", { label: "optimizer", tunable: true }),
          argumentFields(desk, ["compile", "optimizer"], "optimizer", { bare: true, owner: "optimizer" }),
        ),
        loss(desk),
      );
    }
    parts.push(
      metrics(desk, type === "sklearn"),
      leftOver(desk, ["compile"], ["optimizer", "loss", "metrics", "loss_weights"]),
      compile?.loss_weights === undefined ? null : jsonField(desk, ["compile", "loss_weights"], "loss_weights"),
    );
  }
  parts.push(fit(desk, type !== "sklearn"));
  return parts;
}

function loss(desk) {
  const path = ["compile", "loss"],
    value = desk.sheet.at(path);
  if (isObject(value) && "outputs" in value)
    return jsonField(desk, path, "loss", "One for each output; the form has no fields for that.");
  const task = chosenData(desk)?.task;
  const groups = desk.catalogue
    .groups("loss")
    .map(([group, members]) => [group, members.map((one) => ({ ...one, name: one.aliases[0] ?? one.name }))]);
  groups.sort(([a]) => (a === (task === "regression" ? "regression" : "classification") ? -1 : 1));
  return h(
    "fieldset",
    { class: "part", key: "loss" },
    h("legend", {}, "Loss"),
    classField(desk, path, "loss", { label: "loss", tunable: true, groups }),
    argumentFields(desk, path, "loss", { bare: true, owner: "loss" }),
  );
}

function metrics(desk, estimators) {
  const groups = () =>
    estimators
      ? [
          [
            "metrics of estimators",
            Object.entries(desk.catalogue.document.estimator_metrics ?? {}).map(([name, one]) => ({
              name,
              help: one.help,
            })),
          ],
        ]
      : desk.catalogue
          .groups("metric")
          .map(([group, members]) => [group, members.map((one) => ({ ...one, word: one.aliases[0] ?? one.name }))]);
  const value = desk.sheet.at(["compile", "metrics"]);
  if (isObject(value))
    return h(
      "fieldset",
      { class: "part", key: "metric" },
      h("legend", {}, "Metrics"),
      jsonField(desk, ["compile", "metrics"], "metrics", "One list for each output; the form has no fields for that."),
    );
  return listOf(desk, ["compile", "metrics"], "metric", { title: "Add a metric", label: "Metrics", groups });
}
