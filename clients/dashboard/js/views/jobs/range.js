// What a learning-rate range test came to: the loss against the rate, and the range it suggests.
import { figure } from "../../charts/figure.js";
import { axis, legend, room, tip, tooltip } from "../../charts/parts.js";
import { copyButton, fact } from "../../components/controls.js";
import { el } from "../../dom.js";
import { number } from "../../format.js";
import { pairs } from "./pairs.js";

const NAMES = { loss: "loss of a batch", smoothed: "smoothed", range: "suggested range" };

/** `{nodes, end}` of a test that has rates. */
export function rangeParts(job) {
  const chart = lossFigure(job);
  chart.update(job);
  return { nodes: [facts(job), chart.node, useIt(job)], end: () => chart.end() };
}

function facts({ suggestion: found, rates, batch_size: rows, diverged }) {
  return el(
    "div",
    { class: "facts" },
    fact("suggested from", number(found?.min_rate)),
    fact("to", number(found?.max_rate)),
    fact("steepest at", number(found?.steepest)),
    fact("batches", number(rates.length)),
    fact("rows a batch", number(rows)),
    fact("why it ended", diverged ? "it blew up" : "rates ran out"),
  );
}

/** The suggestion as a hyperparameter, and the values of the others. */
function useIt({ suggestion: found, hyperparameters }) {
  const range =
    found &&
    JSON.stringify({
      name: "learning_rate",
      type: "float",
      min_value: found.min_rate,
      max_value: found.max_rate,
      sampling: "log",
    });
  return el(
    "div",
    { class: "card job-part" },
    el("div", { class: "head" }, el("h2", {}, "Use it"), range ? copyButton("Copy", () => range) : null),
    range
      ? [el("p", {}, "As a hyperparameter of a definition:"), el("pre", { tabindex: "0" }, range)]
      : el(
          "p",
          { class: "note" },
          "The loss nowhere fell clearly enough to suggest a range: try smaller or larger rates.",
        ),
    el("h3", {}, "Values it was tested with"),
    pairs(Object.entries(hyperparameters)),
  );
}

function lossFigure({ id, suggestion: found }) {
  return figure({
    title: "Loss against the learning rate",
    picture: () => `/v1/searches/${encodeURIComponent(id)}/plots/lr-range-test?format=svg`,
    describe: ({ rates }) =>
      `${rates.length} batches from a rate of ${number(rates[0])} to ${number(rates.at(-1))}.${found ? ` Suggested: ${number(found.min_rate)} to ${number(found.max_rate)}.` : ""}`,
    table: ({ rates, losses, smoothed }) => ({
      columns: ["learning rate", "loss", "smoothed"],
      rows: rates.map((rate, i) => [rate, losses[i], smoothed[i]]),
    }),
    under: ({ losses, smoothed }) =>
      losses.some((loss) => loss > 2 * smoothed[0]) ? "Losses beyond twice the first one are not drawn." : null,
    option,
  });
}

function option({ rates, losses, smoothed, suggestion: found }, ink) {
  if (rates.length < 2) return null;
  const [low, high] = ends(losses, smoothed);
  return {
    grid: room({ bottom: 66 }),
    legend: legend(ink, found ? Object.values(NAMES) : [NAMES.loss, NAMES.smoothed]),
    tooltip: tooltip(
      ink,
      (points) =>
        tip(
          `rate ${number(points[0].data[0])}`,
          points.map((one) => [one.seriesName, one.data[1]]),
        ),
      { trigger: "axis" },
    ),
    xAxis: axis(ink, "learning rate", { kind: "log" }),
    yAxis: { ...axis(ink, "loss", { side: "y" }), min: low, max: high },
    series: [
      {
        name: NAMES.loss,
        type: "scatter",
        symbolSize: 5,
        itemStyle: { color: ink.c8, opacity: 0.6 },
        data: rates.map((rate, i) => [rate, losses[i]]),
      },
      {
        name: NAMES.smoothed,
        type: "line",
        showSymbol: false,
        lineStyle: { width: 2, color: ink.c1 },
        itemStyle: { color: ink.c1 },
        data: rates.map((rate, i) => [rate, smoothed[i]]),
      },
      ...(found ? [suggested(found, low, high, ink)] : []),
    ],
  };
}

/** The suggested range, shaded from top to bottom. */
function suggested({ min_rate: from, max_rate: to }, low, high, ink) {
  return {
    name: NAMES.range,
    type: "line",
    silent: true,
    showSymbol: false,
    tooltip: { show: false },
    lineStyle: { width: 1, color: ink.c3 },
    itemStyle: { color: ink.c3 },
    areaStyle: { color: ink.c3, opacity: 0.15, origin: "start" },
    data: [
      [from, low],
      [from, high],
      [to, high],
      [to, low],
    ],
  };
}

/** Where the axis of the loss begins and ends: what blew up at the end is cut off. */
function ends(losses, smoothed) {
  const known = [...losses, ...smoothed].filter((loss) => loss !== null);
  const most = 2 * (smoothed.find((loss) => loss > 0) ?? Infinity);
  return [round(Math.min(...known), Math.floor), round(Math.min(Math.max(...known), most), Math.ceil)];
}

/** To a tenth of the number's own size. */
function round(value, how) {
  const size = 10 ** Math.floor(Math.log10(Math.abs(value) || 1)) / 10;
  return how(value / size) * size;
}
