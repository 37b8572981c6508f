// A metric over two hyperparameters: what was measured, and shades between it.
import { address, keep } from "../../address.js";
import { get } from "../../api.js";
import { cells } from "../../charts/bands.js";
import { figure } from "../../charts/figure.js";
import { axis, jitter, room, snug, snugLog, tip, tooltip } from "../../charts/parts.js";
import { colourKey } from "../../charts/scales.js";
import { labelled, pick } from "../../components/controls.js";
import { trialLink } from "../../components/links.js";
import { el, fill } from "../../dom.js";
import { better, number } from "../../format.js";
import { epochChooser, metricChooser } from "./choosers.js";
import { base, hyperparametersOf, picture, question, tooFew } from "./common.js";

const FEWEST = 4;

export async function contourTab({ place, search, trials, query }) {
  const hyperparameters = hyperparametersOf(search, trials).map((each) => each.name);
  if (hyperparameters.length < 2) {
    fill(
      place,
      el(
        "div",
        { class: "card hollow" },
        hyperparameters.length
          ? `This search varies ${hyperparameters[0]} only: a contour takes two hyperparameters. Its trend is under "Hyperparameters".`
          : "No trial has been proposed yet. A contour takes two hyperparameters and four scored trials.",
      ),
    );
    return { async refresh() {}, end() {} };
  }
  const state = {
    x: known(query.get("x")) ?? null,
    y: known(query.get("y")) ?? null,
    metric: query.get("metric") ?? search.objective.name,
    at: query.get("at") ?? "best",
  };
  const lead = el("p", { class: "lead", "aria-live": "polite" });
  const pickers = el("span", { class: "row" });
  const asked = question({
    search,
    pause: 5000,
    ask: () => get(`${base(search)}/contour`, state),
    show,
    fail: (error) => drawing.fail(error.message),
  });
  function change(next) {
    // The two axes are never the same: choosing the other's name swaps them.
    if (next.x && next.x === state.y) next.y = state.x;
    if (next.y && next.y === state.x) next.x = state.y;
    Object.assign(state, next);
    keep(next);
    choosers();
    drawing.busy();
    asked.now();
  }
  function known(name) {
    return hyperparameters.includes(name) ? name : null;
  }

  const drawing = figure({
    title: "Contour",
    size: "huge",
    describe: (found) =>
      `${found.metric.name} over ${found.x.name} and ${found.y.name}: ${found.points.length} trials${bestOf(found) ? `, the best (${number(bestOf(found).score)}) at ${number(bestOf(found).x)} and ${number(bestOf(found).y)}` : ""}.`,
    option: (found, ink) => {
      if (found.points.length < FEWEST) return null;
      const across = axisPlaces(found.x),
        up = axisPlaces(found.y);
      const filled = [];
      found.grid.forEach((row, j) =>
        row.forEach((value, i) => {
          if (value !== null) filled.push([...across.cells[i], ...up.cells[j], value]);
        }),
      );
      const all = [...found.points.map((point) => point.score), ...filled.map((each) => each[4])];
      const low = Math.min(...all),
        high = Math.max(...all),
        best = bestOf(found);
      const dot = (point) => ({
        value: [across.place(point.x, point.number), up.place(point.y, point.number), 0, 0, point.score],
        point,
      });
      const key = colourKey(ink, {
        low,
        high,
        direction: found.metric.direction,
        name: found.metric.name,
        dimension: 4,
      });
      return {
        grid: room({ left: 76, right: 24, top: 16, bottom: 92 }),
        xAxis: { ...across.axis(ink, found.x.name, "x") },
        yAxis: { ...up.axis(ink, found.y.name, "y") },
        visualMap: [{ ...key, seriesIndex: [0, 1] }],
        tooltip: tooltip(ink, (told) =>
          told.data?.point
            ? tip(`Trial ${told.data.point.number}`, [
                [found.x.name, told.data.point.x],
                [found.y.name, told.data.point.y],
                [found.metric.name, told.data.point.score],
              ])
            : told.seriesIndex === 0
              ? tip("Between trials", [[found.metric.name, told.data[4]]])
              : null,
        ),
        series: [
          { ...cells(filled), emphasis: { disabled: true } },
          {
            type: "scatter",
            data: found.points.map(dot),
            symbolSize: found.points.length > 1000 ? 4 : 8,
            itemStyle: { borderColor: ink.card, borderWidth: 1.2, opacity: 1 },
            z: 4,
            cursor: "pointer",
            dimensions: ["x", "y", "a", "b", "score"],
            encode: { x: 0, y: 1, tooltip: 4 },
          },
          ...(best
            ? [
                {
                  type: "scatter",
                  data: [dot(best)].map((each) => ({ ...each, value: each.value.slice(0, 2) })),
                  symbol: "circle",
                  symbolSize: 17,
                  itemStyle: { color: "transparent", borderColor: ink.accent, borderWidth: 3 },
                  z: 5,
                },
              ]
            : []),
        ],
      };
    },
    table: (found) => ({
      columns: ["trial", found.x.name, found.y.name, found.metric.name],
      rows: found.points.map((point) => [trialLink(point.trial_id, `${point.number}`), point.x, point.y, point.score]),
    }),
    picture: () => picture(search, "contour", state),
    under: (found) => el("details", {}, el("summary", {}, "How the shades are found"), el("p", {}, found.method, ".")),
    empty: (found) => tooFew(found?.points.length ?? 0, FEWEST, "The contour"),
    clicked: (event) => {
      if (event.data?.point) location.hash = address(["trials", event.data.point.trial_id]);
    },
  });

  function bestOf(found) {
    const sign = found.metric.direction === "max" ? -1 : 1;
    return found.points.reduce((best, point) => (!best || sign * point.score < sign * best.score ? point : best), null);
  }

  function show(found) {
    const best = bestOf(found);
    drawing.retitle(`${found.metric.name} over ${found.x.name} and ${found.y.name}`);
    drawing.update(found);
    fill(
      lead,
      best
        ? `The best of ${number(found.trials ?? found.points.length)} trials with both (${number(best.score)}, ringed) has ${found.x.name} ${number(best.x)} and ${found.y.name} ${number(best.y)}; ${better(found.metric.direction)}. Where no shade is, nothing was tried around.`
        : "",
    );
  }

  function choosers() {
    fill(
      pickers,
      labelled(
        "Across",
        pick("Across", hyperparameters, state.x, (x) => change({ x })),
      ),
      labelled(
        "Up",
        pick("Up", hyperparameters, state.y, (y) => change({ y })),
      ),
      el(
        "button",
        { type: "button", title: "Swap the axes", onclick: () => change({ x: state.y, y: state.x }) },
        "⇄ Swap",
      ),
    );
  }

  fill(
    place,
    el(
      "div",
      { class: "row chooser" },
      pickers,
      metricChooser({ search, trials, state, change }),
      epochChooser({ state, change }),
    ),
    el("div", { class: "card verdict-card" }, lead),
    drawing.node,
  );
  drawing.busy();
  if (!state.x || !state.y || state.x === state.y) Object.assign(state, await mostImportant());
  choosers();
  asked.now();
  return {
    async refresh(now) {
      asked.refresh(now);
    },
    end() {
      asked.end();
      drawing.end();
    },
  };

  /** The pair to begin with: the two that explain most, and any where that is not known. */
  async function mostImportant() {
    let names = [];
    try {
      names = (await get(`${base(search)}/importance`, { method: "ped_anova" })).hyperparameters
        .map((each) => each.name)
        .filter(known);
    } catch {
      /* then the first two */
    }
    const [x, y] = [...new Set([state.x, ...names, ...hyperparameters].filter(Boolean))];
    return { x, y };
  }
}

