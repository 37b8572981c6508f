// The findings of one trial in full, with their numbers.
import { trialLink } from "../../../components/links.js";
import { el } from "../../../dom.js";
import { number } from "../../../format.js";

import { verdictTag } from "./verdicts.js";

/** Nodes that tell them; `item` is a trial's diagnosis. */
export function findingsOf(item) {
  return [
    el(
      "div",
      { class: "head" },
      el("h2", {}, trialLink(item.trial_id, `Trial ${item.number}`), " ", verdictTag(item.verdict)),
    ),
    el("p", { class: "note small" }, basis(item)),
    item.findings.map(findingOf),
    item.note ? el("p", {}, `${item.note}.`) : null,
  ];
}

/** Which curves the verdict is from. */
function basis({ metric, validation_metric: validation, epochs, executions }) {
  const names = `${metric.name}${validation ? ` and ${validation}` : ""}`;
  return `${names} over ${number(epochs)} epochs${executions > 1 ? `, mean of ${executions} trainings` : ""}.`;
}

function findingOf({ statement, evidence, try_next: next }) {
  return [
    el("h3", {}, `${statement[0].toUpperCase()}${statement.slice(1)}`),
    el(
      "dl",
      { class: "evidence" },
      Object.entries(evidence).map(([name, value]) => [
        el("dt", {}, name.replaceAll("_", " ")),
        el("dd", {}, number(value)),
      ]),
    ),
    next.length
      ? [
          el("p", { class: "small" }, el("b", {}, "Try next")),
          el(
            "ul",
            { class: "small" },
            next.map((text) => el("li", {}, text)),
          ),
        ]
      : null,
  ];
}
