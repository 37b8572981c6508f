// One search, live: what is best, where it is going, which hyperparameter matters, and every trial.
import { all, get, listen, send } from "../api.js";
import { chart, COLOURS } from "../charts.js";
import { el, fill } from "../dom.js";
import { duration, number, values } from "../format.js";
import { refresher } from "../refresh.js";

const TRIAL_KINDS = ["trial.queued", "trial.started", "trial.epoch", "trial.completed", "trial.stopped", "trial.failed",
  "trial.requeued", "trial.lost", "trial.released", "trial.cancelled"];
const SEARCH_KINDS = ["search.started", "search.paused", "search.resumed", "search.changed", "search.completed",
  "search.failed", "search.cancelled"];
const ENDED = ["COMPLETED", "FAILED", "CANCELLED"];
const CURVES = COLOURS.length;

export async function searchPage(main, id, setLive) {
  const base = `/v1/searches/${encodeURIComponent(id)}`;
  const chosen = { hyperparameter: null, metric: null, trend: null, at: "best", sort: "number", down: true };
  const places = Object.fromEntries(["head", "facts", "history", "curves", "trend", "bands", "best", "trials"]
    .map((name) => [name, el("section", { class: ["head", "facts"].includes(name) ? "" : `card ${["trials", "best"].includes(name) ? "wide" : ""}` })]));

  async function draw() {
    const [search, history, trials, best] = await Promise.all([get(base), get(`${base}/trends/objective`),
      all(`${base}/trials`, { limit: 200 }), get(`${base}/best`, { count: 1 })]);
    const known = [...new Set(trials.flatMap((trial) => Object.keys(trial.hyperparameters)))];
    // What is searched over orders of magnitude, the learning rate mostly, tells most at first sight.
    const ranges = (search.definition.hyperparameters ?? []).filter((hp) => hp.sampling === "log").map((hp) => hp.name);
    chosen.hyperparameter ??= known.find((name) => ranges.includes(name)) ?? known[0] ?? null;
    const metrics = [...new Set([search.objective.name, ...trials.flatMap((trial) => Object.keys(trial.metrics))])];
    chosen.metric ??= search.objective.name;
    chosen.trend ??= search.objective.name;
    drawHead(search);
    drawFacts(search);
    drawHistory(search, history);
    drawTrials(search, trials);
    drawBest(best.items[0]);
    await Promise.all([drawCurves(search, trials), drawTrend(search, known, metrics), drawBands(search)]);
  }

  async function act(verb) {
    try { await send("POST", `${base}/${verb}`); } catch (error) { alert(error.message); }
    redraw.soon();
  }

  function drawHead(search) {
    const button = (verb, label, danger) => el("button", { class: `act ${danger ? "danger" : ""}`, type: "button", onclick: () => act(verb) }, label);
    fill(places.head,
      el("div", { class: "row" },
        el("h1", {}, search.name, " ", el("span", { class: `state ${search.state}` }, search.state),
          el("small", {}, `${search.tuner} on ${search.definition.dataset?.name ?? "its data"}`)),
        search.state === "RUNNING" || search.state === "QUEUED" ? button("pause", "Pause") : null,
        search.state === "PAUSED" ? button("resume", "Resume") : null,
        ENDED.includes(search.state) ? null : button("cancel", "Cancel", true),
        el("a", { class: "act", href: `${base}/export?table=trials&format=csv`, download: "" }, "Trials as CSV"),
        el("a", { class: "act", href: `${base}/export?table=epochs&format=csv`, download: "" }, "Epochs as CSV")),
      search.state_reason ? el("p", { class: search.state === "FAILED" ? "error" : "note" }, search.state_reason.message) : null,
      el("p", {}, el("progress", { value: search.progress ?? 0, max: 1, "aria-label": "progress" })));
  }

  function drawFacts(search) {
    const fact = (label, value) => el("div", { class: "card fact" }, el("b", {}, value), el("span", {}, label));
    const t = search.trials;
    places.facts.className = "facts";
    fill(places.facts,
      fact(`best ${search.objective.name} (${search.objective.direction})`, number(search.best?.score)),
      fact("trials ended", `${t.completed + t.stopped + t.failed + t.cancelled}${search.planned_trials ? ` of ${search.planned_trials}` : ""}`),
      fact("running", String(t.running)),
      fact("failed", String(t.failed)),
      fact("epochs trained", number(search.epochs_recorded)),
      fact("elapsed", duration(search.elapsed_seconds)),
      fact("left (estimate)", ENDED.includes(search.state) ? "–" : duration(search.remaining_seconds)));
  }

  function drawHistory(search, history) {
    const points = history.points.map((p, i) => ({ x: i + 1, y: p.score, title: `trial ${p.number}: ${number(p.score)}` }));
    const best = history.points.map((p, i) => ({ x: i + 1, y: p.best }));
    fill(places.history, el("h2", {}, "Objective by trial"),
      chart({ title: "score of each trial and best so far", xWhole: true, xLabel: "trials in order of ending", yLabel: search.objective.name,
        series: [{ kind: "step", points: best, colour: COLOURS[1] }, { kind: "dots", points, colour: COLOURS[0] }] }),
      legend([["score", COLOURS[0]], ["best so far", COLOURS[1]]]));
  }

  async function drawCurves(search, trials) {
    const running = trials.filter((trial) => trial.state === "RUNNING");
    const rest = trials.filter((trial) => trial.state !== "RUNNING" && trial.epochs > 0)
      .sort((a, b) => Date.parse(b.ended_at ?? 0) - Date.parse(a.ended_at ?? 0));
    const shown = [...running, ...rest].slice(0, CURVES);
    const name = search.objective.name;
    const curves = await Promise.all(shown.map(async (trial) => ({
      trial, rows: (await get(`/v1/trials/${trial.id}/epochs`, { limit: 500 })).items.filter((row) => row.execution === 0) })));
    const series = curves.map(({ trial, rows }, i) => ({ kind: "line", faint: running.length > 0 && trial.state !== "RUNNING",
      colour: COLOURS[i % COLOURS.length], points: rows.map((row) => ({ x: row.epoch + 1, y: row.metrics[name],
        title: `trial ${trial.number}, epoch ${row.epoch}: ${number(row.metrics[name])}` })) }));
    fill(places.curves, el("h2", {}, "Learning curves, running and latest trials"),
      chart({ title: "learning curves", xWhole: true, xLabel: "epoch", yLabel: name, series }),
      legend(curves.map(({ trial }, i) => [`trial ${trial.number}${trial.state === "RUNNING" ? " (running)" : ""}`, COLOURS[i % COLOURS.length]])));
  }

  async function drawTrend(search, known, metrics) {
    const name = chosen.hyperparameter;
    if (!name || !known.includes(name)) { fill(places.trend, el("h2", {}, "Hyperparameter trend"), el("p", { class: "note" }, "Appears with the first scored trial.")); return; }
    const again = (change) => { Object.assign(chosen, change); drawTrend(search, known, metrics); };
    const trend = await get(`${base}/trends/hyperparameters/${encodeURIComponent(name)}`, { metric: chosen.trend, at: chosen.at });
    const stated = search.definition.hyperparameters.find((hp) => name === hp.name || matches(hp.name, name));
    const numeric = trend.points.every((p) => typeof p.value === "number");
    const kinds = trend.values.map((v) => number(v.value));
    const place = (value) => (numeric ? value : kinds.indexOf(number(value)));
    fill(places.trend,
      el("div", { class: "head" }, el("h2", {}, "Score by hyperparameter"), el("span", {},
        pick("Metric", metrics, chosen.trend, (value) => again({ trend: value })), " ",
        pick("Epoch", ["best", "last"], chosen.at, (value) => again({ at: value })), " ",
        pick("Hyperparameter", known, name, (value) => again({ hyperparameter: value })))),
      chart({ title: `score against ${name}`, xLabel: numeric ? name : kinds.map((kind, i) => `${i} = ${kind}`).join(", "),
        yLabel: `${trend.metric.name}, ${trend.at} epoch`, xLog: stated?.sampling === "log", xWhole: trend.points.every((p) => Number.isInteger(place(p.value))),
        series: [{ kind: "line", colour: COLOURS[1], points: trend.values.map((v) => ({ x: place(v.value), y: v.median })).sort((a, b) => a.x - b.x) },
          { kind: "dots", colour: COLOURS[0], points: trend.points.map((p) => ({ x: place(p.value), y: p.score, title: `trial ${p.number}: ${name} ${number(p.value)}, score ${number(p.score)}` })) }] }),
      el("p", { class: "note" }, `${trend.verdict.replaceAll("_", " ")} · best at ${number(trend.best_value)}`,
        trend.diminishing_returns_at === null ? "" : ` · little gain beyond ${number(trend.diminishing_returns_at)}`));
  }

  async function drawBands(search) {
    const trend = await get(`${base}/trends/epochs`, { metric: chosen.metric });
    const at = (quantile) => trend.quantiles.indexOf(quantile);
    const band = (low, high) => ({ colour: COLOURS[0], points: trend.bands.map((b) => ({ x: b.epoch + 1, low: b.quantiles[at(low)], high: b.quantiles[at(high)] })) });
    fill(places.bands, el("h2", {}, "Learning curves of all trials"),
      chart({ title: "quantile bands of the learning curves", xWhole: true, xLabel: "epoch", yLabel: trend.metric,
        bands: trend.bands.length > 1 ? [band(0.1, 0.9), band(0.25, 0.75)] : [],
        series: [{ kind: "line", colour: COLOURS[0], points: trend.bands.map((b) => ({ x: b.epoch + 1, y: b.quantiles[at(0.5)] })) }] }),
      legend([["median; bands hold the middle half and the middle four fifths", COLOURS[0]]]));
  }

  function drawBest(best) {
    if (!best) { fill(places.best, el("h2", {}, "Best"), el("p", { class: "note" }, "No trial has been scored yet.")); return; }
    const metrics = Object.entries(best.metrics).map(([name, value]) => `${name} ${number(value)}`).join(" · ");
    fill(places.best,
      el("div", { class: "head" }, el("h2", {}, `Best: trial ${best.number}, ${number(best.score)} at epoch ${best.best_epoch}`),
        el("span", {}, el("button", { class: "act", type: "button", onclick: (event) => copy(event.target, best.code) }, "Copy Keras code"), " ",
          el("a", { class: "act", href: `/v1/trials/${best.id}/model`, download: "" }, "Download model"))),
      el("p", {}, values(best.hyperparameters)),
      el("p", { class: "note" }, `${metrics} · ${number(best.parameters)} parameters · ${duration(best.seconds)}`),
      el("details", {}, el("summary", {}, "Keras code"), el("pre", {}, best.code)));
  }

  function drawTrials(search, trials) {
    const columns = [["number", "Trial"], ["state", "State"], ["score", search.objective.name], ["best_epoch", "Best epoch"],
      ["epochs", "Epochs"], ["seconds", "Seconds"], ["parameters", "Parameters"]];
    const order = [...trials].sort((a, b) => compare(a[chosen.sort], b[chosen.sort]) * (chosen.down ? -1 : 1));
    const sort = (key) => () => { chosen.down = chosen.sort === key ? !chosen.down : key !== "number"; chosen.sort = key; drawTrials(search, trials); };
    const focused = document.activeElement?.dataset?.sort;
    fill(places.trials, el("h2", {}, "Trials"), el("div", { class: "scroll" }, el("table", {},
      el("thead", {}, el("tr", {}, columns.map(([key, label]) => el("th", { scope: "col", class: key === "state" ? "" : "num",
        "aria-sort": chosen.sort === key ? (chosen.down ? "descending" : "ascending") : null },
        el("button", { type: "button", "data-sort": key, onclick: sort(key) }, label, chosen.sort === key ? (chosen.down ? " ↓" : " ↑") : ""))),
        el("th", { scope: "col" }, "Hyperparameters"))),
      el("tbody", {}, order.slice(0, 300).map((trial) => el("tr", { class: trial.id === search.best?.trial_id ? "best" : "" },
        columns.map(([key]) => key === "state"
          ? el("td", {}, el("span", { class: `state ${trial.state}`, title: trial.failure?.message }, trial.state))
          : el("td", { class: "num" }, number(trial[key]))),
        el("td", { class: "wrap values" }, Object.entries(trial.hyperparameters).map(([name, value]) => [`${name} `, el("b", {}, number(value)), "  "]),
          trial.failure ? el("div", {}, `${trial.failure.code}: ${trial.failure.message}`) : null)))))),
      order.length > 300 ? el("p", { class: "note" }, `${order.length - 300} more are in the CSV.`) : null);
    if (focused) places.trials.querySelector(`[data-sort="${focused}"]`)?.focus();
  }

  await draw();
  fill(main, places.head, places.facts, el("div", { class: "grid" }, places.history, places.curves, places.trend, places.bands, places.best, places.trials));
  const redraw = refresher(draw);
  const close = listen(`${base}/events`, [...TRIAL_KINDS, ...SEARCH_KINDS], redraw.soon, setLive);
  return () => { redraw.end(); close(); };
}

function matches(pattern, name) {
  const [before, after] = pattern.split("{i}");
  return after !== undefined && name.startsWith(before) && name.endsWith(after);
}

function compare(a, b) {
  if (a === b) return 0;
  if (a === null || a === undefined) return -1;
  if (b === null || b === undefined) return 1;
  return a < b ? -1 : 1;
}

function legend(entries) {
  return el("div", { class: "legend" }, entries.map(([label, colour]) => {
    const mark = el("i", {});
    mark.style.background = colour;
    return el("span", {}, mark, label);
  }));
}

function pick(label, options, current, chose) {
  return el("select", { "aria-label": label, onchange: (event) => chose(event.target.value) },
    options.map((name) => el("option", { value: name, selected: name === current }, name)));
}

async function copy(button, text) {
  await navigator.clipboard.writeText(text);
  const label = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = label; }, 1500);
}
