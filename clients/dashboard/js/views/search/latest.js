// What has just happened, newest first.
import { address } from "../../address.js";
import { el, fill } from "../../dom.js";
import { number, time } from "../../format.js";
import { largest } from "../../stores/trials.js";

const SHOWN = 40;

export function latestCard({ search, trials }) {
  const list = el("ol", { class: "log" });
  const node = el(
    "section",
    { class: "card", "aria-label": "Latest" },
    el("div", { class: "head" }, el("h2", {}, "Latest")),
    el("div", { class: "log-frame", role: "log", "aria-label": "Latest events", tabindex: "0" }, list),
  );
  let begun = false;

  function line(at, link, text, kind = "") {
    return el(
      "li",
      { class: kind },
      el("time", { datetime: at }, time(at)),
      el(
        "span",
        {},
        link ? [el("a", { href: address(["trials", link.id]) }, `trial ${link.number}`), " "] : null,
        text,
      ),
    );
  }

  function ending(trial) {
    if (trial.state === "FAILED") return `failed: ${trial.failure?.message ?? "for an unknown reason"}`;
    if (trial.state === "CANCELLED") return "was cancelled";
    return `${trial.state === "STOPPED" ? "was stopped early" : "completed"} with ${search.objective.name} ${number(trial.score)} at epoch ${trial.best_epoch}`;
  }

  function said({ kind, payload, trial_id: id }) {
    const link = id ? { id, number: payload.number } : null;
    switch (kind) {
      case "trial.started":
        return [
          link,
          payload.resumed_from === null || payload.resumed_from === undefined
            ? "started"
            : `goes on from epoch ${payload.resumed_from}`,
        ];
      case "trial.completed":
        return [
          link,
          `completed with ${search.objective.name} ${number(payload.score)} at epoch ${payload.best_epoch}`,
          "good",
        ];
      case "trial.stopped":
        return [
          link,
          `was stopped early with ${search.objective.name} ${number(payload.score)}: ${payload.reason?.message ?? ""}`,
        ];
      case "trial.failed":
        return [link, `failed: ${payload.failure?.message}`, "bad"];
      case "trial.cancelled":
        return [link, "was cancelled"];
      case "trial.requeued":
        return [link, `is tried again (${payload.code})`];
      case "trial.lost":
        return [link, "was lost with its worker, and is queued again"];
      case "trial.released":
        return [link, "was handed back, and is queued again"];
      case "search.paused":
        return [null, "The search was paused."];
      case "search.resumed":
        return [null, "The search goes on."];
      case "search.changed":
        return [null, `Changed: ${payload.changed?.join(", ")}.`];
      case "search.started":
        return [null, "The search was taken up."];
      case "search.completed":
      case "search.failed":
      case "search.cancelled":
        return [null, payload.reason?.message ?? payload.state, kind === "search.failed" ? "bad" : "good"];
      default:
        return null;
    }
  }

  return {
    node,
    async refresh() {
      if (begun || !trials.loaded()) return;
      begun = true;
      const told = [];
      // Times of one form in one zone: as texts they have the order of the times.
      for (const trial of largest(trials.all(), SHOWN, (one) => one.started_at))
        told.push([trial.started_at, trial, "started", ""]);
      for (const trial of largest(trials.all(), SHOWN, (one) => one.ended_at)) {
        told.push([trial.ended_at, trial, ending(trial), { FAILED: "bad", COMPLETED: "good" }[trial.state] ?? ""]);
      }
      told.sort((a, b) => Date.parse(b[0]) - Date.parse(a[0]) || b[1].number - a[1].number);
      const known = [...list.children];
      fill(
        list,
        known,
        told.slice(0, SHOWN - known.length).map(([at, trial, text, kind]) => line(at, trial, text, kind)),
      );
    },
    heard(event) {
      const found = said(event);
      if (!found) return;
      list.prepend(line(event.recorded_at, ...found));
      while (list.childElementCount > SHOWN) list.lastElementChild.remove();
    },
  };
}
