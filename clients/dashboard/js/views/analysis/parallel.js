// Every trial as a line across the hyperparameters' axes. Parts of axes are chosen with the mouse on the picture, or by the
// fields below it; the trials that go through all chosen parts are listed.
import { keep } from "../../address.js";
import { get } from "../../api.js";
import { figure } from "../../charts/figure.js";
import { trialLink } from "../../components/links.js";
import { el, fill } from "../../dom.js";
import { better, number } from "../../format.js";
import { epochChooser, metricChooser } from "./choosers.js";
import { base, picture, question, tooFew } from "./common.js";
import { SCORE, axesOf } from "./parallel/axes.js";
import { chosenRows, parsed, written } from "./parallel/brush.js";
import { chosenCard } from "./parallel/chosen.js";
import { axisFields } from "./parallel/fields.js";
import { parallelOption } from "./parallel/option.js";

const ALL = 100_000;
const NARROW = matchMedia("(max-width: 700px)");

export async function parallelTab({ place, search, trials, query }) {
  const state = { metric: query.get("metric") ?? search.objective.name, at: query.get("at") ?? "best" };
  const brushed = parsed(query.get("brush"));
  let hidden = new Set(list(query.get("hide"))),
    order = list(query.get("order"));
  let answer = null,
    axes = [],
    kept = null,
    heard = null,
    telling = false,
    waiting = 0;

  const panel = el("div", { class: "axes-panel" });
  const asked = question({
    search,
    pause: 5000,
    ask: () => get(`${base(search)}/parallel`, { ...state, points: ALL }),
    show,
    fail: (error) => drawing.fail(error.message),
  });
  const change = (next) => {
    Object.assign(state, next);
    keep(next);
    brushed.delete(SCORE);
    remember();
    drawing.busy();
    asked.now();
  };
  const shown = () => axes.filter((axis) => !hidden.has(axis.name));
  const drawing = figure({
    title: "Trials across the axes",
    size: "huge across",
    describe: (found) =>
      `${number(found.rows.length)} trials across ${shown()
        .map((axis) => axis.label)
        .join(", ")}; ${number(chosen().length)} chosen.`,
    option: (found, ink) =>
      found.rows.length < 2 ? null : parallelOption({ found, axes, shown: shown(), upright: NARROW.matches, ink }),
    table: (found) => ({
      columns: ["trial", ...axes.map((axis) => axis.label)],
      rows: found.rows.map((row) => [
        trialLink(row.trial_id, `${row.number}`),
        ...axes.map((axis) => (axis.name === SCORE ? row.score : row.values[axis.name])),
      ]),
    }),
    picture: () => picture(search, "parallel-coordinates", state),
    under: () =>
      "Drag along an axis to choose a part of it, and again for more; click on the axis to choose nothing. A line passes by the axis of a hyperparameter that is not active in its trial.",
    empty: (found) => tooFew(found?.rows.length ?? 0, 2, "The picture"),
  });
  const listed = chosenCard({ search });

  function chosen() {
    kept ??= chosenRows(answer.rows, shown(), brushed);
    return kept;
  }

  function show(found) {
    answer = found;
    axes = axesOf(found, order);
    const known = new Set(axes.map((axis) => axis.name));
    for (const name of brushed.keys()) if (!known.has(name)) brushed.delete(name);
    hidden = new Set([...hidden].filter((name) => known.has(name)));
    listed.columns(axes, state.metric);
    redraw();
    fields();
  }

  /** The picture anew, with what is chosen on it. */
  function redraw() {
    kept = null;
    drawing.update(answer);
    for (const axis of shown()) if (brushed.has(axis.name)) mark(axis.name, brushed.get(axis.name));
    listen();
    tell();
  }

  /** Shows on the picture what is chosen of an axis. */
  function mark(name, intervals) {
    telling = true;
    drawing.chart()?.dispatchAction({ type: "axisAreaSelect", parallelAxisId: name, intervals });
    telling = false;
  }

  /** Follows what is chosen on the picture with the mouse. */
  function listen() {
    const chart = drawing.chart();
    if (!chart || chart === heard) return;
    heard = chart;
    chart.on("axisareaselected", ({ parallelAxisId: name, intervals }) => {
      if (telling) return;
      if (intervals?.length)
        brushed.set(
          name,
          intervals.map(([from, to]) => [Math.min(from, to), Math.max(from, to)]),
        );
      else brushed.delete(name);
      tell();
      fields();
    });
  }

  /** Says what is chosen; while a part is dragged, at most once per frame. */
  function tell() {
    kept = null;
    waiting ||= requestAnimationFrame(() => {
      waiting = 0;
      const rows = chosen();
      listed.update(rows, answer);
      clear.disabled = !brushed.size;
      drawing.node
        .querySelector(".picture")
        ?.setAttribute(
          "aria-label",
          `${number(answer.rows.length)} trials across ${shown().length} axes; ${number(rows.length)} chosen.`,
        );
      remember();
    });
  }

  function remember() {
    keep({ brush: written(brushed), hide: [...hidden].join(",") || null, order: order.join(",") || null });
  }

  function choose(name, intervals) {
    if (intervals) brushed.set(name, intervals);
    else brushed.delete(name);
    mark(name, intervals ?? []);
    tell();
  }

  function showAxis(name, yes) {
    if (yes) hidden.delete(name);
    else if (axes.length - hidden.size > 2) hidden.add(name);
    else return false;
    redraw();
    fields();
    return true;
  }

  function move(at, by) {
    const names = axes.map((axis) => axis.name);
    [names[at], names[at + by]] = [names[at + by], names[at]];
    // The score stands last by itself.
    order = names.at(-1) === SCORE ? names.slice(0, -1) : names;
    show(answer);
  }

  function fields() {
    axisFields({ panel, axes, hidden, brushed, choose, show: showAxis, move });
  }

  const clear = el(
    "button",
    {
      type: "button",
      disabled: true,
      onclick: () => {
        brushed.clear();
        redraw();
        fields();
      },
    },
    "Choose all again",
  );
  fill(
    place,
    el(
      "div",
      { class: "row chooser" },
      metricChooser({ search, trials, state, change, label: "Colour and last axis" }),
      epochChooser({ state, change }),
      el("span", { class: "note" }, better(search.objective.direction)),
    ),
    el(
      "div",
      { class: "stack" },
      drawing.node,
      el("div", { class: "grid brushed" }, axesCard(clear, panel), listed.node),
    ),
  );
  drawing.busy();
  asked.now();
  const turned = () => {
    if (answer) redraw();
  };
  NARROW.addEventListener("change", turned);
  return {
    async refresh(now) {
      asked.refresh(now);
    },
    end() {
      NARROW.removeEventListener("change", turned);
      cancelAnimationFrame(waiting);
      asked.end();
      drawing.end();
    },
  };
}

function axesCard(clear, panel) {
  return el(
    "section",
    { class: "card", "aria-label": "Axes" },
    el("div", { class: "head" }, el("h2", {}, "Axes"), clear),
    el("p", { class: "note small" }, "Choose by values, put axes beside each other, or hide them."),
    panel,
  );
}

function list(text) {
  return text ? text.split(",") : [];
}
