// What pairs of hyperparameters explain beyond both, as a field of cells.
import { figure } from "../../../charts/figure.js";
import { axis, tip, tooltip } from "../../../charts/parts.js";
import { el } from "../../../dom.js";
import { share, why } from "./words.js";

/** The figure; its data are the API's importances. `contourOf(names)` is the address of a pair's contour. */
export function importancePairs({ contourOf }) {
  return figure({
    title: "What pairs explain beyond both",
    size: "tall",
    describe: (found) =>
      found.pairs.length
        ? `Pairs: ${found.pairs
            .slice(0, 5)
            .map((each) => `${each.names.join(" with ")} ${share(each.share)}`)
            .join(", ")}.`
        : "No pairs.",
    option,
    table: (found) => ({
      columns: ["pair", "share beyond both", "share where active", "trials"],
      rows: found.pairs.map((pair) => [
        el("a", { href: contourOf(pair.names) }, pair.names.join(" with ")),
        pair.share,
        pair.share_where_active,
        pair.trials,
      ]),
    }),
    under: (found) => (found.pairs.length ? "Choose a pair to see the metric over both." : null),
    empty: (found) =>
      found?.method === "ped_anova" && found.hyperparameters.length
        ? "PED-ANOVA says nothing about pairs: choose fANOVA."
        : why(found),
    clicked: (event) => {
      if (event.data?.names) location.hash = contourOf(event.data.names);
    },
  });
}

function option(found, ink) {
  if (!found.pairs.length) return null;
  const names = [
    ...new Set(
      found.hyperparameters
        .map((each) => each.name)
        .filter((name) => found.pairs.some((pair) => pair.names.includes(name))),
    ),
  ];
  const cellsOf = found.pairs.map((pair) => {
    const [a, b] = pair.names.map((name) => names.indexOf(name)).sort((one, two) => one - two);
    return { value: [a, b - 1, pair.share], names: pair.names };
  });
  const most = Math.max(...found.pairs.map((pair) => pair.share), 1e-6);
  const look = { color: ink.soft, fontSize: 12, width: 110, overflow: "truncate" };
  return {
    grid: { left: 8, right: 16, top: 8, bottom: 52, containLabel: true },
    xAxis: axis(ink, "", {
      kind: "category",
      values: names.slice(0, -1),
      axisLabel: { ...look, rotate: names.length > 4 ? 30 : 0, interval: 0 },
      axisLine: { show: false },
    }),
    yAxis: axis(ink, "", {
      kind: "category",
      side: "y",
      values: names.slice(1),
      inverse: true,
      axisLabel: { ...look, interval: 0 },
      splitLine: { show: false },
    }),
    visualMap: {
      type: "continuous",
      min: 0,
      max: most,
      calculable: false,
      show: false,
      dimension: 2,
      inRange: { color: [ink.sunk, ink.c1] },
    },
    tooltip: tooltip(ink, (told) =>
      tip(told.data.names.join(" with "), [
        ["beyond both", share(told.data.value[2])],
        ["", "Choose for the contour"],
      ]),
    ),
    series: [
      {
        type: "heatmap",
        data: cellsOf,
        cursor: "pointer",
        itemStyle: { borderColor: ink.card, borderWidth: 2 },
        emphasis: { itemStyle: { borderColor: ink.accent } },
        label: {
          show: true,
          color: ink.ink,
          textBorderColor: ink.card,
          textBorderWidth: 3,
          formatter: ({ value }) => share(value[2]),
        },
      },
    ],
  };
}
