// A model made for one kind of targets, changed to suit another: its last layer, loss, metrics and objective.
import { find, parse, valueOf } from "./json.js";
import { put, without } from "./text.js";

/** What suits a kind of targets. */
export const SUITED = {
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

/** The text with a loss and metrics for each output; `targets` are those of the data set. */
export function ofOutputs(text, names, targets) {
  const { compile, model, objective } = valueOf(parse(text));
  const suits = Object.fromEntries(
    names.map((name) => [name, forOutput(model, name, targets.find((one) => one.name === name)?.task)]),
  );
  const loss = names.map((name) => [name, suits[name]?.loss ?? compile?.loss ?? "mse"]);
  const metrics = names
    .map((name) => [name, suits[name] ? [suits[name].metric] : compile?.metrics])
    .filter(([, list]) => Array.isArray(list) && list.length);
  let next = put(text, ["compile", "loss"], { outputs: Object.fromEntries(loss) });
  next = put(next, ["compile", "metrics"], metrics.length ? { outputs: Object.fromEntries(metrics) } : undefined);
  return /^(val_)?loss$/.test(objective?.name)
    ? next
    : put(next, ["objective"], { name: "val_loss", direction: "min" });
}

/** What suits an output's task; yes or no may be one number behind a sigmoid. */
function forOutput(model, output, task) {
  const name = Array.isArray(model?.outputs) ? output : model?.outputs?.[output];
  const node = (Array.isArray(model?.nodes) ? model.nodes : []).find((one) => one?.name === name);
  const yes = task === "classification" && node?.units === 1 && node.activation === "sigmoid";
  return yes ? { ...SUITED.classification, loss: "binary_crossentropy" } : SUITED[task];
}

/** The text with one loss, and the metrics that an output had. */
export function once(text, loss, output) {
  const { compile, objective } = valueOf(parse(text));
  const metrics = compile?.metrics?.outputs?.[output];
  let next = put(text, ["compile", "loss"], loss);
  next = put(next, ["compile", "metrics"], Array.isArray(metrics) ? metrics : undefined);
  next = without(next, ["compile", "loss_weights"]);
  return /^(val_)?loss$/.test(objective?.name)
    ? next
    : put(next, ["objective"], { name: "val_loss", direction: "min" });
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
