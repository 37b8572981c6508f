// All hyperparameters as small pictures, the one that matters most first.
import { keep } from "../../../address.js";
import { get } from "../../../api.js";
import { labelled, pick } from "../../../components/controls.js";
import { el, fill } from "../../../dom.js";
import { epochChooser, metricChooser, sweepChooser } from "../choosers.js";
import { base, hyperparametersOf, scored } from "../common.js";
import { smallCard } from "./small.js";

const PATIENCE_MS = 2500;
// From so many trials on the order is that of PED-ANOVA, which is there at once.
const MANY = 500;
const ORDERS = [
  ["importance", "by importance"],
  ["name", "as defined"],
];

/** Draws them into `place`; `open(name)` shows one large. `refresh` answers false when there are others than before. */
export function multiples({ place, search, trials, query, open }) {
  const state = {
    metric: query.get("metric") ?? search.objective.name,
    at: query.get("at") ?? "best",
    order: query.get("order") ?? "importance",
    baseline: query.get("baseline") ?? "",
  };
  const grid = el("div", { class: "multiples" });
  const intro = el("p", { class: "note" });
  const cards = new Map();
  let shares = null,
    arranged = false,
    late = false;

  const change = (next) => {
    Object.assign(state, next);
    keep(next);
    for (const card of cards.values()) card.asked.now();
    describe();
  };
  const reorder = (order) => {
    Object.assign(state, { order });
    keep({ order });
    arrange();
  };
  fill(
    place,
    el(
      "div",
      { class: "row chooser" },
      metricChooser({ search, trials, state, change }),
      epochChooser({ state, change, label: "of each trial's" }),
      sweepChooser({ search, state, change }),
      labelled("Order", pick("Order", ORDERS, state.order, reorder)),
    ),
    intro,
    grid,
  );
  for (const hyperparameter of hyperparametersOf(search, trials))
    cards.set(hyperparameter.name, smallCard({ search, hyperparameter, state, open }));
  if (!cards.size) fill(grid, nothingProposed());
  describe();

  function describe() {
    fill(
      intro,
      `Each dot is a trial; the line is the median of ${state.metric} and the band its middle half. Of ${scored(trials).length} scored trials`,
      shares ? ", the hyperparameter that explains most comes first." : ".",
      " Choose one to see it large.",
    );
  }

  function arrange() {
    arranged = true;
    const names = [...cards.keys()];
    if (shares && state.order === "importance") names.sort((a, b) => (shares.get(b) ?? 0) - (shares.get(a) ?? 0));
    const focused = document.activeElement;
    fill(
      grid,
      names.map((name) => cards.get(name).node),
    );
    if (grid.contains(focused)) focused.focus();
  }

  async function weigh() {
    try {
      const found = await get(`${base(search)}/importance`, {
        metric: state.metric,
        at: state.at,
        method: scored(trials).length > MANY ? "ped_anova" : "fanova",
      });
      if (!found.hyperparameters.length) return;
      shares = new Map(found.hyperparameters.map((each) => [each.name, each.share]));
      for (const [name, card] of cards) if (shares.has(name)) card.say(shares.get(name), found.method);
      describe();
      // Cards do not jump under the hand that points at one.
      if (!late || !grid.matches(":hover, :focus-within")) arrange();
    } catch {
      /* the order is then the definition's; the tab "Importance" says why */
    }
  }

  /** Two questions at a time: the page's others come through. */
  async function readAll() {
    const waiting = [...cards.values()];
    const next = async () => {
      while (waiting.length) await waiting.shift().asked.now();
    };
    await Promise.all([next(), next()]);
  }

  async function begin() {
    const weighed = weigh();
    readAll();
    // A moment's patience for the order; then cards are shown as they are.
    await Promise.race([weighed, new Promise((done) => setTimeout(done, PATIENCE_MS))]);
    if (arranged) return;
    late = true;
    arrange();
  }

  if (cards.size) {
    fill(grid, el("p", { class: "note wide" }, "Working it out …"));
    begin();
  }
  return {
    /** Puts the focus on the button that opens a hyperparameter. */
    focus(name) {
      if (!arranged) arrange();
      grid.querySelector(`[data-hp="${CSS.escape(name)}"]`)?.focus();
    },
    refresh(now) {
      if (hyperparametersOf(now, trials).length !== cards.size) return false;
      search = now;
      for (const card of cards.values()) card.asked.refresh(now);
      return true;
    },
    end() {
      for (const card of cards.values()) card.end();
    },
  };
}

function nothingProposed() {
  return el(
    "div",
    { class: "card hollow wide" },
    "No trial has been proposed yet. Hyperparameters appear here with the first ones.",
  );
}
