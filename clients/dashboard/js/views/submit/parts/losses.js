// A loss with its arguments, and a list of metrics: of the model, or of one of its outputs.
import { argumentFields, classField } from "../fields/things.js";
import { h } from "../h.js";
import { listOf } from "./lists.js";

/**
 * @param options.task   what is predicted: its losses are offered first
 * @param options.owner  what it is the loss of
 * @param more           fields beside the loss
 */
export function lossFields(desk, path, { task, owner }, more = []) {
  const first = task === "regression" ? "regression" : "classification";
  const groups = desk.catalogue
    .groups("loss")
    .map(([group, members]) => [group, members.map((one) => ({ ...one, name: one.aliases[0] ?? one.name }))])
    .sort(([a], [b]) => (b === first) - (a === first));
  return [
    h("div", { class: "args" }, classField(desk, path, "loss", { label: "loss", tunable: true, groups, owner }), more),
    argumentFields(desk, path, "loss", { bare: true, owner: owner ? `loss of ${owner}` : "loss" }),
  ];
}

export function metricList(desk, path, estimators) {
  return listOf(desk, path, "metric", {
    title: "Add a metric",
    label: "Metrics",
    groups: () => (estimators ? ofEstimators(desk.catalogue) : ofNetworks(desk.catalogue)),
  });
}

function ofEstimators({ document }) {
  const all = Object.entries(document.estimator_metrics ?? {});
  return [["metrics of estimators", all.map(([name, { help }]) => ({ name, help }))]];
}

function ofNetworks(catalogue) {
  return catalogue
    .groups("metric")
    .map(([group, members]) => [group, members.map((one) => ({ ...one, word: one.aliases[0] ?? one.name }))]);
}
