// Trials side by side: values, metrics, cost, and their learning curves over each other.
import { address, keep } from "../../address.js";
import { all, get, listen } from "../../api.js";
import { figure } from "../../charts/figure.js";
import { axis, legend, room, SERIES, snug, tip, tooltip } from "../../charts/parts.js";
import { pick, segments, state as stateTag } from "../../components/controls.js";
import { el, fill } from "../../dom.js";
import { TRIAL_KINDS } from "../../events.js";
import { duration, number } from "../../format.js";
import { refresher } from "../../refresh.js";
import { meanCurve } from "../../stores/curves.js";
import { picker } from "./picker.js";
import { chip } from "./chip.js";
import { bestPlace, differ, sideBySide } from "./side.js";

const MOST = 12;
const POINTS = 400;

export async function compareTrials({ place, ids, query, live, again }) {
  const state = { metric: query.get("metric"), y: query.get("y") ?? "linear", values: query.get("values") ?? "all" };
  const set = (next) => {
    keep({ trial: next.length ? next : null });
    if (next.length) again();
    else location.hash = address(["compare"]);
  };
  const read = () => Promise.all(ids.map((id) => get(`/v1/trials/${encodeURIComponent(id)}`)));
  let trials = await read(),
    over = false;
  const search = ids.length ? await get(`/v1/searches/${encodeURIComponent(trials[0].search_id)}`) : null;
  const others = new Map([[search.id, search.name]]);
  for (const trial of trials)
    if (!others.has(trial.search_id))
      others.set(trial.search_id, (await get(`/v1/searches/${encodeURIComponent(trial.search_id)}`)).name);
  const names = trials.map((trial) =>
    others.size > 1 ? `${others.get(trial.search_id)}, trial ${trial.number}` : `Trial ${trial.number}`,
  );
  const colour = (at) => SERIES[at % SERIES.length];

  let listed = null;
  const find = async (text) => {
    listed ??= await all(`/v1/searches/${encodeURIComponent(search.id)}/trials`, { limit: 500 }, 20_000);
    const sign = search.objective.direction === "max" ? -1 : 1;
    return listed
      .filter((trial) => !ids.includes(trial.id) && String(trial.number).startsWith(text.replace(/^trial\s*/i, "")))
      .sort((a, b) => (a.score === null) - (b.score === null) || sign * (a.score - b.score))
      .slice(0, 30)
      .map((trial) => ({
        id: trial.id,
        name: `Trial ${trial.number}`,
        more: `${trial.state.toLowerCase()}, ${search.objective.name} ${number(trial.score)}`,
      }));
  };

  const metrics = [...new Set([search.objective.name, ...trials.flatMap((trial) => Object.keys(trial.metrics))])];
  state.metric = metrics.includes(state.metric) ? state.metric : search.objective.name;
  const curves = new Map();
  const drawing = figure({
    title: "Learning curves",
    size: "tall",
    describe: (lines) =>
      `${state.metric} by epoch: ${lines.map((line, at) => `${names[at]} ends at ${number(line.at(-1)?.[1])}`).join(", ")}.`,
    option: (lines, ink) => {
      if (!lines.some((line) => line.length)) return null;
      const log = state.y === "log" && lines.every((line) => line.every(([, value]) => value > 0));
      return {
        grid: room({ left: 68, bottom: 78 }),
        legend: legend(ink, names),
        xAxis: axis(ink, "epoch (from 0)", { whole: true, scale: false, max: "dataMax" }),
        yAxis: axis(ink, state.metric, { side: "y", ...(log ? { kind: "log" } : snug()) }),
        tooltip: tooltip(
          ink,
          (told) =>
            tip(
              `Epoch ${number(told[0]?.axisValue)}`,
              told.map((one) => [one.seriesName, one.value[1]]),
            ),
          { trigger: "axis" },
        ),
        series: lines.map((line, at) => ({
          type: "line",
          name: names[at],
          data: line,
          symbol: line.length === 1 ? "circle" : "none",
          lineStyle: { width: 2, color: ink[colour(at)] },
          itemStyle: { color: ink[colour(at)] },
        })),
      };
    },
    table: (lines) => ({
      columns: ["epoch", ...names],
      rows: [...new Set(lines.flatMap((line) => line.map(([epoch]) => epoch)))]
        .sort((a, b) => a - b)
        .map((epoch) => [epoch, ...lines.map((line) => line.find(([one]) => one === epoch)?.[1] ?? null)]),
    }),
    controls: [
      pick("Metric", metrics, state.metric, (metric) => {
        state.metric = metric;
        keep({ metric });
        show();
      }),
      segments(
        "Scale",
        [
          ["linear", "Linear"],
          ["log", "Log"],
        ],
        state.y,
        (y) => {
          state.y = y;
          keep({ y });
          show();
        },
      ),
    ],
    under: () => "Several executions or folds are averaged epoch by epoch.",
    empty: () => `No epoch has ${state.metric} yet.`,
  });

  async function show() {
    try {
      const metric = state.metric;
      const lines = await Promise.all(
        trials.map(async (trial) => {
          const key = `${trial.id} ${metric}`;
          if (!curves.has(key)) {
            const curve = meanCurve(
              (await get(`/v1/trials/${encodeURIComponent(trial.id)}/epochs`, { metrics: metric, max_points: POINTS }))
                .items,
              metric,
            );
            if (["QUEUED", "RUNNING"].includes(trial.state)) return curve;
            curves.set(key, curve);
          }
          return curves.get(key);
        }),
      );
      if (!over && metric === state.metric) drawing.update(lines);
    } catch (error) {
      drawing.fail(error.message);
    }
  }

  const values = el("div"),
    facts = el("div"),
    lead = el("p", { class: "lead" });
  function draw() {
    const heads = () => trials.map((trial, at) => el("a", { href: address(["trials", trial.id]) }, names[at]));
    const hyperparameters = [...new Set(trials.flatMap((trial) => Object.keys(trial.hyperparameters)))];
    const rows = hyperparameters.map((name) => {
      const found = trials.map((trial) => trial.hyperparameters[name]);
      return { name, cells: found.map((value) => (value === undefined ? "–" : number(value))), differs: differ(found) };
    });
    const different = rows.filter((row) => row.differs);
    fill(
      values,
      sideBySide({
        label: "Values side by side",
        heads: heads(),
        rows: state.values === "different" ? different : rows,
      }),
    );
    const fact = (name, value, text = number, direction = null) => {
      const found = trials.map(value);
      return {
        name,
        cells: found.map((one) => (one === null || one === undefined ? "–" : text(one))),
        best: direction ? bestPlace(found, direction) : undefined,
      };
    };
    fill(
      facts,
      sideBySide({
        label: "Results side by side",
        heads: heads(),
        rows: [
          fact(
            "state",
            (trial) => trial.state,
            (state_) => stateTag(state_),
          ),
          fact(`score (${search.objective.name})`, (trial) => trial.score, number, search.objective.direction),
          ...metrics
            .filter((name) => name !== search.objective.name)
            .map((name) => fact(name, (trial) => trial.metrics[name])),
          fact("best epoch", (trial) => trial.best_epoch),
          fact("epochs", (trial) => trial.epochs),
          fact("training time", (trial) => trial.seconds, duration, "min"),
          fact("parameters", (trial) => trial.parameters, number, "min"),
          fact(
            "device",
            (trial) => trial.device,
            (text) => text,
          ),
        ],
      }),
    );
    fill(
      lead,
      trials.length < 2
        ? "Add another trial to compare it with."
        : different.length
          ? [
              `They differ in ${different.length} of ${rows.length} values: `,
              el("b", {}, different.map((row) => row.name).join(", ")),
              ".",
            ]
          : "Their values are the same: what differs is chance.",
    );
  }

  fill(
    place,
    el(
      "div",
      { class: "card chooser-card" },
      el(
        "div",
        { class: "row" },
        trials.map((trial, at) =>
          chip(names[at], colour(at), () => set(ids.filter((id) => id !== trial.id)), address(["trials", trial.id])),
        ),
      ),
      ids.length < MOST
        ? picker({
            label: "Add a trial",
            placeholder: `Add a trial of ${search.name} by its number …`,
            find,
            chose: (id) => set([...ids, id]),
          })
        : null,
    ),
    el("div", { class: "card verdict-card" }, lead),
    el(
      "div",
      { class: "grid" },
      el(
        "section",
        { class: "card", "aria-label": "Values" },
        el(
          "div",
          { class: "head" },
          el("h2", {}, "Values"),
          segments(
            "Values",
            [
              ["all", "All"],
              ["different", "Only what differs"],
            ],
            state.values,
            (which) => {
              state.values = which;
              keep({ values: which });
              draw();
            },
          ),
        ),
        values,
      ),
      el(
        "section",
        { class: "card", "aria-label": "Results" },
        el("div", { class: "head" }, el("h2", {}, "Results and cost")),
        facts,
      ),
      el("div", { class: "wide" }, drawing.node),
    ),
  );
  draw();
  drawing.busy();
  show();
  const redraw = refresher(async () => {
    trials = await read();
    if (!over) {
      draw();
      await show();
    }
  }, 3000);
  const close = listen(
    "/v1/events",
    TRIAL_KINDS,
    (_kind, event) => {
      if (ids.includes(event.trial_id)) redraw.soon();
    },
    live,
  );
  return {
    end() {
      over = true;
      close();
      redraw.end();
      drawing.end();
    },
  };
}
