// Each hyperparameter as a small picture, the one that matters most first; one of them large, with all that is known of it.
import { keep } from "../../address.js";
import { get } from "../../api.js";
import { figure } from "../../charts/figure.js";
import { shapeWords, trendOption, whereNext } from "../../charts/trend.js";
import { pick, segments } from "../../components/controls.js";
import { longTable } from "../../components/table.js";
import { el, fill } from "../../dom.js";
import { number } from "../../format.js";
import {
  base,
  better,
  fourMetrics,
  hyperparametersOf,
  isNumeric,
  labelled,
  metricNames,
  picture,
  question,
  scored,
  tooFew,
  trialLink,
} from "./common.js";

const FEWEST = 2;
const PATIENCE_MS = 2500;
const SMALL_POINTS = 400;
// From so many trials on the order is that of PED-ANOVA, which is there at once.
const MANY = 500;

export async function hyperparametersTab({ place, search, trials, query }) {
  const chosen = query.get("hp");
  let inner = null,
    shown = null;
  function show(name) {
    shown = name;
    inner?.end();
    inner = (name ? one : all)({
      place,
      search,
      trials,
      query: new URLSearchParams(location.hash.split("?")[1] ?? ""),
      name,
      open,
    });
  }
  function open(name) {
    keep({ hp: name, min: null, max: null });
    show(name);
    place.querySelector("h2, h3, select")?.scrollIntoView({ block: "nearest" });
  }
  show(chosen);
  return {
    async refresh(next) {
      search = next;
      // What appears with the first trials: hyperparameters that nobody had until now.
      if (!inner.refresh(next)) show(shown);
    },
    end() {
      inner.end();
    },
  };
}

/** The small multiples. */
function all({ place, search, trials, query, open }) {
  const state = {
    metric: query.get("metric") ?? search.objective.name,
    at: query.get("at") ?? "best",
    order: query.get("order") ?? "importance",
    baseline: query.get("baseline") ?? "",
  };
  const hyperparameters = hyperparametersOf(search, trials);
  const grid = el("div", { class: "multiples" });
  const intro = el("p", { class: "note" });
  const cards = new Map(),
    questions = [];
  let shares = null,
    late = false;

  const change = (next) => {
    Object.assign(state, next);
    keep(next);
    for (const one of questions) one.now();
    describe();
  };
  const controls = el(
    "div",
    { class: "row chooser" },
    labelled(
      "Metric",
      pick("Metric", metricNames(search, trials), state.metric, (metric) => change({ metric })),
    ),
    labelled(
      "of each trial's",
      pick(
        "Epoch",
        [
          ["best", "best epoch"],
          ["last", "last epoch"],
        ],
        state.at,
        (at) => change({ at }),
      ),
    ),
    search.tuner === "sweep"
      ? labelled(
          "of",
          pick(
            "Trials",
            [
              ["", "trials that sweep it"],
              ["all", "all trials"],
            ],
            state.baseline,
            (baseline) => change({ baseline }),
          ),
        )
      : null,
    labelled(
      "Order",
      pick(
        "Order",
        [
          ["importance", "by importance"],
          ["name", "as defined"],
        ],
        state.order,
        (order) => {
          Object.assign(state, { order });
          keep({ order });
          arrange();
        },
      ),
    ),
  );
  fill(place, controls, intro, grid);

  function describe() {
    fill(
      intro,
      `Each dot is a trial; the line is the median of ${state.metric} and the band its middle half. Of ${scored(trials).length} scored trials`,
      shares ? ", the hyperparameter that explains most comes first." : ".",
      " Choose one to see it large.",
    );
  }

  for (const hyperparameter of hyperparameters) cards.set(hyperparameter.name, card(hyperparameter));
  if (!hyperparameters.length)
    fill(
      grid,
      el(
        "div",
        { class: "card hollow wide" },
        "No trial has been proposed yet. Hyperparameters appear here with the first ones.",
      ),
    );
  describe();

  function card(hyperparameter) {
    const verdict = el("p", { class: "says" }),
      share = el("span", { class: "tag", hidden: true });
    const drawing = figure({
      title: hyperparameter.name,
      size: "small",
      describe: (trend) => `${trend.metric.name} against ${trend.name}: ${shapeWords(trend.metrics[0], trend.values)}.`,
      option: (trend, ink) =>
        trend.trials < FEWEST ? null : trendOption(trend, ink, { log: hyperparameter.sampling === "log", small: true }),
      empty: (trend) => tooFew(trend?.trials ?? 0, FEWEST, "The trend"),
      controls: [share],
      under: (trend) => {
        fill(
          verdict,
          el("b", {}, shapeWords(trend.metrics[0], trend.values)),
          "; best trial at ",
          el("b", {}, number(trend.best_value)),
        );
        return [verdict];
      },
    });
    const button = el(
      "button",
      {
        type: "button",
        class: "opener",
        "data-hp": hyperparameter.name,
        "aria-label": `Show ${hyperparameter.name} large`,
        onclick: () => open(hyperparameter.name),
      },
      "Open",
    );
    drawing.node.querySelector(".controls").append(button);
    drawing.node.addEventListener("click", (event) => {
      if (event.target.closest(".picture")) open(hyperparameter.name);
    });
    const asked = question({
      search,
      pause: 5000,
      ask: () =>
        get(`${base(search)}/trends/hyperparameters/${encodeURIComponent(hyperparameter.name)}`, {
          metric: state.metric,
          at: state.at,
          baseline: state.baseline || null,
          points: SMALL_POINTS,
        }),
      show: (trend) => drawing.update(trend),
      fail: (error) => drawing.fail(error.message),
    });
    questions.push(asked);
    drawing.busy("");
    return {
      node: drawing.node,
      drawing,
      asked,
      say(value, method) {
        share.hidden = false;
        share.textContent = `${Math.round(value * 100)} %`;
        share.title =
          method === "fanova"
            ? "Share of the variance that it explains by itself (fANOVA)"
            : "Share of what sets the best trials apart (PED-ANOVA)";
      },
    };
  }

  function arrange() {
    const names = [...cards.keys()];
    if (shares && state.order === "importance") names.sort((a, b) => (shares.get(b) ?? 0) - (shares.get(a) ?? 0));
    const focused = document.activeElement;
    fill(
      grid,
      names.map((name) => cards.get(name).node),
    );
    if (grid.contains(focused)) focused.focus();
  }

  async function weigh() {
    try {
      const found = await get(`${base(search)}/importance`, {
        metric: state.metric,
        at: state.at,
        method: scored(trials).length > MANY ? "ped_anova" : "fanova",
      });
      if (!found.hyperparameters.length) return;
      shares = new Map(found.hyperparameters.map((each) => [each.name, each.share]));
      for (const [name, one] of cards) if (shares.has(name)) one.say(shares.get(name), found.method);
      describe();
      // Cards do not jump under the hand that points at one.
      if (!late || !grid.matches(":hover, :focus-within")) arrange();
    } catch {
      /* the order is then the definition's; the tab "Importance" says why */
    }
  }

  if (cards.size) {
    // A moment's patience for the order; then cards are shown as they are.
    Promise.race([
      weigh(),
      new Promise((done) => {
        setTimeout(done, PATIENCE_MS);
      }),
    ]).then(() => {
      if (!grid.children.length) {
        late = true;
        arrange();
      }
    });
    // Two at a time: the page's other questions come through.
    let at = 0;
    const next = async () => {
      while (at < questions.length) await questions[at++].now();
    };
    next();
    next();
  }
  return {
    refresh(now) {
      if (hyperparametersOf(now, trials).length !== cards.size) return false;
      search = now;
      for (const one of questions) one.refresh(now);
      return true;
    },
    end() {
      for (const { drawing, asked } of cards.values()) {
        drawing.end();
        asked.end();
      }
    },
  };
}

