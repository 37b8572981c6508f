// How each trial is trained: optimizer, loss, metrics, fit.
import { jsonField, leftOver } from "../fields/asjson.js";
import { argumentFields, classField } from "../fields/things.js";
import { h } from "../h.js";
import { isObject } from "../json.js";
import { chosenData } from "./data.js";
import { fit } from "./fit.js";
import { lossFields, metricList } from "./losses.js";
import { outputParts, outputsOf, perOutput } from "./outputs.js";

const PATH = ["compile"];

export function trainingSection(desk) {
  const type = desk.sheet.at(["model", "type"]);
  return [compiled(desk, type), fit(desk, type !== "sklearn")];
}

/** What is compiled: a builder brings its own, an estimator has metrics only. */
function compiled(desk, type) {
  const value = desk.sheet.at(PATH);
  if (value !== undefined && !isObject(value)) return jsonField(desk, PATH, "compile");
  if (type === "builder")
    return leftOver(
      desk,
      [],
      Object.keys(desk.sheet.value).filter((key) => key !== "compile"),
    );
  const several = outputsOf(desk.sheet.value).length > 0 || perOutput(desk);
  return [
    type === "sklearn" ? null : optimizer(desk),
    type !== "sklearn" && several
      ? outputParts(desk)
      : [type === "sklearn" ? null : loss(desk), metricList(desk, [...PATH, "metrics"], type === "sklearn")],
    leftOver(desk, PATH, [
      "metrics",
      ...(type === "sklearn" ? [] : ["optimizer", "loss"]),
      ...(several ? ["loss_weights"] : []),
    ]),
  ];
}

function optimizer(desk) {
  const path = [...PATH, "optimizer"];
  return h(
    "fieldset",
    { class: "part", key: "optimizer" },
    h("legend", {}, "Optimizer"),
    classField(desk, path, "optimizer", { label: "optimizer", tunable: true }),
    argumentFields(desk, path, "optimizer", { bare: true, owner: "optimizer" }),
  );
}

function loss(desk) {
  return h(
    "fieldset",
    { class: "part", key: "loss" },
    h("legend", {}, "Loss"),
    lossFields(desk, [...PATH, "loss"], { task: chosenData(desk)?.task }),
  );
}
