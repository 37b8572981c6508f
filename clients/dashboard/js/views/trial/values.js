// What is known of a trial by itself: its values, its figures, its failure.
import { fact } from "../../components/controls.js";
import { pairs } from "../../components/pairs.js";
import { el } from "../../dom.js";
import { duration, number, time } from "../../format.js";

/** Values, metrics and course, under headings. */
export function valuesOf(trial) {
  const at = trial.best_epoch === null ? "" : `, ${trial.best_epoch}`;
  return [
    pairs("Hyperparameters", trial.hyperparameters) ?? el("p", { class: "note" }, "No hyperparameter is active."),
    pairs(`Metrics at its best epoch${at}`, trial.metrics),
    pairs("Course", course(trial)),
  ];
}

function course(trial) {
  const told = { created: time(trial.created_at), started: time(trial.started_at), ended: time(trial.ended_at) };
  if (trial.start_epoch) told["goes on from epoch"] = trial.start_epoch;
  if (trial.target_epochs !== null) told["epochs aimed at"] = trial.target_epochs;
  if (trial.bracket !== null) told.bracket = trial.bracket;
  if (trial.round !== null) told.round = trial.round;
  if (trial.swept) told["sweeps"] = trial.swept;
  return told;
}

export function factsOf(trial, objective) {
  return [
    fact(`${objective.name} (${objective.direction})`, number(trial.score)),
    fact("best epoch", number(trial.best_epoch)),
    fact("epochs", number(trial.epochs)),
    fact("training time", trial.seconds ? duration(trial.seconds) : "–"),
    fact("parameters", number(trial.parameters)),
    fact("device", trial.device ?? "–"),
    fact("attempts", number(trial.attempts)),
  ];
}

/** Why it failed, and whose fault that is; null when it did not. */
export function failureOf({ failure }) {
  if (!failure) return null;
  const whose = failure.fault === "definition" ? " The fault is the definition's." : " The fault is the machine's.";
  return el(
    "div",
    { class: "fault-box trial-failure" },
    el("p", {}, el("b", {}, failure.code), ": ", failure.message, el("span", { class: "note" }, whose)),
    failure.traceback
      ? el("details", {}, el("summary", {}, "Traceback"), el("pre", { tabindex: "0" }, failure.traceback))
      : null,
  );
}
