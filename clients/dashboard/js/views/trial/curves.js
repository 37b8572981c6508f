// The learning curves of one trial: each metric with its validation twin, a line for each execution or fold.
import { figure } from "../../charts/figure.js";
import { axis, legend, room, tip, tooltip } from "../../charts/parts.js";
import { el } from "../../dom.js";
import { number } from "../../format.js";

const TWIN = "val_";

/** `node`, `update(trial)` after new epochs, `end()`. Figures appear as metrics do, the objective's first. */
export function trialCurves({ objective, curves, id }) {
  const node = el("div", { class: "grid curves" });
  const figures = new Map();
  let trial = null;

  function names() {
    const found = new Set();
    for (const run of curves.of(id))
      for (const [, metrics] of run.rows.slice(0, 1).concat(run.rows.slice(-1)))
        for (const name of Object.keys(metrics)) found.add(name);
    const own = objective.name.replace(TWIN, "");
    const roots = [...new Set([...found].map((name) => (name.startsWith(TWIN) ? name.slice(TWIN.length) : name)))];
    return roots.sort((a, b) => (b === own) - (a === own) || (b === "loss") - (a === "loss") || a.localeCompare(b));
  }

  function made(root) {
    let log = false;
    const twin = TWIN + root;
    const button = el(
      "button",
      {
        type: "button",
        class: "quiet",
        "aria-pressed": "false",
        title: "Logarithmic scale",
        onclick: () => {
          log = !log;
          button.setAttribute("aria-pressed", String(log));
          drawn.update(curves.of(id));
        },
      },
      "Log",
    );
    const lastOf = (runs, name) =>
      runs
        .flatMap((run) => run.rows.slice(-1))
        .map(([, metrics]) => metrics[name])
        .find((value) => value !== undefined);
    const drawn = figure({
      title: root,
      controls: [button],
      describe: (runs) =>
        `Learning curves of trial ${trial.number}: ${root} ends at ${number(lastOf(runs, root))}, ${twin} at ${number(lastOf(runs, twin))}, after ${runs[0]?.rows.length ?? 0} epochs of ${runs.length} ${runs.length === 1 ? "training" : "trainings"}.`,
      option: (runs, ink) => {
        const series = runs
          .flatMap((run, place) =>
            [
              [root, "training", ink.c1],
              [twin, "validation", ink.c2],
            ].map(([name, part, colour]) => {
              const data = run.rows.map(([epoch, metrics]) => [epoch, metrics[name] ?? null]);
              if (!data.some(([, value]) => value !== null)) return null;
              const many = runs.length > 1;
              return {
                id: `${part} ${place}`,
                name: part,
                type: "line",
                data: log ? data.filter(([, value]) => value === null || value > 0) : data,
                symbol: "circle",
                symbolSize: data.length === 1 ? 7 : 4,
                showSymbol: data.length < 40,
                run: label(run),
                lineStyle: {
                  color: colour,
                  width: many ? 1.5 : 2.2,
                  opacity: many ? 0.75 : 1,
                  type: part === "training" ? [6, 4] : "solid",
                },
                itemStyle: { color: colour },
                markLine:
                  place === 0 && name === objective.name && trial.best_epoch !== null
                    ? {
                        silent: true,
                        symbol: "none",
                        label: { formatter: "best", color: ink.soft, rotate: 0, position: "end", distance: 4 },
                        lineStyle: { color: ink.edge, type: "dotted" },
                        data: [{ xAxis: trial.best_epoch }],
                      }
                    : undefined,
              };
            }),
          )
          .filter(Boolean);
        if (!series.length) return null;
        return {
          grid: room({ bottom: 66, top: 24 }),
          xAxis: axis(ink, "epoch (from 0)", { whole: true }),
          yAxis: axis(ink, root, { side: "y", kind: log ? "log" : "value" }),
          series,
          legend: legend(ink, [...new Set(series.map((one) => one.name))]),
          tooltip: tooltip(
            ink,
            (told) =>
              Array.isArray(told)
                ? told.length &&
                  tip(
                    `epoch ${told[0].value[0]}`,
                    told.map((one) => [`${one.seriesName}${series[one.seriesIndex]?.run ?? ""}`, one.value[1]]),
                  )
                : null,
            { trigger: "axis" },
          ),
        };
      },
      table: (runs) => ({
        columns: ["Training", "Epoch", root, twin],
        rows: runs.flatMap((run) =>
          run.rows.map(([epoch, metrics]) => [
            label(run).trim() || "1",
            epoch,
            metrics[root] ?? null,
            metrics[twin] ?? null,
          ]),
        ),
      }),
      empty: "Appears with the first epoch.",
    });
    return drawn;
  }

  function label(run) {
    if (run.fold !== null && run.fold !== undefined) return ` fold ${run.fold + 1}`;
    return run.execution ? ` execution ${run.execution + 1}` : "";
  }

  return {
    node,
    update(next) {
      trial = next;
      for (const root of names().slice(0, 12)) {
        if (!figures.has(root)) {
          figures.set(root, made(root));
          node.append(figures.get(root).node);
        }
        figures.get(root).update(curves.of(id));
      }
      node.hidden = figures.size === 0;
    },
    end() {
      for (const drawn of figures.values()) drawn.end();
    },
  };
}
