// A graph: inputs, nodes, outputs.
import { leftOver } from "../fields/asjson.js";
import { h } from "../h.js";
import { layerList } from "./layers.js";
import { graphInputs } from "./inputs.js";
import { graphOutputs } from "./ends.js";

export function graph(desk) {
  return [
    graphInputs(desk),
    h("h3", {}, "Nodes"),
    layerList(desk, ["model", "nodes"], { flavour: "nodes", label: "Nodes" }),
    graphOutputs(desk),
    leftOver(desk, ["model"], ["type", "inputs", "nodes", "outputs"]),
  ];
}
