// Learning curves of some trials of a search, live: those that run and ended last, or those that were chosen.
import { address, keep } from "../../address.js";
import { figure } from "../../charts/figure.js";
import { axis, legend, room, SERIES, tip, tooltip } from "../../charts/parts.js";
import { pick } from "../../components/controls.js";
import { curveStore } from "../../stores/curves.js";
import { largest } from "../../stores/trials.js";
import { trialLink } from "../../components/links.js";
import { el, fill } from "../../dom.js";

/** The trials that run, and then those that ended last. */
export function runningAndLatest(everything) {
  const running = everything.filter((trial) => trial.state === "RUNNING").sort((a, b) => a.number - b.number);
  return [
    ...running,
    ...largest(everything, SERIES.length, (trial) => (trial.epochs > 0 ? trial.ended_seq : null)),
  ].slice(0, SERIES.length);
}

/**
 * A figure with a line for each training of the trials that `choose(all)` answers. `refresh()` chooses anew and reads curves it
 * has not seen; `heard(event)` lengthens a curve without a question to the service. `under(all)` answers nodes below the picture.
 */
export function curvesFigure({
  search,
  trials,
  query,
  title,
  choose,
  empty = "Appears with the first epoch.",
  faint = true,
  under = null,
}) {
  const curves = curveStore();
  const shown = { metric: query.get("metric") ?? search.objective.name, log: query.get("curves") === "log" };
  const colours = new Map();
  const metric = el("span");
  const log = el(
    "button",
    {
      type: "button",
      class: "quiet",
      "aria-pressed": String(shown.log),
      title: "Logarithmic scale",
      onclick: () => again({ log: !shown.log }),
    },
    "Log",
  );
  let chosen = [],
    names = "",
    timer = 0;

  const drawn = figure({
    title,
    controls: [metric, log],
    describe: () =>
      `${title}: ${shown.metric} of ${chosen.length} trials, ${chosen.filter((trial) => trial.state === "RUNNING").length} of them running.`,
    option,
    table: () => ({
      columns: ["Trial", "State", "Epochs", `last ${shown.metric}`],
      rows: chosen.map((trial) => {
        const last = lastOf(trial.id);
        return [
          trialLink(trial.id, `${trial.number}`),
          trial.state,
          last ? last[0] + 1 : 0,
          last?.[1][shown.metric] ?? null,
        ];
      }),
    }),
    empty,
    under: under && (() => under(trials.all())),
    clicked: (event) => {
      if (event.seriesId) location.hash = address(["trials", event.seriesId.split(" ")[0]]);
    },
  });

  function again(change) {
    Object.assign(shown, change);
    log.setAttribute("aria-pressed", String(shown.log));
    keep({ metric: shown.metric === search.objective.name ? null : shown.metric, curves: shown.log ? "log" : null });
    drawn.update(chosen);
  }

  function lastOf(id) {
    return curves
      .of(id)
      .flatMap((run) => run.rows.slice(-1))
      .sort((a, b) => b[0] - a[0])[0];
  }

  /** A trial keeps its colour for as long as it is shown. */
  function paint() {
    const ids = new Set(chosen.map((trial) => trial.id));
    for (const id of [...colours.keys()])
      if (!ids.has(id)) {
        colours.delete(id);
        curves.forget(id);
      }
    for (const id of ids)
      if (!colours.has(id))
        colours.set(
          id,
          SERIES.find((name) => ![...colours.values()].includes(name)) ?? SERIES[colours.size % SERIES.length],
        );
  }

  function offer() {
    const found = new Set([search.objective.name]);
    for (const trial of chosen) for (const name of Object.keys(lastOf(trial.id)?.[1] ?? {})) found.add(name);
    const sign = [...found].sort().join();
    if (sign === names) return;
    names = sign;
    fill(
      metric,
      pick(`Metric of: ${title}`, [...found], shown.metric, (name) => again({ metric: name })),
    );
  }

  function option(_, ink) {
    const series = [];
    for (const trial of chosen) {
      const running = trial.state === "RUNNING",
        strong = running || !faint,
        colour = ink[colours.get(trial.id)];
      for (const run of curves.of(trial.id)) {
        const data = run.rows
          .map(([epoch, metrics]) => [epoch, metrics[shown.metric] ?? null])
          .filter(([, value]) => !shown.log || value > 0);
        if (!data.length) continue;
        series.push({
          id: `${trial.id} ${run.execution}/${run.fold ?? ""}`,
          name: `trial ${trial.number}${running ? " (running)" : ""}`,
          type: "line",
          data,
          triggerLineEvent: true,
          // A dot only at the last epoch of a running trial: it is where the curve grows.
          symbol: "circle",
          showAllSymbol: true,
          symbolSize: (_value, { dataIndex }) =>
            data.length === 1 || (running && dataIndex === data.length - 1) ? 7 : 0,
          lineStyle: { color: colour, width: strong ? 2.2 : 1.4, opacity: strong ? 1 : 0.55 },
          itemStyle: { color: colour, opacity: strong ? 1 : 0.55 },
        });
      }
    }
    if (!series.length) return null;
    return {
      grid: room({ bottom: 70 }),
      xAxis: axis(ink, "epoch (from 0)", { whole: true }),
      yAxis: axis(ink, shown.metric, { side: "y", kind: shown.log ? "log" : "value" }),
      series,
      legend: legend(ink, [...new Set(series.map((one) => one.name))]),
      dataZoom: [{ type: "inside", filterMode: "none", zoomOnMouseWheel: "ctrl" }],
      tooltip: tooltip(
        ink,
        (told) =>
          Array.isArray(told.value) &&
          tip(told.seriesName, [
            ["epoch", told.value[0]],
            [shown.metric, told.value[1]],
          ]),
        { trigger: "item" },
      ),
    };
  }

  return {
    node: drawn.node,
    async refresh() {
      chosen = choose(trials.all());
      paint();
      await Promise.all(chosen.map((trial) => curves.want(trial.id)));
      offer();
      drawn.update(chosen);
    },
    heard(event) {
      if (!curves.heard(event)) return;
      timer ||= setTimeout(() => {
        timer = 0;
        offer();
        drawn.update(chosen);
      }, 250);
    },
    end() {
      clearTimeout(timer);
      drawn.end();
    },
  };
}
