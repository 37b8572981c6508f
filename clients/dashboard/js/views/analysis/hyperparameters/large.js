// One hyperparameter large: its trend of one metric or of four, what is to be said of it, and the trials by its values.
import { keep } from "../../../address.js";
import { get } from "../../../api.js";
import { labelled, pick, segments } from "../../../components/controls.js";
import { longTable } from "../../../components/table.js";
import { trialLink } from "../../../components/links.js";
import { el, fill } from "../../../dom.js";
import { number } from "../../../format.js";
import { SCALES, epochChooser, metricChooser, sweepChooser } from "../choosers.js";
import { base, fourMetrics, hyperparametersOf, isNumeric, metricNames, question } from "../common.js";
import { shapeOf, trendFigure } from "./trend.js";
import { verdictOf } from "./verdict.js";

const CHARTS = [
  ["line", "Line and dots"],
  ["bar", "Bars"],
];

/** Draws it into `place`; `open(name)` shows another one, `open(null)` all of them. */
export function large({ place, search, trials, query, name, open }) {
  const hyperparameters = hyperparametersOf(search, trials);
  const hyperparameter = hyperparameters.find((each) => each.name === name);
  const four = fourMetrics(metricNames(search, trials), search.objective);
  const state = {
    metric: query.get("metric") ?? search.objective.name,
    at: query.get("at") ?? "best",
    min: query.get("min") ?? "",
    max: query.get("max") ?? "",
    baseline: query.get("baseline") ?? "",
    view: query.get("view") ?? "one",
    chart: query.get("chart") ?? "line",
    y: query.get("y") ?? "linear",
  };
  const figures = [];
  let answer = null;
  const grid = el("div", { class: "grid" }),
    verdict = el("div", { class: "card verdict-card", "aria-live": "polite" });
  const asked = question({
    search,
    ask,
    show,
    fail: (error) => {
      for (const each of figures) each.fail(error.message);
      fill(verdict, error.message);
    },
  });
  const change = (next) => {
    Object.assign(state, next);
    keep(next);
    lay();
    asked.now();
  };
  const table = longTable({
    label: `Trials by ${name}`,
    identity: (row) => row.trial_id,
    sort: {
      key: query.get("sort") ?? "score",
      down: query.get("down") ? query.get("down") === "yes" : search.objective.direction === "max",
    },
    sorted: ({ key, down }) => keep({ sort: key, down: down ? "yes" : "no" }),
    columns: columnsOf(name, [state.metric]),
  });
  fill(place, whatRow(), howRow(), verdict, grid);

  function whatRow() {
    const names = hyperparameters.map((each) => each.name);
    return el(
      "div",
      { class: "row chooser" },
      el("button", { type: "button", onclick: () => open(null) }, "← All hyperparameters"),
      labelled("Hyperparameter", pick("Hyperparameter", names, name, open)),
      metricChooser({ search, trials, state, change }),
      epochChooser({ state, change }),
      hyperparameter && isNumeric(hyperparameter) ? boundsChooser(name, state, change) : null,
      sweepChooser({ search, state, change }),
    );
  }

  function howRow() {
    const views = [
      ["one", "One metric"],
      ["four", four.length === 4 ? "Loss and accuracy, both parts" : "All of these metrics"],
    ];
    return el(
      "div",
      { class: "row chooser" },
      four.length > 1 ? segments("View", views, state.view, (view) => change({ view })) : null,
      segments("Drawn as", CHARTS, state.chart, (chart) => change({ chart })),
      segments("Scale of the metric", SCALES, state.y, (y) => change({ y })),
    );
  }

  function ask() {
    return get(`${base(search)}/trends/hyperparameters/${encodeURIComponent(name)}`, {
      metric: state.view === "four" ? [state.metric, ...four.filter((each) => each !== state.metric)] : state.metric,
      at: state.at,
      min: state.min === "" ? null : state.min,
      max: state.max === "" ? null : state.max,
      baseline: state.baseline || null,
    });
  }

  function wanted() {
    return state.view === "four" ? four : [state.metric];
  }

  /** Figures for the metrics that are wanted now. */
  function lay() {
    for (const each of figures.splice(0)) each.end();
    const metrics = wanted(),
      alone = metrics.length === 1;
    for (const metric of metrics) figures.push(trendFigure({ search, name, hyperparameter, metric, state, alone }));
    grid.classList.toggle("single", alone);
    fill(
      grid,
      figures.map((each) => each.node),
      el(
        "section",
        { class: "card wide", "aria-label": "Trials" },
        el("div", { class: "head" }, el("h2", {}, "Trials by value or score")),
        table.node,
      ),
    );
    if (answer === null) for (const each of figures) each.busy();
    else draw();
  }

  function draw() {
    const metrics = wanted();
    figures.forEach((each, place_) => {
      if (shapeOf(answer, metrics[place_])) each.update(answer);
      else each.busy();
    });
  }

  function show(trend) {
    answer = trend;
    draw();
    table.recolumn(
      columnsOf(
        name,
        trend.metrics.map((each) => each.name),
      ),
    );
    table.update(trend.points);
    fill(verdict, verdictOf(trend, name, hyperparameter));
  }

  lay();
  asked.now();
  return {
    refresh(now) {
      search = now;
      asked.refresh(now);
      return true;
    },
    end() {
      asked.end();
      for (const each of figures) each.end();
    },
  };
}

/** Fields for the part of the range that counts. */
function boundsChooser(name, state, change) {
  const bound = (key, label) =>
    el("input", {
      type: "number",
      step: "any",
      class: "bound",
      value: state[key],
      "aria-label": label,
      placeholder: key,
      onchange: (event) => {
        if (event.target.validity.valid) change({ [key]: event.target.value });
      },
    });
  return labelled(
    "Values from",
    el("span", { class: "row bounds" }, bound("min", `Smallest ${name}`), " to ", bound("max", `Largest ${name}`)),
  );
}

function columnsOf(name, metrics) {
  return [
    {
      key: "number",
      label: "trial",
      num: true,
      value: (row) => row.number,
      cell: (row) => trialLink(row.trial_id, `${row.number}`),
    },
    { key: "value", label: name, num: true, value: (row) => row.value, cell: (row) => number(row.value) },
    ...metrics.map((metric, place) => ({
      key: place ? metric : "score",
      label: metric,
      num: true,
      value: (row) => row.metrics[metric],
      cell: (row) => number(row.metrics[metric]),
    })),
  ];
}
