// The model: a list of layers, a backbone with a head, a graph, an estimator, or a builder.
import { jsonField, leftOver } from "../fields/asjson.js";
import { faultNote } from "../fields/faults.js";
import { h } from "../h.js";
import { isObject } from "../json.js";
import { application } from "./application.js";
import { builder } from "./builder.js";
import { sklearn } from "./estimator.js";
import { graph } from "./graph.js";
import { layerList } from "./layers.js";

const KINDS = {
  sequential: "layers in a row",
  graph: "nodes that take each other's outputs",
  application: "pretrained backbone",
  sklearn: "scikit-learn estimator",
  builder: "builder of yours",
};

export function modelSection(desk) {
  const model = desk.sheet.at(["model"]);
  if (!isObject(model)) return [jsonField(desk, ["model"], "model", "A model is an object with a type.")];
  const form = { sequential, graph, application, sklearn, builder }[model.type];
  const fault = faultNote(desk, "/model", "f/model", false);
  const typeFault = faultNote(desk, "/model/type", "f/model/type");
  return [
    h(
      "p",
      { class: "note small", "data-pointer": "/model/type", tabindex: "-1", id: "f/model/type" },
      `Type ${String(model.type ?? "not given")}${KINDS[model.type] ? `: ${KINDS[model.type]}` : ""}. `,
      "Another type is another template: start over to choose one.",
    ),
    fault,
    typeFault,
    form
      ? form(desk, model)
      : jsonField(
          desk,
          ["model"],
          "model",
          "The form has no fields for a model of this type; it stays as it is written.",
        ),
  ];
}

function sequential(desk) {
  return [
    layerList(desk, ["model", "layers"], { label: "Layers", empty: "No layers yet." }),
    leftOver(desk, ["model"], ["type", "layers"]),
  ];
}
