// What one wants to know first: where the search stands, what is best, and what has just happened.
import { address } from "../../address.js";
import { SERIES } from "../../charts/parts.js";
import { historyFigure } from "./history.js";
import { curvesFigure, runningAndLatest } from "./curves.js";
import { bestCard } from "./best.js";
import { findingsCard } from "./findings.js";
import { latestCard } from "./latest.js";
import { el, fill } from "../../dom.js";
import { ENDED } from "../../states.js";

/** When more trials run than have a curve here: how many, and where all are. */
function runningLeftOut(everything, search) {
  const running = everything.filter((trial) => trial.state === "RUNNING").length;
  if (running <= SERIES.length) return null;
  const all = el("a", { href: address(["searches", search.id, "curves"]) }, "all of them");
  return [`${SERIES.length} of ${running} running trials are drawn: see `, all, "."];
}

export async function overviewTab({ place, search, trials, query }) {
  const parts = [
    historyFigure({ search, trials, query }),
    curvesFigure({
      search,
      trials,
      query,
      title: "Learning curves, running and latest",
      choose: runningAndLatest,
      under: (everything) => runningLeftOut(everything, search),
    }),
    bestCard({ search }),
    findingsCard({ search, trials }),
    latestCard({ search, trials }),
  ];
  const [history, running, best, findings, latest] = parts;
  const waits = el("div", { class: "card hollow wide", hidden: true });
  fill(place, el("div", { class: "grid" }, waits, history.node, running.node, best.node, findings.node, latest.node));

  async function refresh(now) {
    const none = now.trials.running + now.trials.completed + now.trials.stopped + now.trials.failed === 0;
    waits.hidden = !none;
    if (none)
      fill(
        waits,
        el(
          "h2",
          {},
          ENDED.includes(now.state)
            ? "It ended before a trial was run"
            : now.state === "PAUSED"
              ? "Paused before its first trial"
              : "Waiting for its first trial",
        ),
        el(
          "p",
          {},
          ENDED.includes(now.state)
            ? "“Use as template” opens its definition in the form, to be mended and sent again."
            : now.state === "PAUSED"
              ? "“Resume” lets it begin."
              : [
                  "It begins as soon as a coordinator has taken it up and a worker has a free slot: see ",
                  el("a", { href: "#/workers" }, "Workers"),
                  ".",
                ],
        ),
      );
    for (const part of [history, running, best, findings, latest]) part.node.hidden = none;
    if (none) return;
    await Promise.all(parts.map((part) => (part === running && !trials.loaded() ? null : part.refresh(now))));
  }

  // The page tells when the trials have been read; what needs none of them is drawn now.
  refresh(search).catch(() => {});
  return {
    refresh,
    heard(event) {
      running.heard(event);
      latest.heard(event);
    },
    end() {
      for (const part of parts) part.end?.();
    },
  };
}
