// What is compared of searches: rows for a table with one column for each, and what follows in a sentence.
import { address } from "../../address.js";
import { state as stateTag } from "../../components/controls.js";
import { el } from "../../dom.js";
import { better, duration, number } from "../../format.js";
import { bestPlace, differ } from "./side.js";

const text = (value) => value;
const LEAST = { direction: "min" };
const ALIKE = { differs: false };

/** Rows of the API's comparison: what they are, what they reached and after how much, and what they cost. */
export function searchRows(told) {
  const row = (name, value, written, more) => rowOf(told.searches, name, value, written, more);
  const { direction } = told.searches[0].objective;
  return [
    row("state", (each) => each.state, stateTag, ALIKE),
    row("objective", (each) => `${each.objective.name} (${each.objective.direction})`, text),
    row("tuner", (each) => each.tuner, text),
    row("best score", (each) => each.best?.score, bestScore, told.comparable ? { direction } : {}),
    row("… after trials", (each) => each.best?.trials, number, LEAST),
    row("… after epochs", (each) => each.best?.epochs, number, LEAST),
    row("… after time", (each) => each.best?.elapsed_seconds, duration, LEAST),
    ...(told.comparable && told.target !== null ? targetRows(row, number(told.target)) : []),
    row("trials", (each) => each.trials, number, ALIKE),
    row("with a score", (each) => each.scored_trials, number, ALIKE),
    row("epochs", (each) => each.epochs, number, ALIKE),
    row("time", (each) => each.elapsed_seconds, duration, ALIKE),
    row("device time", (each) => each.device_seconds, duration, ALIKE),
  ];
}

function targetRows(row, target) {
  return [
    row(`${target} after trials`, (each) => each.reached?.trials, number, LEAST),
    row(`${target} after epochs`, (each) => each.reached?.epochs, number, LEAST),
    row(`${target} after time`, (each) => each.reached?.elapsed_seconds, duration, LEAST),
    row(`${target} after training`, (each) => each.reached?.training_seconds, duration, LEAST),
  ];
}

/** One row; the best is marked where there is a `direction`, else that the values differ. */
function rowOf(searches, name, value, written, { direction, differs = true } = {}) {
  const values = searches.map((each) => value(each) ?? null);
  return {
    name,
    cells: searches.map((each, at) => (values[at] === null ? "–" : written(values[at], each))),
    best: direction ? bestPlace(values, direction) : undefined,
    differs: !direction && differs && differ(values),
  };
}

function bestScore(score, { best }) {
  return el(
    "span",
    {},
    number(score),
    " ",
    el("a", { href: address(["trials", best.trial_id]) }, `trial ${best.number}`),
  );
}

/** Which is ahead, and which was the first to reach the target. */
export function aheadOf(told, names) {
  if (!told.comparable)
    return "Their objectives differ, so that scores cannot be compared and there is no target: what each cost still can.";
  const { direction, name } = told.searches[0].objective;
  const scores = told.searches.map((each) => each.best?.score ?? null),
    best = bestPlace(scores, direction);
  if (best === undefined) return scores.every((score) => score === null) ? "No trial is scored yet." : "None is ahead.";
  const reached = told.searches.map((each) => each.reached?.trials ?? null),
    soonest = bestPlace(reached, "min");
  const first = [
    soonest === best
      ? ", and was the first to reach "
      : ["; ", el("b", {}, names[soonest]), " was the first to reach "],
    `${number(told.target)}, after ${number(reached[soonest])} trials`,
  ];
  return [
    el("b", {}, names[best]),
    ` has the best ${name}, ${number(scores[best])} (${better(direction)})`,
    soonest === undefined ? "" : first,
    ".",
  ];
}

/** Rows of the values of each search's best trial; `trials` has null where there is none. */
export function valueRows(trials) {
  const names = [...new Set(trials.flatMap((trial) => Object.keys(trial?.hyperparameters ?? {})))];
  return names.map((name) => {
    const values = trials.map((trial) => trial?.hyperparameters[name]);
    return {
      name,
      cells: values.map((value) => (value === undefined ? "–" : number(value))),
      differs: differ(values),
    };
  });
}
