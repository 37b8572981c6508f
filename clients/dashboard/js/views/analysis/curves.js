// The learning curves of all trials as bands, with those of the best, the worst and the running ones over them.
import { keep } from "../../address.js";
import { get } from "../../api.js";
import { labelled, pick, segments } from "../../components/controls.js";
import { pager } from "../../components/pager.js";
import { el, fill } from "../../dom.js";
import { number } from "../../format.js";
import { meanCurve } from "../../stores/curves.js";
import { SCALES, metricChooser } from "./choosers.js";
import { base, question } from "./common.js";
import { bandsFigure } from "./curves/figure.js";
import { MOST_RUNNING, linesOf, pageOf, runningOf } from "./curves/lines.js";

const POINTS = 300;
const COUNTS = ["0", "1", "3", "5", "8"];
const RUNNING = [
  ["yes", "shown"],
  ["no", "hidden"],
];

export async function curvesTab({ place, search, trials, query }) {
  const state = {
    metric: query.get("metric") ?? search.objective.name,
    best: query.get("best") ?? "5",
    worst: query.get("worst") ?? "0",
    running: query.get("running") ?? "yes",
    from: query.get("from") ?? "0",
    y: query.get("y") ?? "linear",
  };
  const ended = new Map();
  const lead = el("p", { class: "lead" });
  const asked = question({
    search,
    ask,
    show: (found) => {
      drawing.update(found);
      fill(lead, leadOf(found));
    },
    fail: (error) => drawing.fail(error.message),
    pause: 3000,
    key: (now) => now.epochs_recorded,
  });
  const drawing = bandsFigure({ search, state });
  const pages = pager({ what: "running trials", size: MOST_RUNNING, chose: (from) => change({ from: from || null }) });
  const change = (next) => {
    Object.assign(state, next);
    keep(next);
    page();
    drawing.busy();
    asked.now();
  };

  /** Which of the running trials are shown, when there are more than can be told apart. */
  function page() {
    const total = state.running === "yes" ? runningOf(trials).length : 0;
    pages.update({ from: pageOf(state.from, total), total });
  }

  async function ask() {
    const { metric } = state,
      lines = linesOf({ search, trials, ...state });
    const [bands, ...curves] = await Promise.all([
      get(`${base(search)}/trends/epochs`, { metric }),
      ...lines.map(({ trial }) => curveOf(trial, metric)),
    ]);
    return {
      ...bands,
      lines: lines.map((one, at) => ({ ...one, curve: curves[at] })).filter((one) => one.curve.length),
    };
  }

  /** The curve of one trial; of one that has ended it is read once. */
  async function curveOf(trial, metric) {
    const key = `${trial.id} ${metric}`;
    if (ended.has(key)) return ended.get(key);
    const read = await get(`/v1/trials/${encodeURIComponent(trial.id)}/epochs`, {
      metrics: metric,
      max_points: POINTS,
    });
    const curve = meanCurve(read.items, metric);
    if (!["RUNNING", "QUEUED"].includes(trial.state)) ended.set(key, curve);
    return curve;
  }

  fill(
    place,
    el(
      "div",
      { class: "row chooser" },
      metricChooser({ search, trials, state, change }),
      labelled(
        "Best",
        pick("How many of the best", COUNTS, state.best, (best) => change({ best })),
      ),
      labelled(
        "Worst",
        pick("How many of the worst", COUNTS, state.worst, (worst) => change({ worst })),
      ),
      labelled(
        "Running",
        pick("Running trials", RUNNING, state.running, (running) => change({ running })),
      ),
      pages.node,
      segments("Scale of the metric", SCALES, state.y, (y) => change({ y })),
    ),
    el("div", { class: "card verdict-card" }, lead),
    drawing.node,
  );
  page();
  drawing.busy();
  asked.now();
  return {
    async refresh(now) {
      search = now;
      page();
      asked.refresh(now);
    },
    end() {
      asked.end();
      drawing.end();
    },
  };
}

/** Where the curves end, in one sentence; nothing while there are none. */
function leadOf({ bands, lines }) {
  if (!bands.length) return null;
  const last = bands.at(-1);
  const best = endsOf(lines, "best"),
    worst = endsOf(lines, "worst");
  const middle = `the middle half of ${number(last.count)} trials lies between ${number(last.quantiles[1])} and ${number(last.quantiles[3])}`;
  return [
    `At epoch ${last.epoch} ${last.count === 1 ? `one trial stands at ${number(last.quantiles[2])}` : middle}`,
    best.length ? `; the best ${best.length === 1 ? "one ends" : `${best.length} end`} at ${spanned(best)}` : "",
    worst.length ? `, the worst ${worst.length === 1 ? "one" : worst.length} at ${spanned(worst)}` : "",
    ".",
  ];
}

function endsOf(lines, role) {
  return lines.filter((one) => one.role === role).map((one) => one.curve.at(-1)[1]);
}

function spanned(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low === high ? number(low) : `${number(low)} to ${number(high)}`;
}
