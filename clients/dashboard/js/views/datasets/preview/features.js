// How far each column reaches: smallest, mean and largest value, or its categories.
import { plainTable } from "../../../components/plain_table.js";
import { el } from "../../../dom.js";
import { number } from "../../../format.js";

/** A card for the features of an input (or the numbers of a target) of a data set. */
export function featureTable(input, set) {
  const { features } = input;
  const title = input.title ?? titleOf(input);
  const missing = features.some((one) => one.missing),
    kinds = features.some((one) => one.kind === "category");
  const categories = new Map(set.columns.map((column) => [column.name, column]));
  const heads = ["Name", kinds ? "Kind" : null, ["Smallest", "num"], ["Mean", "num"], ["Largest", "num"]];
  const line = (one) => [
    el("th", { scope: "row" }, one.name),
    kinds ? one.kind : null,
    ...(one.kind === "category"
      ? [el("td", { colspan: 3, class: "wrap" }, listed(categories.get(one.name)))]
      : [one.minimum, one.mean, one.maximum].map((value) => el("td", { class: "num" }, number(value)))),
    missing ? el("td", { class: "num" }, one.missing ? number(one.missing) : "") : null,
  ];
  const present = (cells) => cells.filter((cell) => cell !== null);
  const hidden = input.shape?.length === 1 ? Math.max(0, input.shape[0] - features.length) : 0;
  return el(
    "section",
    { class: "card" },
    el("div", { class: "head" }, el("h2", {}, title)),
    plainTable({
      label: title,
      heads: present([...heads, missing ? ["Missing", "num"] : null]),
      rows: features.map((one) => present(line(one))),
    }),
    hidden ? el("p", { class: "small note" }, `${number(hidden)} more columns are not shown.`) : null,
  );
}

function titleOf({ kind, name, features }) {
  const what = kind === "image" || features.length === 1 ? "Values" : "Columns";
  return `${what}${name ? ` of ${name}` : ""}`;
}

function listed(column) {
  if (!column) return "–";
  const shown = column.categories.slice(0, 8).join(", ");
  return column.num_categories > 8 ? `${shown} … (${number(column.num_categories)})` : shown;
}
