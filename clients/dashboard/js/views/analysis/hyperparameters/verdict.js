// What is to be said of a trend: its shape, where to go next, and how that was found.
import { shapeWords, whereNext } from "../../../charts/trend.js";
import { el } from "../../../dom.js";
import { better, number } from "../../../format.js";

/** Nodes that tell the verdict on the first metric of a trend. */
export function verdictOf(trend, name, hyperparameter) {
  const shape = trend.metrics[0];
  return [
    el(
      "p",
      { class: "lead" },
      el("b", {}, shapeWords(shape, shape.values, name)),
      shape.method.spearman === null ? "" : ` (Spearman's rank correlation ${number(shape.method.spearman)})`,
      `. The best trial has ${number(shape.best_value)}. `,
      whereNext(shape, hyperparameter),
    ),
    el("p", { class: "note" }, counted(trend, shape)),
    el("details", {}, el("summary", {}, "How this was found"), method(shape)),
  ];
}

function counted(trend, shape) {
  const alone = trend.baseline === "only" ? " with all other hyperparameters at their defaults" : "";
  const thinned = trend.points.length < trend.trials ? `, ${number(trend.points.length)} of them shown` : "";
  return `${number(trend.trials)} trials${alone}${thinned}; ${shape.name} at the ${trend.at} epoch, ${better(shape.direction)}.`;
}

function method(shape) {
  const mark = shape.diminishing_returns_at;
  return el(
    "dl",
    { class: "method" },
    el("dt", {}, "Groups"),
    el("dd", {}, shape.method.grouping),
    el("dt", {}, "Shape"),
    el("dd", {}, shape.method.verdict),
    el("dt", {}, "Little more to gain"),
    el("dd", {}, mark === null ? "not marked: " : `marked at ${number(mark)}: `, shape.method.diminishing_returns),
  );
}
