// Searches side by side: best so far by trials, epochs or seconds, cost, when each reached a target, and the best ones' values.
import { address, keep } from "../../address.js";
import { get, listen } from "../../api.js";
import { labelled } from "../../components/controls.js";
import { el, fill } from "../../dom.js";
import { SEARCH_KINDS } from "../../events.js";
import { number } from "../../format.js";
import { refresher } from "../../refresh.js";
import { chip } from "./chip.js";
import { bestSoFar, colour, labels } from "./history.js";
import { picker } from "./picker.js";
import { aheadOf, searchRows, valueRows } from "./rows.js";
import { sideBySide } from "./side.js";

const MOST = 20;
const KINDS = [...SEARCH_KINDS, "trial.completed", "trial.stopped"];

export async function compareSearches({ place, ids, query, live, again }) {
  const chips = el("div", { class: "row" });
  const body = el("div");
  const set = (next) => {
    keep({ id: next, trial: null });
    again();
  };
  const adding = picker({
    label: "Add a search",
    placeholder: "Add a search by its name …",
    find: (text) => findSearches(text, ids),
    chose: (id) => set([...ids, id]),
  });
  fill(place, el("div", { class: "card chooser-card" }, chips, ids.length < MOST ? adding : null), body);
  if (ids.length > 1) return comparison({ chips, body, ids, query, live, set });
  const one = ids.length ? await get(`/v1/searches/${encodeURIComponent(ids[0])}`) : null;
  if (one)
    fill(
      chips,
      chip(one.name, "c1", () => set([])),
    );
  fill(body, tooFew(one));
  live(true);
  return { end() {} };
}

/** Searches with this in their name, but those that are compared already. */
async function findSearches(text, ids) {
  const { items } = await get("/v1/searches", { text: text || null, limit: 30 });
  return items
    .filter((one) => !ids.includes(one.id))
    .map(({ id, name, state, trials, best, objective }) => ({
      id,
      name,
      more: `${state.toLowerCase()}, ${trials.completed + trials.stopped} trials, best ${number(best?.score)} (${objective.name})`,
    }));
}

function tooFew(one) {
  return el(
    "div",
    { class: "card hollow" },
    one ? "Add another search to compare it with." : "Choose two searches or more: type a part of their names above.",
    el(
      "p",
      { class: "small" },
      "Their best scores, what those cost, and the values of the best trials then stand side by side.",
    ),
  );
}

/** Two or more of them, kept fresh while they run. */
async function comparison({ chips, body, ids, query, live, set }) {
  const state = { by: query.get("by") ?? "trials", target: query.get("target") ?? "" };
  let found = null,
    shownBests = "",
    over = false;
  const lead = el("p", { class: "lead", "aria-live": "polite" }),
    side = el("div"),
    valuesSide = el("div");
  const drawing = bestSoFar({
    state,
    chose: (by) => {
      state.by = by;
      keep({ by });
      if (found) drawing.update(found);
    },
  });
  const goal = el("input", {
    type: "number",
    step: "any",
    class: "bound",
    value: state.target,
    placeholder: "worst of the best",
    "aria-label": "Target score",
    onchange: () => {
      if (!goal.validity.valid) return;
      state.target = goal.value;
      keep({ target: state.target || null });
      read();
    },
  });

  async function read() {
    const told = await get("/v1/searches/compare", { id: ids, target: state.target === "" ? null : state.target });
    if (over) return;
    found = told;
    draw();
    const bests = told.searches.map((each) => each.best?.trial_id ?? null);
    if (bests.join() === shownBests) return;
    shownBests = bests.join();
    const trials = await Promise.all(bests.map((id) => (id ? get(`/v1/trials/${encodeURIComponent(id)}`) : null)));
    if (!over) fill(valuesSide, valuesTable(trials));
  }

  function draw() {
    const names = labels(found);
    const chipOf = (each, at) =>
      chip(names[at], colour(at), () => set(ids.filter((id) => id !== each.id)), address(["searches", each.id]));
    // Drawn anew only when there is something else to tell: the focus stays.
    const sign = JSON.stringify(names);
    if (chips.dataset.told !== sign) {
      chips.dataset.told = sign;
      fill(chips, found.searches.map(chipOf));
    }
    drawing.update(found);
    goal.placeholder = found.target === null ? "none" : number(found.target);
    goal.disabled = !found.comparable;
    fill(
      side,
      sideBySide({
        label: "Searches side by side",
        heads: found.searches.map((each, at) => el("a", { href: address(["searches", each.id]) }, names[at])),
        rows: searchRows(found),
      }),
    );
    fill(lead, aheadOf(found, names));
  }

  function valuesTable(trials) {
    const rows = valueRows(trials);
    if (!rows.length) return el("p", { class: "note" }, "No trial is scored yet.");
    const head = (name, trial) =>
      trial ? el("a", { href: address(["trials", trial.id]) }, `${name}, trial ${trial.number}`) : name;
    return sideBySide({
      label: "Values of the best trials",
      heads: labels(found).map((name, at) => head(name, trials[at])),
      rows,
    });
  }

  fill(
    body,
    targetCard(lead, goal),
    el(
      "div",
      { class: "stack" },
      drawing.node,
      card("Side by side", null, side),
      card("Values of the best trials", "marked where they differ", valuesSide),
    ),
  );
  drawing.busy();
  await read();
  const redraw = refresher(read, 4000);
  const heard = (_kind, event) => {
    if (ids.includes(event.search_id)) redraw.soon();
  };
  const close = listen("/v1/events", KINDS, heard, live);
  return {
    end() {
      over = true;
      close();
      redraw.end();
      drawing.end();
    },
  };
}

function targetCard(lead, goal) {
  return el(
    "div",
    { class: "card verdict-card" },
    lead,
    el(
      "div",
      { class: "row" },
      labelled("Target to be reached", goal),
      el("span", { class: "note small" }, "Without one it is the worst of the best scores, which all have reached."),
    ),
  );
}

function card(title, note, content) {
  return el(
    "section",
    { class: "card", "aria-label": title },
    el("div", { class: "head" }, el("h2", {}, title), note ? el("span", { class: "note small" }, note) : null),
    content,
  );
}
