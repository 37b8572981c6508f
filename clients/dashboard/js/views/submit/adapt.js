// A model made for one kind of targets, changed to suit another: its last layer, loss, metrics and objective.
import { find, parse, valueOf } from "./json.js";
import { put, without } from "./text.js";

const SUITED = {
  classification: {
    loss: "sparse_categorical_crossentropy",
    metric: "accuracy",
    direction: "max",
    units: "num_classes",
    activation: "softmax",
  },
  multilabel: {
    loss: "binary_crossentropy",
    metric: "binary_accuracy",
    direction: "max",
    units: "num_classes",
    activation: "sigmoid",
  },
  regression: { loss: "mse", metric: "mae", direction: "min", units: "target_size", activation: null },
};
const LOSSES = {
  sparse_categorical_crossentropy: ["classification"],
  categorical_crossentropy: ["classification"],
  binary_crossentropy: ["classification", "multilabel"],
};

/** Whether the loss of a definition is for other targets than those of a data set of this task. */
export function unsuited(definition, task, lossGroup) {
  const loss = definition?.compile?.loss;
  if (typeof loss !== "string" || !SUITED[task] || definition?.model?.type === "sklearn") return false;
  if (LOSSES[loss]) return !LOSSES[loss].includes(task);
  return lossGroup === "regression" ? task !== "regression" : lossGroup === "classification" && task === "regression";
}

/** The text with its last layer, loss, metrics and objective made for a task. */
export function suited(text, task) {
  const want = SUITED[task];
  if (!want) return text;
  const definition = valueOf(parse(text));
  let next = put(text, ["compile", "loss"], want.loss);
  next = put(next, ["compile", "metrics"], [want.metric]);
  next = put(next, ["objective"], { name: `val_${want.metric}`, direction: want.direction });
  const last = lastLayer(definition?.model);
  if (last && find(parse(next), last)) {
    next = put(next, [...last, "units"], { data: want.units });
    next = want.activation
      ? put(next, [...last, "activation"], want.activation)
      : without(next, [...last, "activation"]);
  }
  return next;
}

function lastLayer(model) {
  const dense = (list, path) =>
    Array.isArray(list) && list.at(-1)?.layer === "Dense" ? [...path, String(list.length - 1)] : null;
  if (model?.type === "graph" && Array.isArray(model.outputs) && model.outputs.length === 1) {
    const index = (model.nodes ?? []).findIndex((node) => node?.name === model.outputs[0] && node.layer === "Dense");
    return index < 0 ? null : ["model", "nodes", String(index)];
  }
  return dense(model?.layers, ["model", "layers"]) ?? dense(model?.head, ["model", "head"]);
}
