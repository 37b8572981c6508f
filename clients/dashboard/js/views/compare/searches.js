// Searches side by side: best so far by trials, epochs or seconds, cost, when each reached a target, and the best ones' values.
import { address, keep } from "../../address.js";
import { get, listen } from "../../api.js";
import { figure } from "../../charts/figure.js";
import { axis, legend, room, SERIES, snug, tip, tooltip } from "../../charts/parts.js";
import { labelled, segments, state as stateTag } from "../../components/controls.js";
import { el, fill } from "../../dom.js";
import { SEARCH_KINDS, TRIAL_KINDS } from "../../events.js";
import { better, duration, number } from "../../format.js";
import { refresher } from "../../refresh.js";
import { picker } from "./picker.js";
import { bestPlace, differ, sideBySide } from "./side.js";

const MOST = 20;
const BY = [
  ["trials", "Trials"],
  ["epochs", "Epochs"],
  ["elapsed_seconds", "Time"],
  ["training_seconds", "Training time"],
];
const AXES = {
  trials: "scored trials",
  epochs: "epochs",
  elapsed_seconds: "time since the start",
  training_seconds: "training time of the trials",
};

export async function compareSearches({ place, ids, query, live, again }) {
  const state = { by: query.get("by") ?? "trials", target: query.get("target") ?? "" };
  const chips = el("div", { class: "row" });
  const body = el("div");
  const find = async (text) =>
    (await get("/v1/searches", { name: text || null, limit: 30 })).items
      .filter((one) => !ids.includes(one.id))
      .map((one) => ({
        id: one.id,
        name: one.name,
        more: `${one.state.toLowerCase()}, ${one.trials.completed + one.trials.stopped} trials, best ${number(one.best?.score)} (${one.objective.name})`,
      }));
  const set = (next) => {
    keep({ id: next, trial: null });
    again();
  };
  fill(
    place,
    el(
      "div",
      { class: "card chooser-card" },
      chips,
      ids.length < MOST
        ? picker({
            label: "Add a search",
            placeholder: "Add a search by its name …",
            find,
            chose: (id) => set([...ids, id]),
          })
        : null,
    ),
    body,
  );

  if (ids.length < 2) {
    const one = ids.length ? await get(`/v1/searches/${encodeURIComponent(ids[0])}`) : null;
    if (one)
      fill(
        chips,
        chip(one.name, "c1", () => set([])),
      );
    fill(
      body,
      el(
        "div",
        { class: "card hollow" },
        one
          ? "Add another search to compare it with."
          : "Choose two searches or more: type a part of their names above.",
        el(
          "p",
          { class: "small" },
          "Their best scores, what those cost, and the values of the best trials then stand side by side.",
        ),
      ),
    );
    live(true);
    return { end() {} };
  }

  let found = null,
    shownBests = "",
    over = false;
  const lead = el("p", { class: "lead", "aria-live": "polite" }),
    side = el("div"),
    valuesSide = el("div");
  const colour = (at) => SERIES[at % SERIES.length];
  const labels = (told) =>
    told.searches.map((each, at) =>
      told.searches.some((other, place_) => place_ !== at && other.name === each.name)
        ? `${each.name} (${at + 1})`
        : each.name,
    );
  const shown = (by, value) => (by.endsWith("seconds") ? duration(value) : number(value));

  const drawing = figure({
    title: "Best so far",
    size: "tall",
    describe: (told) =>
      `Best so far by ${AXES[state.by]}: ${told.searches.map((each) => `${each.name} ${number(each.best?.score)} after ${shown(state.by, each.best?.[state.by])}`).join(", ")}.`,
    option: (told, ink) => {
      if (!told.searches.some((each) => each.curve.length)) return null;
      const names = labels(told);
      const lines = told.searches.map((each, at) => ({
        type: "line",
        name: names[at],
        step: "end",
        symbol: "circle",
        symbolSize: 5,
        showSymbol: each.curve.length < 60,
        data: each.curve.map((step) => [step[state.by], step.best]),
        lineStyle: { width: 2, color: ink[colour(at)] },
        itemStyle: { color: ink[colour(at)] },
      }));
      if (told.target !== null && lines.length) {
        lines[0].markLine = {
          silent: true,
          symbol: "none",
          data: [{ yAxis: told.target }],
          lineStyle: { color: ink.accent, type: "dashed" },
          label: { formatter: `target ${number(told.target)}`, position: "insideEndTop", color: ink.accent },
        };
      }
      return {
        grid: room({ left: 68, bottom: 78 }),
        legend: legend(ink, names),
        xAxis: axis(ink, AXES[state.by], {
          whole: state.by === "trials" || state.by === "epochs",
          scale: false,
          axisLabel: { formatter: (value) => shown(state.by, value) },
        }),
        yAxis: axis(ink, told.comparable ? told.searches[0].objective.name : "best score (objectives differ)", {
          side: "y",
          ...snug(),
        }),
        tooltip: tooltip(ink, (one) =>
          tip(one.seriesName, [
            [AXES[state.by], shown(state.by, one.value[0])],
            ["best so far", one.value[1]],
          ]),
        ),
        series: lines,
      };
    },
    table: (told) => ({
      columns: ["search", AXES[state.by], "best so far"],
      rows: told.searches.flatMap((each, at) =>
        each.curve.map((step) => [labels(told)[at], step[state.by], step.best]),
      ),
    }),
    controls: [
      segments("Best so far by", BY, state.by, (by) => {
        state.by = by;
        keep({ by });
        if (found) drawing.update(found);
      }),
    ],
    under: () => "A line stays level until a better trial has ended.",
    empty: () => "No trial is scored yet. Lines begin with the first one.",
  });

  const goal = el("input", {
    type: "number",
    step: "any",
    class: "bound",
    value: state.target,
    placeholder: "worst of the best",
    "aria-label": "Target score",
    onchange: (event) => {
      if (!event.target.validity.valid) return;
      state.target = event.target.value;
      keep({ target: state.target || null });
      read();
    },
  });
  let targetFor = null;

  async function read() {
    const told = await get("/v1/searches/compare", { id: ids, target: state.target === "" ? null : state.target });
    if (over) return;
    found = told;
    draw();
    const bests = told.searches.map((each) => each.best?.trial_id ?? null);
    if (bests.join() !== shownBests) {
      shownBests = bests.join();
      const trials = await Promise.all(bests.map((id) => (id ? get(`/v1/trials/${encodeURIComponent(id)}`) : null)));
      if (!over) drawValues(trials);
    }
  }

  function draw() {
    const told = found,
      names = labels(told);
    fill(
      chips,
      told.searches.map((each, at) =>
        chip(names[at], colour(at), () => set(ids.filter((id) => id !== each.id)), address(["searches", each.id])),
      ),
    );
    drawing.update(told);
    goal.placeholder = told.target === null ? "none" : number(told.target);
    if (targetFor !== null) goal.disabled = false;
    goal.disabled = !told.comparable;
    targetFor = told.target;
    const pairs = (name, value, text, { direction, differs = true } = {}) => {
      const values = told.searches.map(value);
      return {
        name,
        cells: told.searches.map((each, at) =>
          values[at] === null || values[at] === undefined ? "–" : text ? text(values[at], each) : number(values[at]),
        ),
        best: direction ? bestPlace(values, direction) : undefined,
        differs: !direction && differs && differ(values),
      };
    };
    const direction = told.searches[0].objective.direction;
    fill(
      side,
      sideBySide({
        label: "Searches side by side",
        heads: told.searches.map((each, at) => el("a", { href: address(["searches", each.id]) }, names[at])),
        rows: [
          pairs(
            "state",
            (each) => each.state,
            (state_) => stateTag(state_),
            { differs: false },
          ),
          pairs(
            "objective",
            (each) => `${each.objective.name} (${each.objective.direction})`,
            (text) => text,
          ),
          pairs(
            "tuner",
            (each) => each.tuner,
            (text) => text,
          ),
          pairs(
            "best score",
            (each) => each.best?.score ?? null,
            (score, each) =>
              el(
                "span",
                {},
                number(score),
                " ",
                el("a", { href: address(["trials", each.best.trial_id]) }, `trial ${each.best.number}`),
              ),
            told.comparable ? { direction } : {},
          ),
          pairs("… after trials", (each) => each.best?.trials, null, { direction: "min" }),
          pairs("… after epochs", (each) => each.best?.epochs, null, { direction: "min" }),
          pairs("… after time", (each) => each.best?.elapsed_seconds, duration, { direction: "min" }),
          ...(told.comparable && told.target !== null
            ? [
                pairs(`${number(told.target)} after trials`, (each) => each.reached?.trials ?? null, null, {
                  direction: "min",
                }),
                pairs(`${number(told.target)} after epochs`, (each) => each.reached?.epochs ?? null, null, {
                  direction: "min",
                }),
                pairs(`${number(told.target)} after time`, (each) => each.reached?.elapsed_seconds ?? null, duration, {
                  direction: "min",
                }),
                pairs(
                  `${number(told.target)} after training`,
                  (each) => each.reached?.training_seconds ?? null,
                  duration,
                  { direction: "min" },
                ),
              ]
            : []),
          pairs("trials", (each) => each.trials, null, { differs: false }),
          pairs("with a score", (each) => each.scored_trials, null, { differs: false }),
          pairs("epochs", (each) => each.epochs, null, { differs: false }),
          pairs("time", (each) => each.elapsed_seconds, duration, { differs: false }),
          pairs("device time", (each) => each.device_seconds, duration, { differs: false }),
        ],
      }),
    );
    fill(lead, said(told, names));
  }

  function said(told, names) {
    if (!told.comparable)
      return "Their objectives differ, so that scores cannot be compared and there is no target: what each cost still can.";
    const { direction, name } = told.searches[0].objective;
    const scores = told.searches.map((each) => each.best?.score ?? null),
      best = bestPlace(scores, direction);
    if (best === undefined)
      return scores.every((score) => score === null) ? "No trial is scored yet." : "None is ahead.";
    const reached = told.searches.map((each) => each.reached?.trials ?? null),
      soonest = bestPlace(reached, "min");
    return [
      el("b", {}, names[best]),
      ` has the best ${name}, ${number(scores[best])} (${better(direction)})`,
      soonest !== undefined
        ? [
            soonest === best ? ", and was the first to reach " : "; ",
            soonest === best ? "" : [el("b", {}, names[soonest]), " was the first to reach "],
            `${number(told.target)}, after ${number(reached[soonest])} trials`,
          ]
        : "",
      ".",
    ];
  }

  function drawValues(trials) {
    const names = [...new Set(trials.flatMap((trial) => Object.keys(trial?.hyperparameters ?? {})))];
    fill(
      valuesSide,
      names.length
        ? sideBySide({
            label: "Values of the best trials",
            heads: labels(found).map((name, at) =>
              trials[at]
                ? el("a", { href: address(["trials", trials[at].id]) }, `${name}, trial ${trials[at].number}`)
                : name,
            ),
            rows: names.map((name) => {
              const values = trials.map((trial) => trial?.hyperparameters[name]);
              return {
                name,
                cells: values.map((value) => (value === undefined ? "–" : number(value))),
                differs: differ(values),
              };
            }),
          })
        : el("p", { class: "note" }, "No trial is scored yet."),
    );
  }

  fill(
    body,
    el(
      "div",
      { class: "card verdict-card" },
      lead,
      el(
        "div",
        { class: "row" },
        labelled("Target to be reached", goal),
        el("span", { class: "note small" }, "Without one it is the worst of the best scores, which all have reached."),
      ),
    ),
    el(
      "div",
      { class: "stack" },
      drawing.node,
      el(
        "section",
        { class: "card", "aria-label": "Side by side" },
        el("div", { class: "head" }, el("h2", {}, "Side by side")),
        side,
      ),
      el(
        "section",
        { class: "card", "aria-label": "Best trials" },
        el(
          "div",
          { class: "head" },
          el("h2", {}, "Values of the best trials"),
          el("span", { class: "note small" }, "marked where they differ"),
        ),
        valuesSide,
      ),
    ),
  );
  drawing.busy();
  await read();
  const redraw = refresher(read, 4000);
  const kinds = [...SEARCH_KINDS, ...TRIAL_KINDS.filter((kind) => ["trial.completed", "trial.stopped"].includes(kind))];
  const close = listen(
    "/v1/events",
    kinds,
    (_kind, event) => {
      if (ids.includes(event.search_id)) redraw.soon();
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

/** A name with its colour, and a button that leaves it out. */
export function chip(name, colour, drop, href = null) {
  return el(
    "span",
    { class: "compared" },
    el("i", { class: `dot ${colour}`, "aria-hidden": "true" }),
    href ? el("a", { href }, name) : name,
    el("button", { type: "button", class: "quiet icon", "aria-label": `Leave out ${name}`, onclick: drop }, "×"),
  );
}
