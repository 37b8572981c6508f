// Which hyperparameters matter: bars, and what pairs explain beyond both.
import { keep } from "../../address.js";
import { get } from "../../api.js";
import { segments } from "../../components/controls.js";
import { el, fill } from "../../dom.js";
import { number } from "../../format.js";
import { epochChooser, metricChooser } from "./choosers.js";
import { base, question, tabAddress } from "./common.js";
import { importanceBars } from "./importance/bars.js";
import { importancePairs } from "./importance/pairs.js";
import { share, why } from "./importance/words.js";

const METHODS = [
  ["fanova", "Over the whole space (fANOVA)"],
  ["ped_anova", "For being among the best (PED-ANOVA)"],
];
// Below this share, pairs with others included, a hyperparameter can be fixed; where that much is known at all.
const LITTLE = 0.05;
const KNOWN = 0.5;

export async function importanceTab({ place, search, trials, query }) {
  const state = {
    method: query.get("method") ?? "fanova",
    metric: query.get("metric") ?? search.objective.name,
    at: query.get("at") ?? "best",
  };
  const lead = el("div", { class: "card verdict-card", "aria-live": "polite" });
  const asked = question({
    search,
    pause: 8000,
    ask: () => get(`${base(search)}/importance`, state),
    show: (found) => {
      bars.update(found);
      pairs.update(found);
      fill(lead, leadOf(found, search));
    },
    fail: (error) => {
      const text = `${error.message}.${state.method === "fanova" ? " PED-ANOVA is quicker: choose it above." : ""}`;
      bars.fail(text);
      pairs.fail(text);
      fill(lead, el("p", { class: "lead" }, text));
    },
  });
  const change = (next) => {
    Object.assign(state, next);
    keep(next);
    bars.busy();
    pairs.busy();
    asked.now();
  };
  // Other tabs open with the metric at hand; the objective is theirs without saying.
  const metric = () => (state.metric === search.objective.name ? null : state.metric);
  const bars = importanceBars({
    search,
    state,
    open: (hp) => {
      location.hash = tabAddress(search, "hyperparameters", { hp, metric: metric() });
    },
  });
  const pairs = importancePairs({
    contourOf: ([x, y]) => tabAddress(search, "contour", { x, y, metric: metric() }),
  });

  fill(
    place,
    el(
      "div",
      { class: "row chooser" },
      segments("Method", METHODS, state.method, (method) => change({ method })),
      metricChooser({ search, trials, state, change }),
      epochChooser({ state, change }),
    ),
    lead,
    el("div", { class: "grid" }, bars.node, pairs.node),
  );
  fill(lead, el("p", { class: "note" }, "Working it out …"));
  bars.busy();
  pairs.busy();
  asked.now();
  return {
    async refresh(now) {
      asked.refresh(now);
    },
    end() {
      asked.end();
      bars.end();
      pairs.end();
    },
  };
}

/** How many hyperparameters explain next to nothing, if the shares tell most of the story. */
function fixable({ hyperparameters, pairs }) {
  const sum = (effects) => effects.reduce((total, each) => total + each.share, 0);
  if (sum(hyperparameters) + sum(pairs) < KNOWN) return "";
  const all = hyperparameters.length;
  const little = hyperparameters.filter(
    ({ name, share }) => share + sum(pairs.filter((pair) => pair.names.includes(name))) < LITTLE,
  ).length;
  return little && little < all ? `${little} of ${all} explain less than 5 %, pairs included: they can be fixed.` : "";
}

/** What matters most, what hardly does, and from how many trials that is known. */
function leadOf(found, search) {
  const [first, second] = found.hyperparameters;
  if (!first) return el("p", { class: "lead" }, why(found), " Each ended trial with a score counts.");
  const link = ({ name }) => el("a", { href: tabAddress(search, "hyperparameters", { hp: name }) }, name);
  return [
    el(
      "p",
      { class: "lead" },
      link(first),
      ` matters most for ${found.metric.name}: it explains ${share(first.share)}`,
      found.method === "fanova"
        ? " of the variance between trials by itself"
        : " of what sets the best trials apart from all others",
      second ? [", then ", link(second), ` with ${share(second.share)}`] : "",
      ". ",
      fixable(found),
    ),
    el(
      "p",
      { class: "note" },
      `From ${number(found.trials)} scored trials, at the ${found.at} epoch.`,
      found.note ? ` Take care: ${found.note}.` : "",
    ),
    el("details", {}, el("summary", {}, "What a share means"), el("p", { class: "note" }, found.description)),
  ];
}
