// The trials that go through all chosen parts: how many, the best of them, a table, and a file.
import { longTable } from "../../../components/table.js";
import { trialLink } from "../../../components/links.js";
import { el, fill } from "../../../dom.js";
import { number } from "../../../format.js";
import { saveCsv } from "../common.js";
import { SCORE } from "./axes.js";

/** A card: `node`, `columns(axes, metric)` after an answer, `update(rows, found)` with what is chosen of it. */
export function chosenCard({ search }) {
  const said = el("p", { class: "lead", "aria-live": "polite" });
  let rows = [],
    found = null,
    names = [],
    top = null;
  const table = longTable({
    label: "Chosen trials",
    identity: (row) => row.trial_id,
    sort: { key: "score", down: search.objective.direction === "max" },
    columns: columnsOf([], search.objective.name),
    name: (row) => (row === top ? "best" : ""),
  });
  const save = el(
    "button",
    {
      class: "quiet",
      type: "button",
      onclick: () =>
        saveCsv(
          "trials.csv",
          ["trial", "trial_id", found.metric.name, ...names],
          rows.map((row) => [row.number, row.trial_id, row.score, ...names.map((name) => row.values[name])]),
        ),
    },
    "CSV",
  );
  return {
    node: el(
      "section",
      { class: "card", "aria-label": "Chosen" },
      el("div", { class: "head" }, el("h2", {}, "Chosen trials"), save),
      said,
      table.node,
    ),
    columns(axes, metric) {
      const own = axes.filter((axis) => axis.name !== SCORE);
      names = own.map((axis) => axis.name);
      table.recolumn(columnsOf(own, metric));
    },
    update(chosen, answer) {
      rows = chosen;
      found = answer;
      top = bestOf(rows, found.metric.direction);
      table.update(rows);
      fill(
        said,
        el("b", {}, `${number(rows.length)} of ${number(found.rows.length)}`),
        " trials chosen",
        top
          ? [
              "; the best of them is ",
              trialLink(top.trial_id, `trial ${top.number}`),
              ` with ${found.metric.name} ${number(top.score)}`,
            ]
          : "",
        ".",
      );
    },
  };
}

function columnsOf(axes, metric) {
  return [
    {
      key: "number",
      label: "trial",
      num: true,
      value: (row) => row.number,
      cell: (row) => trialLink(row.trial_id, `${row.number}`),
    },
    { key: "score", label: metric, num: true, value: (row) => row.score, cell: (row) => number(row.score) },
    ...axes.map((axis) => ({
      key: `hp ${axis.name}`,
      label: axis.name,
      num: axis.numeric,
      value: (row) => row.values[axis.name],
      cell: (row) => number(row.values[axis.name]),
    })),
  ];
}

function bestOf(rows, direction) {
  const sign = direction === "max" ? -1 : 1;
  return rows.reduce((best, row) => (!best || sign * row.score < sign * best.score ? row : best), null);
}
