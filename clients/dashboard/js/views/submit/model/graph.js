// A graph: inputs, nodes, outputs.
import { argumentField } from "../fields/argument.js";
import { jsonField, leftOver } from "../fields/asjson.js";
import { isObject } from "../json.js";
import { layerList } from "./layers.js";

export function graph(desk, model) {
  return [
    isObject(model.inputs) || model.inputs === undefined
      ? null
      : names(desk, ["model", "inputs"], "inputs", "Inputs of the data set by name; x when they have no names."),
    layerList(desk, ["model", "nodes"], { flavour: "nodes", label: "Nodes" }),
    names(
      desk,
      ["model", "outputs"],
      "outputs",
      "The node the model ends with; of several targets a JSON object with a node for each.",
    ),
    leftOver(desk, ["model"], ["type", "inputs", "nodes", "outputs"]),
  ];
}

function names(desk, path, label, help) {
  const value = desk.sheet.at(path);
  if (value !== undefined && !(Array.isArray(value) && value.every((one) => typeof one === "string")))
    return jsonField(desk, path, label, help);
  return argumentField(
    desk,
    path,
    { kinds: ["string_list"], required: path.at(-1) === "outputs", help },
    { tunable: false, owner: "model", label },
  );
}
