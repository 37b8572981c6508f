// How a model did on the test part, output by output: classes, labels, or numbers.
import { plainTable } from "../../components/plain_table.js";
import { el } from "../../dom.js";
import { number } from "../../format.js";
import { matrixFigure } from "./matrix.js";
import { pairs } from "./pairs.js";

const MOST_CLASSES = 100;

/** `{nodes, figures}` for one output of the report; the figures are to be ended by the caller. */
export function outputParts(output, job) {
  const title = (text) => (output.name ? `${text}: ${output.name}` : text);
  if (output.confusion_matrix && output.class_names.length <= MOST_CLASSES) {
    const matrix = matrixFigure(title("Confusion matrix"), output, job);
    matrix.update(output);
    const classes = classTable(title("Each class"), output.classes, output.averages);
    return { nodes: [el("div", { class: "grid report-grid" }, matrix.node, classes)], figures: [matrix] };
  }
  const numbers = numbersCard(title("On the test part"), output);
  if (output.labels || output.classes) {
    const each = title(output.labels ? "Each label" : "Each class");
    return { nodes: [numbers, classTable(each, output.labels ?? output.classes, output.averages)], figures: [] };
  }
  const residuals = output.residuals
    ? residualsCard(title("Residuals: true less predicted, by quantile"), output)
    : null;
  return { nodes: [numbers, residuals], figures: [] };
}

function numbersCard(title, output) {
  const found = Object.entries(output).filter(([name, value]) => typeof value === "number" && name !== "rows");
  if (!found.length) return null;
  return el("section", { class: "card" }, el("div", { class: "head" }, el("h2", {}, title)), pairs(found));
}

/** Quantiles of the residuals, over all numbers and of each. */
function residualsCard(title, output) {
  const lines = [{ number: "all", ...output }, ...(output.numbers ?? [])].filter((one) => one.residuals);
  const label = (one) => el("th", { scope: "row" }, one.number);
  return el(
    "section",
    { class: "card" },
    el("div", { class: "head" }, el("h2", {}, title)),
    plainTable({
      label: title,
      heads: ["Number", ...output.residuals.map(({ quantile }) => [`${number(100 * quantile)} %`, "num"])],
      rows: lines.map((one) => [
        label(one),
        ...one.residuals.map(({ value }) => el("td", { class: "num" }, number(value))),
      ]),
    }),
  );
}

function classTable(title, classes, averages) {
  const columns = ["precision", "recall", "f1", "support"].filter((name) =>
    classes.some((one) => one[name] !== undefined),
  );
  const line = (name, one, kind = null) => [
    el("th", { scope: "row", class: kind }, name),
    ...columns.map((column) =>
      el("td", { class: `num ${kind ?? ""}` }, one[column] === undefined ? "" : number(one[column])),
    ),
  ];
  return el(
    "section",
    { class: "card" },
    el("div", { class: "head" }, el("h2", {}, title)),
    plainTable({
      label: title,
      heads: ["Class", ...columns.map((name) => [name, "num"])],
      rows: [
        ...classes.map((one) => line(one.class ?? one.label ?? one.name, one)),
        ...Object.entries(averages ?? {}).map(([name, one]) => line(`${name} average`, one, "average")),
      ],
    }),
  );
}
