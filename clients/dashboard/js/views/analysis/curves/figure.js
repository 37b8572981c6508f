// Bands of all learning curves, with single ones over them.
import { address } from "../../../address.js";
import { band } from "../../../charts/bands.js";
import { figure } from "../../../charts/figure.js";
import { SERIES, axis, legend, room, tip, tooltip } from "../../../charts/parts.js";
import { trialLink } from "../../../components/links.js";
import { number } from "../../../format.js";
import { picture } from "../common.js";
import { lineName } from "./lines.js";

/** The figure; its data are the API's bands with `lines: [{trial, role, curve}]`. `state` says of which metric and on which scale. */
export function bandsFigure({ search, state }) {
  let drawn = [];
  return figure({
    title: "Learning curves",
    size: "huge",
    describe: (found) =>
      `${found.metric} over ${found.bands.length} epochs: bands over up to ${Math.max(0, ...found.bands.map((each) => each.count))} trials, and ${found.lines.length} single curves.`,
    option: (found, ink) => {
      drawn = found.lines;
      return option(found, state.y === "log", ink);
    },
    table: (found) => ({
      columns: [
        "epoch",
        "trials",
        ...found.quantiles.map((each) => `${Math.round(100 * each)} %`),
        ...found.lines.map((one) => trialLink(one.trial.id, lineName(one))),
      ],
      rows: found.bands.map((each) => [
        each.epoch,
        each.count,
        ...each.quantiles,
        ...found.lines.map((one) => one.curve.find(([epoch]) => epoch === each.epoch)?.[1] ?? null),
      ]),
    }),
    picture: () => picture(search, "learning-curves", { metric: state.metric }),
    under: (found) =>
      found.bands.length
        ? "Bands: the middle half and the middle four fifths of all trials at each epoch; the grey line is their median. Choose a line to see its trial."
        : null,
    empty: (found) =>
      found ? `No trial has reported ${found.metric} yet. Bands appear with the first epoch.` : "No epochs yet.",
    clicked: (event) => {
      const line = drawn.find((one) => lineName(one) === event.seriesName);
      if (line) location.hash = address(["trials", line.trial.id]);
    },
  });
}

function option(found, asLog, ink) {
  const { bands, lines, metric } = found;
  if (!bands.length) return null;
  const log =
    asLog &&
    bands.every((each) => each.quantiles[0] > 0) &&
    lines.every((one) => one.curve.every(([, value]) => value > 0));
  const between = (low, high) =>
    bands.map((each) => ({ x: each.epoch, low: each.quantiles[low], high: each.quantiles[high] }));
  return {
    grid: room({ left: 68, bottom: 76 }),
    legend: legend(ink, lines.map(lineName)),
    xAxis: axis(ink, "epoch (from 0)", { whole: true, scale: false, max: "dataMax" }),
    yAxis: axis(ink, metric, { side: "y", kind: log ? "log" : "value" }),
    tooltip: tooltip(ink, (told) => epochTip(told, bands), { trigger: "axis" }),
    series: [
      band(between(0, 4), ink.c1, { opacity: 0.1 }),
      band(between(1, 3), ink.c1, { opacity: 0.16 }),
      {
        type: "line",
        name: "median",
        data: bands.map((each) => [each.epoch, each.quantiles[2]]),
        symbol: "none",
        lineStyle: { color: ink.soft, width: 1.5 },
        z: 2,
      },
      ...singles(lines, ink),
    ],
  };
}

/** The single curves: the best and, dotted, the running ones in colours of their own; the worst grey and dashed. */
function singles(lines, ink) {
  const of = (role) => lines.filter((one) => one.role === role);
  const colour = (place) => ink[SERIES[place % SERIES.length]];
  return [
    ...of("best").map((one, place) => single(one, { color: colour(place), width: 2 })),
    ...of("worst").map((one) => single(one, { color: ink.c8, width: 1.5, type: "dashed" })),
    ...of("running").map((one, place) =>
      single(one, { color: colour(of("best").length + place), width: 2.4, type: [2, 3] }),
    ),
  ];
}

function single(one, lineStyle) {
  return {
    type: "line",
    name: lineName(one),
    data: one.curve,
    symbol: one.curve.length === 1 ? "circle" : "none",
    lineStyle,
    itemStyle: { color: lineStyle.color },
    z: 3,
    triggerLineEvent: true,
  };
}

function epochTip(told, bands) {
  const epoch = told[0]?.axisValue,
    here = bands.find((each) => each.epoch === epoch);
  const ofAll = here
    ? [
        ["median", here.quantiles[2]],
        ["middle half", `${number(here.quantiles[1])} – ${number(here.quantiles[3])}`],
        ["trials", here.count],
      ]
    : [];
  const ofLines = told.filter((one) => one.seriesType === "line" && one.seriesName !== "median");
  return tip(`Epoch ${number(epoch)}`, [...ofAll, ...ofLines.map((one) => [one.seriesName, one.value[1]])]);
}