/** Where values of an axis lie in the picture: numbers on their scale, everything else at whole places. */
function axisPlaces(told) {
  const onNumbers = told.low !== null && told.ticks.every((tick) => typeof tick === "number");
  if (!onNumbers) {
    const names = told.ticks.map(number);
    return {
      cells: names.map((_, at) => [at - 0.5, at + 0.5]),
      place: (value, count) => names.indexOf(number(value)) + 0.6 * jitter(count),
      axis: (ink, name, side) =>
        axis(ink, name, {
          side,
          min: -0.5,
          max: names.length - 0.5,
          scale: false,
          splitLine: { show: false },
          axisLabel: { customValues: names.map((_, at) => at), formatter: (value) => names[value] ?? "" },
        }),
    };
  }
  const log = told.sampling === "log" && told.low > 0;
  const ticks = told.ticks,
    between = (a, b) => (log ? Math.sqrt(a * b) : (a + b) / 2);
  const cellsOf = ticks.map((tick, at) => [
    at ? between(ticks[at - 1], tick) : tick,
    at < ticks.length - 1 ? between(tick, ticks[at + 1]) : tick,
  ]);
  // A single column has no width of its own.
  if (cellsOf.length === 1) cellsOf[0] = log ? [ticks[0] * 0.9, ticks[0] * 1.1] : [ticks[0] - 0.5, ticks[0] + 0.5];
  return {
    cells: cellsOf,
    place: (value) => value,
    axis: (ink, name, side) =>
      axis(ink, name, {
        side,
        splitLine: { show: false },
        ...(log ? snugLog(ticks[0], ticks.at(-1)) : snug(0.02)),
      }),
  };
}
