// What the verdicts of all trials say about the search: how many, which values they go with, and what follows.
import { number } from "../../format.js";
import { isNumeric, listed } from "./common.js";

const FEWEST = 3;
const CLEAR = 0.25;
const WORDS = {
  diverged: ["diverged", "diverged"],
  overfitting: ["overfits", "overfit"],
  underfitting: ["underfits", "underfit"],
  oscillating: ["swings from epoch to epoch", "swing from epoch to epoch"],
  still_improving: ["was still improving at its end", "were still improving at their end"],
  healthy: ["is healthy", "are healthy"],
  unknown: ["says nothing yet", "say nothing yet"],
};
const FAULTS = ["diverged", "overfitting", "underfitting", "oscillating", "still_improving"];

/** "12 of 20 underfit" */
export function countWords(verdict, count, all) {
  return `${number(count)} of ${number(all)} ${WORDS[verdict][count === 1 ? 0 : 1]}`;
}

/**
 * For each fault that many trials share, the most frequent first: `{verdict, count, text, signs, next}`. `signs` are sentences on the
 * values that go with it, `next` is what follows from them for the search space, else the general advice of the diagnosis.
 *
 * A number is told apart by how often a trial with the verdict has a larger value than one without (the rank sum's
 * probability of superiority, Mann and Whitney 1947): 0.75 or more either way. A choice, where a quarter more of its trials
 * have the verdict than of all.
 */
export function advice(items, trials, hyperparameters) {
  const found = [];
  const judged = items.filter((item) => item.verdict !== "unknown");
  for (const verdict of FAULTS) {
    const those = judged.filter((item) => item.verdict === verdict),
      others = judged.filter((item) => item.verdict !== verdict);
    if (those.length < Math.max(2, 0.1 * judged.length)) continue;
    const signs = [],
      next = [];
    for (const hyperparameter of hyperparameters) {
      const valuesOf = (list) =>
        list
          .map((item) => trials.get(item.trial_id)?.hyperparameters[hyperparameter.name])
          .filter((value) => value !== undefined);
      const here = valuesOf(those),
        there = valuesOf(others);
      if (here.length < FEWEST || there.length < FEWEST) continue;
      if (isNumeric(hyperparameter)) {
        const share = superiority(here, there);
        if (Math.abs(share - 0.5) < CLEAR) continue;
        const [a, b] = [median(here), median(there)];
        const larger = share > 0.5;
        signs.push(
          `${larger ? "larger" : "smaller"} ${hyperparameter.name} (median ${number(a)}, of the others ${number(b)})`,
        );
        next.push([
          Math.abs(share - 0.5),
          verdict === "still_improving"
            ? null
            : `search ${larger ? "smaller" : "larger"} ${hyperparameter.name}: most others lie ${larger ? "below" : "above"} ${number(quartile(there, larger ? 0.75 : 0.25))}`,
        ]);
      } else {
        const all = those.length / judged.length;
        for (const value of new Set(here.map(String))) {
          const with_ = here.filter((each) => String(each) === value).length,
            whole = with_ + there.filter((each) => String(each) === value).length;
          if (whole >= FEWEST && with_ / whole - all >= CLEAR) {
            signs.push(`${hyperparameter.name} ${value} (${with_} of ${whole})`);
            next.push([
              with_ / whole - all,
              verdict === "still_improving" ? null : `leave out ${hyperparameter.name} ${value}, or search it apart`,
            ]);
          }
        }
      }
    }
    const general = those[0].findings[0]?.try_next ?? [];
    const own = next
      .sort((a, b) => b[0] - a[0])
      .map(([, text]) => text)
      .filter(Boolean)
      .slice(0, 2);
    found.push({
      verdict,
      count: those.length,
      text: `${countWords(verdict, those.length, judged.length)}.`,
      signs: signs.length ? `They have ${listed(signs.slice(0, 3))}.` : null,
      next: own,
      general,
    });
  }
  return found.sort((a, b) => b.count - a.count);
}

/** How often a value of `a` is larger than one of `b`, ties by half; n log n, by ranks. */
function superiority(a, b) {
  const all = [...a.map((value) => [value, 1]), ...b.map((value) => [value, 0])].sort((one, two) => one[0] - two[0]);
  let sum = 0;
  for (let from = 0; from < all.length;) {
    let to = from;
    while (to < all.length && all[to][0] === all[from][0]) to += 1;
    for (let at = from; at < to; at += 1) if (all[at][1]) sum += (from + to + 1) / 2;
    from = to;
  }
  return (sum - (a.length * (a.length + 1)) / 2) / (a.length * b.length);
}

function quartile(values, share) {
  const sorted = [...values].sort((a, b) => a - b),
    at = share * (sorted.length - 1),
    low = Math.floor(at);
  return sorted[low] + (at - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
}

function median(values) {
  return quartile(values, 0.5);
}
