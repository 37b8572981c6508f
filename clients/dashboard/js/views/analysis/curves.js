// The learning curves of all trials as bands, with those of the best, the worst and the running ones over them.
import { keep } from "../../address.js";
import { get } from "../../api.js";
import { band } from "../../charts/bands.js";
import { figure } from "../../charts/figure.js";
import { axis, legend, room, SERIES, tip, tooltip } from "../../charts/parts.js";
import { pick, segments } from "../../components/controls.js";
import { el, fill } from "../../dom.js";
import { number } from "../../format.js";
import { base, labelled, meanCurve, metricNames, picture, question, scored } from "./common.js";

const POINTS = 300;
const MOST_RUNNING = 8;

export async function curvesTab({ place, search, trials, query }) {
  const state = {
    metric: query.get("metric") ?? search.objective.name,
    best: query.get("best") ?? "5",
    worst: query.get("worst") ?? "0",
    running: query.get("running") ?? "yes",
    y: query.get("y") ?? "linear",
  };
  const ended = new Map();
  const lead = el("p", { class: "lead" });
  const asked = question({
    search,
    ask,
    show: (found) => {
      drawing.update(found);
      tell(found);
    },
    fail: (error) => drawing.fail(error.message),
    pause: 3000,
    key: (now) => now.epochs_recorded,
  });
  const change = (next) => {
    Object.assign(state, next);
    keep(next);
    drawing.busy();
    asked.now();
  };

  /** Which trials get a line: `[{trial, role}]`. */
  function lines() {
    const sign = search.objective.direction === "max" ? -1 : 1;
    const ranked = scored(trials)
      .filter((trial) => trial.state !== "RUNNING")
      .sort((a, b) => sign * (a.score - b.score) || a.number - b.number);
    const best = ranked.slice(0, Number(state.best)),
      worst = Number(state.worst) ? ranked.slice(Number(state.best)).slice(-Number(state.worst)) : [];
    const running =
      state.running === "yes"
        ? trials
            .all()
            .filter((trial) => trial.state === "RUNNING")
            .slice(0, MOST_RUNNING)
        : [];
    return [
      ...best.map((trial) => ({ trial, role: "best" })),
      ...worst.map((trial) => ({ trial, role: "worst" })),
      ...running.map((trial) => ({ trial, role: "running" })),
    ];
  }

  async function ask() {
    const metric = state.metric,
      wanted = lines();
    const read = async (trial) => {
      const known = ended.get(`${trial.id} ${metric}`);
      if (known) return known;
      const page = await get(`/v1/trials/${encodeURIComponent(trial.id)}/epochs`, {
        metrics: metric,
        max_points: POINTS,
      });
      const curve = meanCurve(page.items, metric);
      if (!["RUNNING", "QUEUED"].includes(trial.state)) ended.set(`${trial.id} ${metric}`, curve);
      return curve;
    };
    const [bands, ...curves] = await Promise.all([
      get(`${base(search)}/trends/epochs`, { metric }),
      ...wanted.map(({ trial }) => read(trial)),
    ]);
    return {
      ...bands,
      lines: wanted.map((one, at) => ({ ...one, curve: curves[at] })).filter((one) => one.curve.length),
    };
  }

  const name = ({ trial, role }) => `trial ${trial.number}${role === "best" ? "" : ` (${role})`}`;
  const drawing = figure({
    title: "Learning curves",
    size: "huge",
    describe: (found) =>
      `${found.metric} over ${found.bands.length} epochs: bands over up to ${Math.max(0, ...found.bands.map((each) => each.count))} trials, and ${found.lines.length} single curves.`,
    option: (found, ink) => {
      if (!found.bands.length) return null;
      const log =
        state.y === "log" &&
        found.bands.every((each) => each.quantiles[0] > 0) &&
        found.lines.every((one) => one.curve.every(([, value]) => value > 0));
      const edge = (low, high) =>
        found.bands.map((each) => ({ x: each.epoch, low: each.quantiles[low], high: each.quantiles[high] }));
      let best = 0;
      const look = {
        best: () => ({ color: ink[SERIES[best++ % SERIES.length]], width: 2 }),
        worst: () => ({ color: ink.c8, width: 1.5, type: "dashed" }),
        running: () => ({ color: ink.accent, width: 2, type: [2, 3] }),
      };
      return {
        grid: room({ left: 68, bottom: 76 }),
        legend: legend(ink, found.lines.map(name)),
        xAxis: axis(ink, "epoch (from 0)", { whole: true, scale: false, max: "dataMax" }),
        yAxis: axis(ink, found.metric, { side: "y", kind: log ? "log" : "value" }),
        tooltip: tooltip(
          ink,
          (told) => {
            const epoch = told[0]?.axisValue,
              here = found.bands.find((each) => each.epoch === epoch);
            return tip(`Epoch ${number(epoch)}`, [
              ...(here
                ? [
                    ["median", here.quantiles[2]],
                    ["middle half", `${number(here.quantiles[1])} – ${number(here.quantiles[3])}`],
                    ["trials", here.count],
                  ]
                : []),
              ...told
                .filter((one) => one.seriesType === "line" && one.seriesName !== "median")
                .map((one) => [one.seriesName, one.value[1]]),
            ]);
          },
          { trigger: "axis" },
        ),
        series: [
          band(edge(0, 4), ink.c1, { opacity: 0.1 }),
          band(edge(1, 3), ink.c1, { opacity: 0.16 }),
          {
            type: "line",
            name: "median",
            data: found.bands.map((each) => [each.epoch, each.quantiles[2]]),
            symbol: "none",
            lineStyle: { color: ink.soft, width: 1.5 },
            z: 2,
          },
          ...found.lines.map((one) => {
            const lineStyle = look[one.role]();
            return {
              type: "line",
              name: name(one),
              data: one.curve,
              symbol: one.curve.length === 1 ? "circle" : "none",
              lineStyle,
              itemStyle: { color: lineStyle.color },
              z: 3,
              triggerLineEvent: true,
              trial: one.trial.id,
            };
          }),
        ],
      };
    },
    table: (found) => ({
      columns: [
        "epoch",
        "trials",
        ...found.quantiles.map((each) => `${Math.round(100 * each)} %`),
        ...found.lines.map(name),
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
      const line = lines().find((one) => name(one) === event.seriesName);
      if (line) location.hash = `#/trials/${line.trial.id}`;
    },
  });

  function tell(found) {
    const best = found.lines.filter((one) => one.role === "best"),
      worst = found.lines.filter((one) => one.role === "worst");
    if (!found.bands.length) {
      fill(lead);
      return;
    }
    const last = found.bands.at(-1),
      of = (lines, pickOne) => pickOne(...lines.map((one) => one.curve.at(-1)[1]));
    fill(
      lead,
      `At epoch ${last.epoch} the middle half of ${number(last.count)} trials lies between ${number(last.quantiles[1])} and ${number(last.quantiles[3])}`,
      best.length
        ? `; the best ${best.length === 1 ? "one ends" : `${best.length} end`} at ${spanned(of(best, Math.min), of(best, Math.max))}`
        : "",
      worst.length
        ? `, the worst ${worst.length === 1 ? "one" : worst.length} at ${spanned(of(worst, Math.min), of(worst, Math.max))}`
        : "",
      ".",
    );
  }
  const spanned = (low, high) => (low === high ? number(low) : `${number(low)} to ${number(high)}`);

  fill(
    place,
    el(
      "div",
      { class: "row chooser" },
      labelled(
        "Metric",
        pick("Metric", metricNames(search, trials), state.metric, (metric) => change({ metric })),
      ),
      labelled(
        "Best",
        pick("How many of the best", ["0", "1", "3", "5", "8"], state.best, (best) => change({ best })),
      ),
      labelled(
        "Worst",
        pick("How many of the worst", ["0", "1", "3", "5", "8"], state.worst, (worst) => change({ worst })),
      ),
      labelled(
        "Running",
        pick(
          "Running trials",
          [
            ["yes", "shown"],
            ["no", "hidden"],
          ],
          state.running,
          (running) => change({ running }),
        ),
      ),
      segments(
        "Scale of the metric",
        [
          ["linear", "Linear"],
          ["log", "Log"],
        ],
        state.y,
        (y) => change({ y }),
      ),
    ),
    el("div", { class: "card verdict-card" }, lead),
    drawing.node,
  );
  drawing.busy();
  asked.now();
  return {
    async refresh(now) {
      search = now;
      asked.refresh(now);
    },
    end() {
      asked.end();
      drawing.end();
    },
  };
}
