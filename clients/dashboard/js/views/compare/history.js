// Best so far of several searches, by trials, epochs or seconds.
import { figure } from "../../charts/figure.js";
import { SERIES, axis, legend, room, snug, tip, tooltip } from "../../charts/parts.js";
import { segments } from "../../components/controls.js";
import { duration, number } from "../../format.js";

const BY = [
  ["trials", "Trials"],
  ["epochs", "Epochs"],
  ["elapsed_seconds", "Time"],
  ["training_seconds", "Training time"],
];
const AXES = {
  trials: "scored trials",
  epochs: "epochs",
  elapsed_seconds: "time since the start",
  training_seconds: "training time of the trials",
};

/** The colour of the search at a place. */
export function colour(at) {
  return SERIES[at % SERIES.length];
}

/** Names of the searches, numbered where two are called the same. */
export function labels({ searches }) {
  return searches.map((each, at) =>
    searches.some((other, place) => place !== at && other.name === each.name) ? `${each.name} (${at + 1})` : each.name,
  );
}

/** The figure; its data are the API's comparison. `state.by` says what they are drawn by, and `chose(by)` is told when that changes. */
export function bestSoFar({ state, chose }) {
  const shown = (value) => (state.by.endsWith("seconds") ? duration(value) : number(value));
  return figure({
    title: "Best so far",
    size: "tall",
    describe: (told) => {
      const each = told.searches.map(
        ({ name, best }) => `${name} ${number(best?.score)} after ${shown(best?.[state.by])}`,
      );
      return `Best so far by ${AXES[state.by]}: ${each.join(", ")}.`;
    },
    option: (told, ink) => option(told, ink, state.by, shown),
    table: (told) => ({
      columns: ["search", AXES[state.by], "best so far"],
      rows: told.searches.flatMap((each, at) =>
        each.curve.map((step) => [labels(told)[at], step[state.by], step.best]),
      ),
    }),
    controls: [segments("Best so far by", BY, state.by, chose)],
    under: () => "A line stays level until a better trial has ended.",
    empty: () => "No trial is scored yet. Lines begin with the first one.",
  });
}

function option(told, ink, by, shown) {
  if (!told.searches.some((each) => each.curve.length)) return null;
  const names = labels(told);
  const lines = told.searches.map((each, at) => ({
    type: "line",
    name: names[at],
    step: "end",
    symbol: "circle",
    symbolSize: 5,
    showSymbol: each.curve.length < 60,
    data: each.curve.map((step) => [step[by], step.best]),
    lineStyle: { width: 2, color: ink[colour(at)] },
    itemStyle: { color: ink[colour(at)] },
  }));
  if (told.target !== null) lines[0].markLine = targetLine(told.target, ink);
  const objective = told.comparable ? told.searches[0].objective.name : "best score (objectives differ)";
  return {
    grid: room({ left: 68, bottom: 78 }),
    legend: legend(ink, names),
    xAxis: axis(ink, AXES[by], {
      whole: by === "trials" || by === "epochs",
      scale: false,
      axisLabel: { formatter: shown },
    }),
    yAxis: axis(ink, objective, { side: "y", ...snug() }),
    tooltip: tooltip(ink, (one) =>
      tip(one.seriesName, [
        [AXES[by], shown(one.value[0])],
        ["best so far", one.value[1]],
      ]),
    ),
    series: lines,
  };
}

function targetLine(target, ink) {
  return {
    silent: true,
    symbol: "none",
    data: [{ yAxis: target }],
    lineStyle: { color: ink.accent, type: "dashed" },
    label: { formatter: `target ${number(target)}`, position: "insideEndTop", color: ink.accent },
  };
}
