// The score of each trial and the best so far: by trial, by time or by epochs spent.
import { address, keep } from "../../address.js";
import { get } from "../../api.js";
import { figure } from "../../charts/figure.js";
import { axis, legend, room, tip, tooltip } from "../../charts/parts.js";
import { pick } from "../../components/controls.js";
import { duration, number } from "../../format.js";
import { trialLink } from "../../components/links.js";
import { el } from "../../dom.js";

const POINTS = 1000;
const WAYS = [
  ["trials", "by trial"],
  ["time", "by time"],
  ["epochs", "by epochs spent"],
];
const AXES = { trials: "trials in order of ending", time: "since the start", epochs: "epochs of scored trials" };

export function historyFigure({ search, trials, query }) {
  const shown = {
    by: WAYS.some(([way]) => way === query.get("by")) ? query.get("by") : "trials",
    log: query.get("log") === "1",
  };
  const base = `/v1/searches/${encodeURIComponent(search.id)}`;
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
  let trend = null,
    read = "",
    drawnFor = "",
    now = search;

  const drawn = figure({
    title: "Objective history",
    controls: [pick("Objective history over", WAYS, shown.by, (by) => again({ by })), log],
    describe: ({ points, failed }) =>
      points.length
        ? `Objective history: ${points.length} scored trials, best ${now.objective.name} ${number(points.at(-1).best)}${failed.length ? `, ${failed.length} failed` : ""}.`
        : "Objective history: no scored trial yet.",
    option,
    table: ({ points }) => ({
      columns: ["Trial", "State", "After", "Score", "Best so far"],
      rows: points.map((p) => [
        trialLink(p.trial_id, `${p.number}`),
        p.state,
        shown.by === "time" ? duration(p.x) : p.x,
        p.score,
        p.best,
      ]),
    }),
    empty: "Appears with the first scored trial.",
    picture: ({ points }) =>
      points.length ? `${base}/plots/objective?format=svg&theme=${dark() ? "dark" : "light"}` : null,
    under: ({ points }) =>
      trend && trend.trials > points.length
        ? `${number(points.length)} of ${number(trend.trials)} scored trials are drawn: those that improved the best, and those that show the shape.`
        : null,
    clicked: (event) => {
      if (event.data?.trial) location.hash = address(["trials", event.data.trial]);
    },
  });

  function again(change) {
    Object.assign(shown, change);
    drawnFor = "";
    log.setAttribute("aria-pressed", String(shown.log));
    keep({ by: shown.by === "trials" ? null : shown.by, log: shown.log ? "1" : null });
    drawn.update(data());
  }

  function data() {
    const points = (trend?.points ?? [])
      .map((p) => {
        const trial = trials.get(p.trial_id);
        const x = { trials: (trial?.ended_seq ?? p.number) + 1, time: p.elapsed_seconds, epochs: p.epochs_spent }[
          shown.by
        ];
        return { ...p, x, state: trial?.state ?? "COMPLETED" };
      })
      .sort((a, b) => a.x - b.x);
    const began = Date.parse(now.started_at);
    const failed =
      shown.by === "epochs"
        ? []
        : trials
            .all()
            .filter((trial) => trial.state === "FAILED" && trial.ended_seq !== null)
            .map((trial) => ({
              trial,
              x: shown.by === "time" ? (Date.parse(trial.ended_at) - began) / 1000 : trial.ended_seq + 1,
            }));
    return { points, failed };
  }

  function option({ points, failed }, ink) {
    if (!points.length) return null;
    const logs = shown.log && points.every((p) => p.score > 0);
    const dots = (state) =>
      points.filter((p) => p.state === state).map((p) => ({ value: [p.x, p.score], trial: p.trial_id, point: p }));
    const y = axis(ink, now.objective.name, { side: "y", kind: logs ? "log" : "value" });
    const x = axis(ink, AXES[shown.by], { whole: shown.by === "trials" });
    if (shown.by === "time") {
      x.axisLabel.formatter = (value) => duration(value);
    }
    const scatter = (name, state, colour, symbol = "circle") => ({
      name,
      type: "scatter",
      symbol,
      symbolSize: points.length > 500 ? 4 : 7,
      data: dots(state),
      itemStyle: { color: colour, opacity: points.length > 500 ? 0.55 : 0.85 },
      cursor: "pointer",
    });
    const parts = [
      scatter("completed", "COMPLETED", ink.c1),
      scatter("stopped early", "STOPPED", ink.c5, "diamond"),
      {
        name: "best so far",
        type: "line",
        step: "end",
        symbol: "none",
        data: points.map((p) => [p.x, p.best]),
        lineStyle: { width: 2.5, color: ink.c2 },
        itemStyle: { color: ink.c2 },
        z: 1,
        silent: true,
      },
      {
        name: "failed",
        type: "scatter",
        yAxisIndex: 1,
        symbol: "path://M2 0 5 3 8 0 10 2 7 5 10 8 8 10 5 7 2 10 0 8 3 5 0 2Z",
        symbolSize: 8,
        itemStyle: { color: ink.bad },
        data: failed.map(({ trial, x: at }) => ({ value: [at, 0.03], trial: trial.id, failed: trial })),
        cursor: "pointer",
      },
    ].filter((one) => one.data.length);
    return {
      grid: room({ bottom: 70 }),
      xAxis: x,
      yAxis: [y, { type: "value", min: 0, max: 1, show: false }],
      series: parts,
      legend: legend(
        ink,
        parts.map((one) => one.name),
      ),
      dataZoom: [{ type: "inside", filterMode: "none", zoomOnMouseWheel: "ctrl" }],
      tooltip: tooltip(
        ink,
        ({ data: told }) =>
          told &&
          (told.failed
            ? tip(`trial ${told.failed.number}, failed`, [[told.failed.failure?.code ?? "", ""]])
            : told.point &&
              tip(`trial ${told.point.number}, ${told.point.state.toLowerCase()}`, [
                [now.objective.name, told.point.score],
                ["best so far", told.point.best],
                ["after", duration(told.point.elapsed_seconds)],
                ["epochs spent", told.point.epochs_spent],
              ])),
        { trigger: "item" },
      ),
    };
  }

  return {
    node: drawn.node,
    async refresh(next) {
      now = next;
      const sign = `${now.trials.completed}/${now.trials.stopped}`;
      if (sign !== read) {
        trend = await get(`${base}/trends/objective`, { points: POINTS });
        read = sign;
      }
      // Drawing a thousand points takes its time: only when there is another picture to draw.
      const picture = `${sign} ${now.trials.failed} ${trials.loaded()}`;
      if (picture === drawnFor) return;
      drawnFor = picture;
      drawn.update(data());
    },
    end: drawn.end,
  };
}

function dark() {
  return (
    getComputedStyle(document.documentElement).colorScheme === "dark" ||
    (document.documentElement.dataset.theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches)
  );
}