/** One hyperparameter large. */
function one({ place, search, trials, query, name, open }) {
  const hyperparameters = hyperparametersOf(search, trials);
  const hyperparameter = hyperparameters.find((each) => each.name === name);
  const names = metricNames(search, trials);
  const four = fourMetrics(names, search.objective);
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
    ask: () =>
      get(`${base(search)}/trends/hyperparameters/${encodeURIComponent(name)}`, {
        metric: state.view === "four" ? [state.metric, ...four.filter((each) => each !== state.metric)] : state.metric,
        at: state.at,
        min: state.min === "" ? null : state.min,
        max: state.max === "" ? null : state.max,
        baseline: state.baseline || null,
      }),
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
  fill(
    place,
    el(
      "div",
      { class: "row chooser" },
      el("button", { type: "button", onclick: () => open(null) }, "← All hyperparameters"),
      labelled(
        "Hyperparameter",
        pick(
          "Hyperparameter",
          hyperparameters.map((each) => each.name),
          name,
          (next) => open(next),
        ),
      ),
      labelled(
        "Metric",
        pick("Metric", names, state.metric, (metric) => change({ metric })),
      ),
      labelled(
        "at the",
        pick(
          "Epoch",
          [
            ["best", "best epoch"],
            ["last", "last epoch"],
          ],
          state.at,
          (at) => change({ at }),
        ),
      ),
      hyperparameter && isNumeric(hyperparameter)
        ? labelled(
            "Values from",
            el(
              "span",
              { class: "row bounds" },
              bound("min", `Smallest ${name}`),
              " to ",
              bound("max", `Largest ${name}`),
            ),
          )
        : null,
      search.tuner === "sweep"
        ? labelled(
            "of",
            pick(
              "Trials",
              [
                ["", "trials that sweep it"],
                ["all", "all trials"],
              ],
              state.baseline,
              (baseline) => change({ baseline }),
            ),
          )
        : null,
    ),
    el(
      "div",
      { class: "row chooser" },
      four.length > 1
        ? segments(
            "View",
            [
              ["one", "One metric"],
              ["four", four.length === 4 ? "Loss and accuracy, both parts" : "All of these metrics"],
            ],
            state.view,
            (view) => change({ view }),
          )
        : null,
      segments(
        "Drawn as",
        [
          ["line", "Line and dots"],
          ["bar", "Bars"],
        ],
        state.chart,
        (chart) => change({ chart }),
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
    verdict,
    grid,
  );

  const table = longTable({
    label: `Trials by ${name}`,
    identity: (row) => row.trial_id,
    sort: {
      key: query.get("sort") ?? "score",
      down: query.get("down") ? query.get("down") === "yes" : search.objective.direction === "max",
    },
    sorted: ({ key, down }) => keep({ sort: key, down: down ? "yes" : "no" }),
    columns: columnsOf([state.metric]),
    name: () => "",
  });
  function columnsOf(metrics) {
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

  function lay() {
    const wanted = state.view === "four" ? four : [state.metric];
    for (const each of figures.splice(0)) each.end();
    for (const metric of wanted) {
      figures.push(
        figure({
          title: `${metric} against ${name}`,
          size: wanted.length === 1 ? "tall" : "",
          describe: (trend) => {
            const shape = shapeOf(trend, metric);
            return `${shape.name} against ${trend.name}, ${trend.trials} trials: ${shapeWords(shape, shape.values)}; best at ${number(shape.best_value)}.`;
          },
          option: (trend, ink) =>
            trend.trials < FEWEST
              ? null
              : trendOption(trend, ink, {
                  metric: trend.metrics.findIndex((each) => each.name === metric),
                  log: hyperparameter?.sampling === "log",
                  chart: state.chart,
                  yLog: state.y === "log",
                  colour: metric.startsWith("val_") || wanted.length === 1 ? "c1" : "c2",
                }),
          table: (trend) => ({
            columns: [name, "trials", "mean", "median", "lower quartile", "upper quartile", "best"],
            rows: shapeOf(trend, metric).values.map((group) => [
              group.low !== null && group.low !== group.high
                ? `${number(group.low)} – ${number(group.high)}`
                : group.value,
              group.count,
              group.mean,
              group.median,
              group.q25,
              group.q75,
              group.best,
            ]),
          }),
          picture: () =>
            picture(search, "hyperparameter", {
              name,
              metric,
              at: state.at,
              chart: state.chart,
              min: state.min,
              max: state.max,
              baseline: state.baseline,
            }),
          under: (trend) => (wanted.length > 1 ? shapeWords(shapeOf(trend, metric), []) : null),
          empty: (trend) => tooFew(trend?.trials ?? 0, FEWEST, "The trend"),
          clicked: (event) => {
            if (event.data?.trial) location.hash = `#/trials/${event.data.trial.trial_id}`;
          },
        }),
      );
    }
    grid.classList.toggle("single", wanted.length === 1);
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
    const wanted = state.view === "four" ? four : [state.metric];
    figures.forEach((each, place) => {
      if (shapeOf(answer, wanted[place])) each.update(answer);
      else each.busy();
    });
  }

  function show(trend) {
    answer = trend;
    draw();
    const shape = trend.metrics[0];
    const next = whereNext(shape, hyperparameter);
    table.recolumn(columnsOf(trend.metrics.map((each) => each.name)));
    table.update(trend.points);
    fill(
      verdict,
      el(
        "p",
        { class: "lead" },
        el("b", {}, shapeWords(shape, shape.values, name)),
        shape.method.spearman === null ? "" : ` (Spearman's rank correlation ${number(shape.method.spearman)})`,
        `. The best trial has ${number(shape.best_value)}. `,
        next,
      ),
      el(
        "p",
        { class: "note" },
        `${number(trend.trials)} trials${trend.baseline === "only" ? " with all other hyperparameters at their defaults" : ""}${trend.points.length < trend.trials ? `, ${number(trend.points.length)} of them shown` : ""}; ${shape.name} at the ${trend.at} epoch, ${better(shape.direction)}.`,
      ),
      el(
        "details",
        {},
        el("summary", {}, "How this was found"),
        el(
          "dl",
          { class: "method" },
          el("dt", {}, "Groups"),
          el("dd", {}, shape.method.grouping),
          el("dt", {}, "Shape"),
          el("dd", {}, shape.method.verdict),
          el("dt", {}, "Little more to gain"),
          el(
            "dd",
            {},
            shape.diminishing_returns_at === null
              ? "not marked: "
              : `marked at ${number(shape.diminishing_returns_at)}: `,
            shape.method.diminishing_returns,
          ),
        ),
      ),
    );
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

  function shapeOf(trend, metric) {
    return trend.metrics.find((each) => each.name === metric);
  }
}
