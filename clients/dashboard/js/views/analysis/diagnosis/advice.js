// What the verdicts of all trials say about the search: how many, which values they go with, and what follows.
import { number } from "../../../format.js";
import { isNumeric, listed } from "../common.js";

const FEWEST = 3;
const CLEAR = 0.25;
const MOST_SIGNS = 3;
const MOST_NEXT = 2;
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
  const judged = items.filter((item) => item.verdict !== "unknown");
  return FAULTS.map((verdict) => adviceOn(verdict, judged, trials, hyperparameters))
    .filter(Boolean)
    .sort((a, b) => b.count - a.count);
}

function adviceOn(verdict, judged, trials, hyperparameters) {
  const those = judged.filter((item) => item.verdict === verdict),
    others = judged.filter((item) => item.verdict !== verdict);
  if (those.length < Math.max(2, 0.1 * judged.length)) return null;
  const found = hyperparameters.flatMap((hyperparameter) => {
    const here = valuesOf(those, trials, hyperparameter),
      there = valuesOf(others, trials, hyperparameter);
    if (here.length < FEWEST || there.length < FEWEST) return [];
    return isNumeric(hyperparameter)
      ? signOfNumber(hyperparameter.name, here, there)
      : signsOfChoice(hyperparameter.name, here, there, those.length / judged.length);
  });
  // More epochs help those that were still improving, whatever their values.
  const next = verdict === "still_improving" ? [] : [...found].sort((a, b) => b.weight - a.weight);
  return {
    verdict,
    count: those.length,
    text: `${countWords(verdict, those.length, judged.length)}.`,
    signs: found.length ? `They have ${listed(found.slice(0, MOST_SIGNS).map((each) => each.sign))}.` : null,
    next: next.slice(0, MOST_NEXT).map((each) => each.next),
    general: those[0].findings[0]?.try_next ?? [],
  };
}

function valuesOf(items, trials, hyperparameter) {
  return items
    .map((item) => trials.get(item.trial_id)?.hyperparameters[hyperparameter.name])
    .filter((value) => value !== undefined);
}

/** That the values `here` are larger or smaller than those `there`, if they are. */
function signOfNumber(name, here, there) {
  const share = superiority(here, there),
    weight = Math.abs(share - 0.5);
  if (weight < CLEAR) return [];
  const larger = share > 0.5;
  const [a, b] = [median(here), median(there)].map(number);
  return [
    {
      weight,
      sign: `${larger ? "larger" : "smaller"} ${name} (median ${a}, of the others ${b})`,
      next: `search ${larger ? "smaller" : "larger"} ${name}: most others lie ${larger ? "below" : "above"} ${number(quartile(there, larger ? 0.75 : 0.25))}`,
    },
  ];
}

/** Values of a choice that have the verdict more often than the share `usual` of all trials. */
function signsOfChoice(name, here, there, usual) {
  return [...new Set(here.map(String))].flatMap((value) => {
    const having = here.filter((each) => String(each) === value).length,
      all = having + there.filter((each) => String(each) === value).length;
    const weight = having / all - usual;
    if (all < FEWEST || weight < CLEAR) return [];
    return [
      {
        weight,
        sign: `${name} ${value} (${having} of ${all})`,
        next: `leave out ${name} ${value}, or search it apart`,
      },
    ];
  });
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
