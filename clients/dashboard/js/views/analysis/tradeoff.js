// The score against what it costs, and the trials that no other beats on both counts.
import { address, keep } from "../../address.js";
import { get } from "../../api.js";
import { figure } from "../../charts/figure.js";
import { axis, room, snug, tip, tooltip } from "../../charts/parts.js";
import { labelled, pick, segments } from "../../components/controls.js";
import { longTable } from "../../components/table.js";
import { trialLink } from "../../components/links.js";
import { el, fill } from "../../dom.js";
import { better, duration, number, values } from "../../format.js";
import { base, costName, metricNames, picture, question, saveCsv, tooFew } from "./common.js";

const MANY = 2000;
const ALL = 100_000;

export async function tradeoffTab({ place, search, trials, query }) {
  const state = { against: query.get("against") ?? "seconds", x: query.get("x") ?? "linear" };
  const lead = el("p", { class: "lead" }),
    note = el("p", { class: "note" });
  const asked = question({
    search,
    ask: () => get(`${base(search)}/tradeoff`, { against: state.against, points: ALL }),
    show,
    fail: (error) => drawing.fail(error.message),
  });
  const change = (next) => {
    Object.assign(state, next);
    keep(next);
    drawing.busy();
    asked.now();
  };
  const shown = (name, value) => (name === "seconds" ? duration(value) : number(value));
  let answer = null;

  const drawing = figure({
    title: "Score against cost",
    size: "tall",
    describe: (found) =>
      `${found.objective.name} against ${costName(found.against.name)}: ${found.points.length} trials, ${found.front.length} of them on the front.`,
    option: (found, ink) => {
      if (!found.points.length) return null;
      const log = state.x === "log" && found.points.every((point) => point.against > 0);
      const front = frontOf(found),
        rest = found.points.filter((point) => !point.on_front);
      const dot = (point) => ({ value: [point.against, point.score], point });
      return {
        grid: room({ left: 68, right: 28, top: 18, bottom: 48 }),
        xAxis: axis(ink, `${costName(found.against.name)} (${better(found.against.direction)})`, {
          ...(log ? { kind: "log" } : snug()),
          axisLabel: { formatter: (value) => shown(found.against.name, value) },
        }),
        yAxis: axis(ink, `${found.objective.name} (${better(found.objective.direction)})`, { side: "y", ...snug() }),
        tooltip: tooltip(ink, ({ data }) =>
          data?.point
            ? tip(`Trial ${data.point.number}${data.point.on_front ? ", on the front" : ""}`, [
                [found.objective.name, data.point.score],
                [costName(found.against.name), shown(found.against.name, data.point.against)],
                ...Object.entries(trials.get(data.point.trial_id)?.hyperparameters ?? {}).slice(0, 8),
              ])
            : null,
        ),
        series: [
          {
            type: "scatter",
            data: rest.map(dot),
            symbolSize: rest.length > MANY ? 3.5 : 7,
            itemStyle: { color: ink.c8, opacity: rest.length > MANY ? 0.35 : 0.6 },
            cursor: "pointer",
          },
          {
            type: "line",
            data: front.map(dot),
            step: "end",
            symbol: "circle",
            symbolSize: 9,
            lineStyle: { color: ink.c2, width: 2 },
            itemStyle: { color: ink.c2, borderColor: ink.card, borderWidth: 1.5 },
            z: 5,
            cursor: "pointer",
          },
        ],
      };
    },
    table: (found) => ({
      columns: ["trial", costName(found.against.name), found.objective.name, "on the front"],
      rows: found.points.map((point) => [
        trialLink(point.trial_id, `${point.number}`),
        point.against,
        point.score,
        point.on_front ? "yes" : "no",
      ]),
    }),
    picture: () => picture(search, "trade-off", { against: state.against }),
    under: () =>
      "Every dot is a trial. No other trial is at least as good on both counts as those of the front, and better on one.",
    empty: (found) => tooFew(found?.points.length ?? 0, 1, "The front"),
    clicked: (event) => {
      if (event.data?.point) location.hash = address(["trials", event.data.point.trial_id]);
    },
  });

  const table = longTable({
    label: "Trials on the front",
    identity: (row) => row.trial_id,
    sort: { key: "against", down: false },
    columns: columnsOf(),
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
      {
        key: "against",
        label: costName(state.against),
        num: true,
        value: (row) => row.against,
        cell: (row) => shown(state.against, row.against),
      },
      {
        key: "score",
        label: search.objective.name,
        num: true,
        value: (row) => row.score,
        cell: (row) => number(row.score),
      },
      { key: "values", label: "values", cell: (row) => values(trials.get(row.trial_id)?.hyperparameters ?? {}) },
    ];
  }

  function frontOf(found) {
    const by = new Map(found.points.map((point) => [point.trial_id, point]));
    return found.front.map((id) => by.get(id));
  }

  function show(found) {
    answer = found;
    drawing.update(found);
    const front = frontOf(found);
    table.recolumn(columnsOf());
    table.update(front);
    save.disabled = !front.length;
    const cheap = front.find((point) => point.on_front),
      top = front.reduce(
        (best, point) =>
          !best || (found.objective.direction === "max" ? point.score > best.score : point.score < best.score)
            ? point
            : best,
        null,
      );
    fill(
      lead,
      !top
        ? ""
        : front.length === 1
          ? `Trial ${top.number} is best on both counts: no other is as good and as cheap.`
          : `The best, trial ${top.number}, has ${number(top.score)} for ${shown(state.against, top.against)}; ${middle(front, found, top)}`,
    );
    fill(note, `${number(found.points.length)} trials, ${number(found.front.length)} on the front.`);
    function middle() {
      // The cheapest of the front that has nine tenths of what the front spans.
      const worst = cheap.score,
        reach = top.score - 0.1 * (top.score - worst);
      const good =
        front.find((point) => (found.objective.direction === "max" ? point.score >= reach : point.score <= reach)) ??
        top;
      return good === top
        ? `the front begins at ${number(cheap.score)} for ${shown(state.against, cheap.against)}.`
        : `trial ${good.number} has ${number(good.score)} for ${shown(state.against, good.against)} already, nine tenths of the way from the cheap end.`;
    }
  }

  const save = el(
    "button",
    {
      class: "quiet",
      type: "button",
      disabled: true,
      onclick: () => {
        const front = frontOf(answer),
          names = [
            ...new Set(front.flatMap((point) => Object.keys(trials.get(point.trial_id)?.hyperparameters ?? {}))),
          ];
        saveCsv(
          "front.csv",
          ["trial", "trial_id", answer.against.name, answer.objective.name, ...names],
          front.map((point) => [
            point.number,
            point.trial_id,
            point.against,
            point.score,
            ...names.map((name) => trials.get(point.trial_id)?.hyperparameters[name]),
          ]),
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
        `${search.objective.name} against`,
        pick(
          "Cost",
          [
            ["seconds", "training seconds"],
            ["parameters", "parameters of the model"],
            ...metricNames(search, trials).slice(1),
          ],
          state.against,
          (against) => change({ against }),
        ),
      ),
      segments(
        "Scale of the cost",
        [
          ["linear", "Linear"],
          ["log", "Log"],
        ],
        state.x,
        (x) => {
          Object.assign(state, { x });
          keep({ x });
          if (answer) drawing.update(answer);
        },
      ),
    ),
    el("div", { class: "card verdict-card" }, lead, note),
    el(
      "div",
      { class: "stack" },
      drawing.node,
      el(
        "section",
        { class: "card", "aria-label": "The front" },
        el("div", { class: "head" }, el("h2", {}, "Trials on the front"), save),
        table.node,
      ),
    ),
  );
  drawing.busy();
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
}
