// An estimator of scikit-learn, by itself or behind steps.
import { leftOver } from "../fields/asjson.js";
import { argumentFields, classField } from "../fields/things.js";
import { h } from "../h.js";
import { layerList } from "./layers.js";

export function sklearn(desk, model) {
  if ("steps" in model) {
    return [
      h(
        "p",
        { class: "hint" },
        "Steps that prepare the rows, and the estimator last; of several estimators each needs a condition.",
      ),
      layerList(desk, ["model", "steps"], { flavour: "steps", label: "Steps" }),
      leftOver(desk, ["model"], ["type", "steps"]),
    ];
  }
  return [
    classField(desk, ["model"], "estimator", { label: "estimator", tunable: true }),
    argumentFields(desk, ["model"], "estimator", { skip: ["type"] }),
  ];
}
