// The columns of the table of trials, and the values by which it is sorted and filtered.
import { address } from "../../address.js";
import { state } from "../../components/controls.js";
import { el } from "../../dom.js";
import { duration, number, time } from "../../format.js";

const SHORT = 60;

/** Names by which a filter reads a trial; hyperparameters and metrics come by their own names, or behind `hp.` and `metric.`. */
const READ = {
  trial: (t) => t.number,
  number: (t) => t.number,
  id: (t) => t.id,
  state: (t) => t.state,
  score: (t) => t.score,
  best_epoch: (t) => t.best_epoch,
  epochs: (t) => t.epochs,
  seconds: (t) => t.seconds,
  parameters: (t) => t.parameters,
  device: (t) => t.device,
  attempts: (t) => t.attempts,
  worker: (t) => t.worker_id,
  bracket: (t) => t.bracket,
  round: (t) => t.round,
  swept: (t) => t.swept,
  failure: (t) => (t.failure ? `${t.failure.code} ${t.failure.message}` : null),
};

/** The hyperparameters and metrics that trials have, in the order in which they were first seen. */
export function namesOf(trials) {
  const hyperparameters = new Set(),
    metrics = new Set();
  for (const trial of trials) {
    for (const name in trial.hyperparameters) hyperparameters.add(name);
    for (const name in trial.metrics) metrics.add(name);
  }
  return { hyperparameters: [...hyperparameters], metrics: [...metrics] };
}

/** For `filterOf`: how a name is read from a trial, or null. */
export function readerOf({ hyperparameters, metrics }) {
  const hps = new Set(hyperparameters),
    found = new Set(metrics);
  return (name) => {
    if (name.startsWith("hp.") && hps.has(name.slice(3))) return (t) => t.hyperparameters[name.slice(3)];
    if (name.startsWith("metric.") && found.has(name.slice(7))) return (t) => t.metrics[name.slice(7)];
    if (hps.has(name) && !(name in READ)) return (t) => t.hyperparameters[name];
    if (found.has(name) && !(name in READ)) return (t) => t.metrics[name];
    return Object.hasOwn(READ, name) ? READ[name] : null;
  };
}

export function knownNames({ hyperparameters, metrics }) {
  return [
    ...hyperparameters,
    ...metrics,
    "state",
    "score",
    "epochs",
    "seconds",
    "parameters",
    "failure",
    "device",
    "bracket",
    "round",
  ];
}

/** All columns in their order; `plain` ones are shown unless they were hidden, the others when they were chosen. */
export function columnsOf({ search, names, acts, box, parentOf }) {
  const simple = (key, label, value, { cell, num = true, plain = true, title } = {}) => ({
    key,
    label,
    value,
    num,
    plain,
    title,
    cell: cell ?? ((t) => number(value(t))),
  });
  const numbers = (value) => typeof value === "number";
  return [
    { key: "choose", label: el("span", { class: "visually-hidden" }, "Compare"), cell: box, fixed: true },
    simple("number", "Trial", (t) => t.number, {
      cell: (t) => el("a", { href: address(["trials", t.id]) }, String(t.number)),
    }),
    simple("state", "State", (t) => t.state, {
      num: false,
      cell: (t) => [
        state(t.state, t.failure?.message),
        t.stop_requested && t.state === "RUNNING" ? el("span", { class: "note small" }, " stopping") : null,
      ],
    }),
    simple("score", search.objective.name, (t) => t.score, { title: "The objective at the trial's best epoch" }),
    simple("best_epoch", "Best epoch", (t) => t.best_epoch),
    simple("epochs", "Epochs", (t) => t.epochs),
    simple("seconds", "Time", (t) => t.seconds, {
      title: "Training seconds over all attempts that ended",
      cell: (t) => (t.seconds ? duration(t.seconds) : "–"),
    }),
    simple("parameters", "Parameters", (t) => t.parameters),
    ...names.hyperparameters.map((name) =>
      simple(`hp:${name}`, name, (t) => t.hyperparameters[name], {
        title: `Hyperparameter ${name}`,
        cell: (t) => {
          const value = t.hyperparameters[name];
          return value === undefined
            ? el("span", { class: "note" }, "–")
            : numbers(value)
              ? number(value)
              : short(String(number(value)));
        },
      }),
    ),
    ...names.metrics
      .filter((name) => name !== search.objective.name)
      .map((name) =>
        simple(`metric:${name}`, name, (t) => t.metrics[name], {
          plain: false,
          title: `${name} at the trial's best epoch`,
        }),
      ),
    simple("failure", "Failure", (t) => t.failure?.code, {
      num: false,
      plain: false,
      cell: (t) => (t.failure ? short(`${t.failure.code}: ${t.failure.message}`) : ""),
    }),
    simple("attempts", "Attempts", (t) => t.attempts, { plain: false }),
    simple("device", "Device", (t) => t.device, { num: false, plain: false, cell: (t) => t.device ?? "–" }),
    simple("bracket", "Bracket", (t) => t.bracket, { plain: false }),
    simple("round", "Round", (t) => t.round, { plain: false }),
    simple("parent", "Goes on from", (t) => parentOf(t)?.number, {
      plain: false,
      cell: (t) => {
        const parent = parentOf(t);
        return parent ? el("a", { href: address(["trials", parent.id]) }, `trial ${parent.number}`) : "–";
      },
    }),
    simple("started", "Started", (t) => (t.started_at ? Date.parse(t.started_at) : null), {
      num: false,
      plain: false,
      cell: (t) => time(t.started_at),
    }),
    simple("ended", "Ended", (t) => (t.ended_at ? Date.parse(t.ended_at) : null), {
      num: false,
      plain: false,
      cell: (t) => time(t.ended_at),
    }),
    { key: "acts", label: el("span", { class: "visually-hidden" }, "Stop or retry"), cell: acts, fixed: true },
  ];
}

function short(text) {
  return text.length <= SHORT ? text : el("span", { title: text }, `${text.slice(0, SHORT - 1)}…`);
}
