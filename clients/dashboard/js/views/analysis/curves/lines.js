// Which trials get a line of their own over the bands: some of the best, of the worst, and of those that run.
import { scored } from "../common.js";

/** How many running trials are shown at a time: more lines than colours cannot be told apart. */
export const MOST_RUNNING = 8;

/** All trials that run, in the order of their numbers. */
export function runningOf(trials) {
  return trials
    .all()
    .filter((trial) => trial.state === "RUNNING")
    .sort((a, b) => a.number - b.number);
}

/** The place of the first running trial of the page that `from` lies on; of the last page when there are fewer by now. */
export function pageOf(from, total) {
  const last = Math.max(0, Math.ceil(total / MOST_RUNNING) - 1);
  return MOST_RUNNING * Math.min(last, Math.max(0, Math.floor((Number(from) || 0) / MOST_RUNNING)));
}

/** `[{trial, role}]` with the role "best", "worst" or "running". */
export function linesOf({ search, trials, best, worst, running, from }) {
  const sign = search.objective.direction === "max" ? -1 : 1;
  const ranked = scored(trials)
    .filter((trial) => trial.state !== "RUNNING")
    .sort((a, b) => sign * (a.score - b.score) || a.number - b.number);
  const as = (role) => (trial) => ({ trial, role });
  const all = runningOf(trials),
    first = pageOf(from, all.length);
  return [
    ...ranked.slice(0, Number(best)).map(as("best")),
    ...(Number(worst) ? ranked.slice(Number(best)).slice(-Number(worst)) : []).map(as("worst")),
    ...(running === "yes" ? all.slice(first, first + MOST_RUNNING) : []).map(as("running")),
  ];
}

/** A line's name: "trial 7", "trial 9 (running)". */
export function lineName({ trial, role }) {
  return `trial ${trial.number}${role === "best" ? "" : ` (${role})`}`;
}
