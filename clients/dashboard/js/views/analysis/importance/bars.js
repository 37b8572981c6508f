// What each hyperparameter explains, as bars.
import { figure } from "../../../charts/figure.js";
import { axis, room, tip, tooltip } from "../../../charts/parts.js";
import { el } from "../../../dom.js";
import { picture, tabAddress } from "../common.js";
import { share, why } from "./words.js";

/** The figure; its data are the API's importances. `state` is what was asked for, `open(name)` is told of a chosen bar. */
export function importanceBars({ search, state, open }) {
  return figure({
    title: "What each hyperparameter explains",
    size: "tall",
    describe: (found) =>
      `Importance for ${found.metric.name}: ${found.hyperparameters.map((each) => `${each.name} ${share(each.share)}`).join(", ")}.`,
    option,
    table: (found) => ({
      columns: ["hyperparameter", "share", "share where active", "active in trials"],
      rows: found.hyperparameters.map((each) => [
        el("a", { href: tabAddress(search, "hyperparameters", { hp: each.name }) }, each.name),
        each.share,
        each.share_where_active,
        each.trials,
      ]),
    }),
    picture: (found) => (found.hyperparameters.length ? picture(search, "importance", state) : null),
    under: (found) =>
      found.hyperparameters.some((each) => each.conditional) && found.method === "fanova"
        ? "The upright mark is the share among the trials in which a conditional hyperparameter is active. Choose a bar to see the hyperparameter."
        : found.hyperparameters.length
          ? "Choose a bar to see the hyperparameter."
          : null,
    empty: why,
    clicked: (event) => open(event.name),
  });
}

function option(found, ink) {
  if (!found.hyperparameters.length) return null;
  const shown = [...found.hyperparameters].reverse();
  const spread = found.method === "fanova" && shown.some((each) => each.conditional);
  return {
    grid: room({ left: 8, right: 64, top: 8, bottom: 44, containLabel: true }),
    xAxis: axis(
      ink,
      found.method === "fanova"
        ? `share of the variance of ${found.metric.name}`
        : `share of what sets the best apart in ${found.metric.name}`,
      {
        min: 0,
        scale: false,
        splitLine: { show: true, lineStyle: { color: ink.line } },
        axisLabel: { color: ink.soft, formatter: (value) => `${Math.round(100 * value)} %` },
      },
    ),
    yAxis: axis(ink, "", {
      kind: "category",
      side: "y",
      values: shown.map((each) => each.name),
      axisLabel: { color: ink.ink, fontSize: 13, width: 180, overflow: "truncate" },
    }),
    tooltip: tooltip(ink, (told) => {
      const each = shown[told.dataIndex];
      return tip(each.name, [
        ["share", share(each.share)],
        ...(each.share_where_active === null ? [] : [["where active", share(each.share_where_active)]]),
        ["active in trials", each.trials],
      ]);
    }),
    series: [
      {
        type: "bar",
        data: shown.map((each) => ({ value: each.share, name: each.name })),
        barMaxWidth: 30,
        cursor: "pointer",
        itemStyle: { color: ink.c1, borderRadius: [0, 3, 3, 0] },
        label: { show: true, position: "right", color: ink.ink, formatter: ({ value }) => share(value) },
      },
      ...(spread
        ? [
            {
              type: "scatter",
              symbol: "rect",
              symbolSize: [3, 22],
              data: shown.map((each, at) => (each.conditional ? [each.share_where_active, at] : null)).filter(Boolean),
              itemStyle: { color: ink.c2 },
              z: 5,
              silent: true,
            },
          ]
        : []),
    ],
  };
}
