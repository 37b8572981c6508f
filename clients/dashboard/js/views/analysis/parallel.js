// Every trial as a line across the hyperparameters' axes. Parts of axes are chosen with the mouse on the picture, or by the
// fields below it; the trials that go through all chosen parts are listed.
import { keep } from "../../address.js";
import { get } from "../../api.js";
import { figure } from "../../charts/figure.js";
import { colourKey } from "../../charts/scales.js";
import { pick } from "../../components/controls.js";
import { longTable } from "../../components/table.js";
import { el, fill } from "../../dom.js";
import { number } from "../../format.js";
import { base, better, labelled, metricNames, picture, question, saveCsv, tooFew, trialLink } from "./common.js";

const SCORE = " score";
const MANY = 1500;
const ALL = 100_000;
// Places are kept in the address with five digits.
const NEAR = 1e-5;
const NARROW = matchMedia("(max-width: 700px)");

export async function parallelTab({ place, search, trials, query }) {
  const state = { metric: query.get("metric") ?? search.objective.name, at: query.get("at") ?? "best" };
  /** What is chosen of each axis: by name, [[from, to], ...] in places of 0 to 1. */
  const brushed = parsed(query.get("brush"));
  let hidden = new Set(list(query.get("hide"))),
    order = list(query.get("order"));
  let answer = null,
    axes = [],
    telling = false;

  const said = el("p", { class: "lead", "aria-live": "polite" });
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

  const drawing = figure({
    title: "Trials across the axes",
    size: "huge across",
    describe: (found) =>
      `${number(found.rows.length)} trials across ${axes
        .filter((axis) => !hidden.has(axis.name))
        .map((axis) => axis.label)
        .join(", ")}; ${number(chosen().length)} chosen.`,
    option: (found, ink) => {
      if (found.rows.length < 2) return null;
      const shown = axes.filter((axis) => !hidden.has(axis.name));
      const score = axes.find((axis) => axis.name === SCORE),
        many = found.rows.length > MANY,
        upright = NARROW.matches;
      const sign = found.metric.direction === "max" ? 1 : -1;
      // The best are drawn last, so that they lie on top.
      const rows = [...found.rows].sort((a, b) => sign * (a.score - b.score));
      return {
        parallel: {
          left: upright ? 24 : 56,
          right: upright ? 24 : 64,
          top: upright ? 36 : 46,
          bottom: 58,
          layout: upright ? "vertical" : "horizontal",
        },
        parallelAxis: shown.map((axis, dim) => ({
          dim,
          id: axis.name,
          name: short(axis.label, upright ? 30 : 18),
          min: 0,
          max: 1,
          realtime: !many,
          inverse: false,
          nameTextStyle: {
            color: ink.ink,
            fontSize: 12,
            fontWeight: axis.name === SCORE ? "bold" : "normal",
            align: upright ? "left" : "center",
            textBorderColor: ink.card,
            textBorderWidth: 3,
            ...(upright ? { verticalAlign: "bottom", padding: [0, 0, 7, 0] } : {}),
          },
          nameGap: upright ? 0 : 16,
          ...(upright ? { nameLocation: "start" } : {}),
          axisLine: { lineStyle: { color: ink.edge, width: 1.5 } },
          axisTick: { show: false },
          axisLabel: {
            color: ink.ink,
            fontSize: 11,
            hideOverlap: true,
            customValues: axis.ticks.map((tick) => tick.place),
            formatter: (at) => axis.written(at),
            textBorderColor: ink.card,
            textBorderWidth: 3,
          },
          areaSelectStyle: { width: 22, borderWidth: 1, borderColor: ink.accent, color: ink.accent, opacity: 0.25 },
        })),
        visualMap: colourKey(ink, {
          low: score.low,
          high: score.high,
          direction: found.metric.direction,
          name: found.metric.name,
          dimension: shown.length,
          seriesIndex: 0,
        }),
        series: [
          {
            type: "parallel",
            data: rows.map((row) => [...shown.map((axis) => axis.at(row)), row.score]),
            progressive: 1000,
            progressiveThreshold: 2000,
            lineStyle: { width: many ? 0.8 : 1.5, opacity: many ? 0.25 : 0.65 },
            inactiveOpacity: many ? 0.012 : 0.05,
            activeOpacity: many ? 0.4 : 0.85,
            emphasis: { disabled: true },
            tooltip: { show: false },
          },
        ],
      };
    },
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

  const table = longTable({
    label: "Chosen trials",
    identity: (row) => row.trial_id,
    sort: { key: "score", down: search.objective.direction === "max" },
    columns: columnsOf(),
    name: (row) => (row === best() ? "best" : ""),
  });
  function columnsOf() {
    return [
      {
        key: "number",
        label: "trial",
        num: true,
        value: (row) => row.number,
        cell: (row) => trialLink(row.trial_id, `${row.number}`),
      },
      { key: "score", label: state.metric, num: true, value: (row) => row.score, cell: (row) => number(row.score) },
      ...axes
        .filter((axis) => axis.name !== SCORE)
        .map((axis) => ({
          key: `hp ${axis.name}`,
          label: axis.name,
          num: axis.numeric,
          value: (row) => row.values[axis.name],
          cell: (row) => number(row.values[axis.name]),
        })),
    ];
  }

  let kept = null;
  function chosen() {
    if (kept) return kept;
    const parts = axes
      .filter((axis) => brushed.has(axis.name) && !hidden.has(axis.name))
      .map((axis) => [axis, brushed.get(axis.name)]);
    kept = answer.rows.filter((row) =>
      parts.every(([axis, intervals]) => {
        const at = axis.at(row);
        return at !== null && intervals.some(([from, to]) => at >= from - NEAR && at <= to + NEAR);
      }),
    );
    return kept;
  }
  function best() {
    const sign = answer.metric.direction === "max" ? -1 : 1;
    return chosen().reduce((found, row) => (!found || sign * row.score < sign * found.score ? row : found), null);
  }

  function show(found) {
    answer = found;
    axes = axesOf(found, order);
    const known = new Set(axes.map((axis) => axis.name));
    for (const name of brushed.keys()) if (!known.has(name)) brushed.delete(name);
    hidden = new Set([...hidden].filter((name) => known.has(name)));
    table.recolumn(columnsOf());
    redraw();
    fields();
  }

  /** The picture anew, with what is chosen on it. */
  function redraw() {
    kept = null;
    drawing.update(answer);
    const chart = drawing.chart();
    if (chart) {
      telling = true;
      for (const axis of axes)
        if (!hidden.has(axis.name) && brushed.has(axis.name))
          chart.dispatchAction({
            type: "axisAreaSelect",
            parallelAxisId: axis.name,
            intervals: brushed.get(axis.name),
          });
      telling = false;
      if (chart !== heard) {
        heard = chart;
        chart.on("axisareaselected", ({ parallelAxisId, intervals }) => {
          if (telling) return;
          if (intervals?.length)
            brushed.set(
              parallelAxisId,
              intervals.map(([from, to]) => [Math.min(from, to), Math.max(from, to)]),
            );
          else brushed.delete(parallelAxisId);
          tell();
          fields();
        });
      }
    }
    tell();
  }
  let heard = null;

  let waiting = 0;
  function tell() {
    kept = null;
    // While a part is dragged, the list follows at most once per frame.
    waiting ||= requestAnimationFrame(() => {
      waiting = 0;
      const rows = chosen(),
        top = best();
      table.update(rows);
      fill(
        said,
        el("b", {}, `${number(rows.length)} of ${number(answer.rows.length)}`),
        " trials chosen",
        top
          ? [
              "; the best of them is ",
              trialLink(top.trial_id, `trial ${top.number}`),
              ` with ${answer.metric.name} ${number(top.score)}`,
            ]
          : "",
        ".",
      );
      clear.disabled = !brushed.size;
      drawing.node
        .querySelector(".picture")
        ?.setAttribute(
          "aria-label",
          `${number(answer.rows.length)} trials across ${axes.length - hidden.size} axes; ${number(rows.length)} chosen.`,
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
    telling = true;
    drawing.chart()?.dispatchAction({ type: "axisAreaSelect", parallelAxisId: name, intervals: intervals ?? [] });
    telling = false;
    tell();
  }

  /** One line for each axis: whether it is shown, where it stands, and what is chosen of it. */
  function fields() {
    const focused = document.activeElement?.dataset?.field;
    fill(
      panel,
      axes.map((axis, at) => {
        const intervals = brushed.get(axis.name);
        const move = (by) => {
          const names = axes.map((each) => each.name);
          [names[at], names[at + by]] = [names[at + by], names[at]];
          order = names.filter((name) => name !== SCORE);
          if (names.at(-1) !== SCORE) order = names;
          show(answer);
        };
        const bound = (side) =>
          el("input", {
            type: "number",
            step: "any",
            class: "bound",
            "data-field": `${axis.name} ${side}`,
            "aria-label": `${axis.label} ${side === 0 ? "from" : "to"}`,
            placeholder: side === 0 ? number(axis.low) : number(axis.high),
            value: intervals ? Number(axis.value(intervals[0][side]).toPrecision(5)) : "",
            onchange: (event) => {
              const [from, to] = [...event.target.parentElement.querySelectorAll("input")].map((each) =>
                each.value === "" ? null : axis.place(Number(each.value)),
              );
              choose(axis.name, from === null && to === null ? null : [[from ?? 0, to ?? 1]]);
            },
          });
        const box = (tick, place) =>
          el(
            "label",
            { class: "tickbox" },
            el("input", {
              type: "checkbox",
              "data-field": `${axis.name} ${place}`,
              checked: !intervals || intervals.some(([from, to]) => tick.place >= from && tick.place <= to),
              onchange: (event) => {
                const boxes = [...event.target.closest(".ticks").querySelectorAll("input")],
                  half = 0.5 / axis.ticks.length;
                const on = axis.ticks.filter((_, index) => boxes[index].checked);
                choose(
                  axis.name,
                  on.length === boxes.length
                    ? null
                    : on.map((each) => [each.place - half * 0.9, each.place + half * 0.9]),
                );
              },
            }),
            axis.written(tick.place),
          );
        return el(
          "div",
          { class: `axis-line${hidden.has(axis.name) ? " off" : ""}`, role: "group", "aria-label": axis.label },
          el(
            "label",
            { class: "tickbox" },
            el("input", {
              type: "checkbox",
              "data-field": `${axis.name} shown`,
              checked: !hidden.has(axis.name),
              "aria-label": `Show the axis ${axis.label}`,
              onchange: (event) => {
                if (event.target.checked) hidden.delete(axis.name);
                else if (axes.length - hidden.size > 2) hidden.add(axis.name);
                else {
                  event.target.checked = true;
                  return;
                }
                redraw();
                fields();
              },
            }),
            el("b", {}, axis.label),
          ),
          axis.numeric
            ? el("span", { class: "row bounds" }, bound(0), " to ", bound(1))
            : el("span", { class: "row ticks" }, axis.ticks.map(box)),
          el(
            "span",
            { class: "row axis-moves" },
            el(
              "button",
              {
                type: "button",
                class: "quiet icon",
                disabled: at === 0,
                "data-field": `${axis.name} left`,
                "aria-label": `Move ${axis.label} left`,
                onclick: () => move(-1),
              },
              "←",
            ),
            el(
              "button",
              {
                type: "button",
                class: "quiet icon",
                disabled: at === axes.length - 1,
                "data-field": `${axis.name} right`,
                "aria-label": `Move ${axis.label} right`,
                onclick: () => move(1),
              },
              "→",
            ),
          ),
        );
      }),
    );
    if (focused) panel.querySelector(`[data-field="${CSS.escape(focused)}"]`)?.focus();
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
  const save = el(
    "button",
    {
      class: "quiet",
      type: "button",
      onclick: () => {
        const columns = axes.filter((axis) => axis.name !== SCORE).map((axis) => axis.name);
        saveCsv(
          "trials.csv",
          ["trial", "trial_id", answer.metric.name, ...columns],
          chosen().map((row) => [row.number, row.trial_id, row.score, ...columns.map((name) => row.values[name])]),
        );
      },
    },
    "CSV",
  );

  fill(
    place,
    el(
      "div",
      { class: "row chooser" },
      labelled(
        "Colour and last axis",
        pick("Metric", metricNames(search, trials), state.metric, (metric) => change({ metric })),
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
      el("span", { class: "note" }, better(search.objective.direction)),
    ),
    el(
      "div",
      { class: "stack" },
      drawing.node,
      el(
        "div",
        { class: "grid brushed" },
        el(
          "section",
          { class: "card", "aria-label": "Axes" },
          el("div", { class: "head" }, el("h2", {}, "Axes"), clear),
          el("p", { class: "note small" }, "Choose by values, put axes beside each other, or hide them."),
          panel,
        ),
        el(
          "section",
          { class: "card", "aria-label": "Chosen" },
          el("div", { class: "head" }, el("h2", {}, "Chosen trials"), save),
          said,
          table.node,
        ),
      ),
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

/** The axes in the wanted order, the score's last unless it was moved. */
function axesOf(found, order) {
  const axes = found.axes.map((axis, column) => {
    const at = (row) => row.places[column];
    const common = { name: axis.name, label: axis.name, at };
    if (axis.low === null || axis.low === undefined) {
      const ticks = axis.values.map((_, place) => ({ place: (place + 0.5) / axis.values.length }));
      return {
        ...common,
        numeric: false,
        ticks,
        written: (place) =>
          short(number(axis.values[Math.min(axis.values.length - 1, Math.floor(place * axis.values.length))]), 14),
      };
    }
    const { low, high, sampling } = axis;
    const value = scaleOf(low, high, sampling),
      whole = axis.type === "int";
    const written = (place) => number(whole ? Math.round(value(place)) : Number(value(place).toPrecision(3)));
    // Of few whole numbers each has its tick.
    const few = whole && high - low <= 8 && sampling !== "log" && sampling !== "reverse_log";
    const ticks = few
      ? Array.from({ length: high - low + 1 }, (_, at) => ({ place: at / (high - low || 1) }))
      : [0, 0.25, 0.5, 0.75, 1].map((place) => ({ place }));
    return {
      ...common,
      numeric: true,
      low,
      high,
      value,
      written,
      ticks,
      place: (wanted) => bisect(value, Math.min(high, Math.max(low, wanted))),
    };
  });
  const scores = found.rows.map((row) => row.score);
  const low = scores.reduce((a, b) => Math.min(a, b), Infinity),
    high = scores.reduce((a, b) => Math.max(a, b), -Infinity);
  const span = high - low || 1;
  axes.push({
    name: SCORE,
    label: found.metric.name,
    numeric: true,
    low,
    high,
    at: (row) => (row.score - low) / span,
    value: (place) => low + place * span,
    place: (value) => (value - low) / span,
    written: (place) => number(Number((low + place * span).toPrecision(3))),
    ticks: [0, 0.25, 0.5, 0.75, 1].map((place) => ({ place })),
  });
  const rank = (axis) => {
    const at = order.indexOf(axis.name);
    return at < 0 ? (axis.name === SCORE ? 1e6 : 1e3) : at;
  };
  return axes
    .map((axis, index) => [axis, index])
    .sort((a, b) => rank(a[0]) - rank(b[0]) || a[1] - b[1])
    .map(([axis]) => axis);
}

/** The value at a place of 0 to 1, on the sampling scale. */
function scaleOf(low, high, sampling) {
  if (sampling === "log") return (place) => low * (high / low) ** place;
  if (sampling === "reverse_log") return (place) => high + low - low * (high / low) ** (1 - place);
  return (place) => low + place * (high - low);
}

function bisect(value, wanted) {
  let from = 0,
    to = 1;
  for (let step = 0; step < 60; step += 1) {
    const middle = (from + to) / 2;
    if (value(middle) < wanted) from = middle;
    else to = middle;
  }
  return (from + to) / 2;
}

function short(text, most) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
function list(text) {
  return text ? text.split(",") : [];
}

/** `units:0.25-0.5_0.8-0.9;rate:0-0.1`, with names escaped. */
function written(brushed) {
  const round = (place) => Number(place.toFixed(5));
  return (
    [...brushed]
      .map(
        ([name, intervals]) =>
          `${encodeURIComponent(name)}:${intervals.map(([from, to]) => `${round(from)}-${round(to)}`).join("_")}`,
      )
      .join(";") || null
  );
}
function parsed(text) {
  const found = new Map();
  for (const part of text ? text.split(";") : []) {
    const [name, intervals = ""] = part.split(":");
    const pairs = intervals
      .split("_")
      .map((pair) => pair.split("-").map(Number))
      .filter((pair) => pair.length === 2 && pair.every(Number.isFinite));
    if (pairs.length) found.set(decodeURIComponent(name), pairs);
  }
  return found;
}
