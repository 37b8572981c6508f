// The figures in the head of a search.
import { address } from "../../../address.js";
import { fact } from "../../../components/controls.js";
import { el, fill, refill } from "../../../dom.js";
import { duration, number } from "../../../format.js";
import { ENDED, endedTrials } from "../../../states.js";

const FACTS = [
  ["best", ""],
  ["ended", "trials ended"],
  ["running", "running"],
  ["failed", "failed"],
  ["epochs", "epochs"],
  ["elapsed", "elapsed"],
  ["left", "left, about"],
  ["device", "device time"],
  ["busy", "workers busy"],
];

/** `node`, `update(search)`; `tick(search, seconds)` counts the time on, so many seconds after the search was read. */
export function searchFacts() {
  const node = el("div", { class: "facts search-facts" });
  const values = {};
  for (const [key, label] of FACTS) {
    const one = fact(label, "–");
    values[key] = one.querySelector("b");
    node.append(one);
  }

  function update(search) {
    const { trials, best, objective } = search;
    const label = values.best.nextElementSibling;
    label.textContent = label.title = `best ${objective.name}`;
    refill(values.best, best?.trial_id ?? null, () =>
      best ? el("a", { href: address(["trials", best.trial_id]) }, number(best.score)) : "–",
    );
    const { queued } = trials;
    fill(values.ended, number(endedTrials(search)), of(search.planned_trials));
    fill(values.running, number(trials.running), queued ? el("small", {}, ` + ${number(queued)} queued`) : null);
    values.failed.textContent = number(trials.failed);
    values.failed.className = trials.failed ? "bad" : "";
    fill(values.epochs, number(search.epochs_recorded), of(search.planned_epochs));
    values.device.textContent = duration(search.device_seconds);
    values.busy.textContent = number(search.workers_busy);
  }

  function tick({ state, elapsed_seconds: elapsed, remaining_seconds: left }, seconds) {
    const since = state === "RUNNING" ? seconds : 0;
    values.elapsed.textContent = duration(elapsed + since);
    values.left.textContent = ENDED.includes(state) || left === null ? "–" : duration(Math.max(0, left - since));
  }

  return { node, update, tick };
}

function of(planned) {
  return planned ? el("small", {}, ` of ${number(planned)}`) : null;
}
