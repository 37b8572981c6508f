// What the learning curves of all trials show: how many of which verdict, what that says of the search, and each trial's own.
import { keep } from "../../address.js";
import { labelled, pick } from "../../components/controls.js";
import { longTable } from "../../components/table.js";
import { trialLink } from "../../components/links.js";
import { el, fill, fillHeld } from "../../dom.js";
import { number } from "../../format.js";
import { endedTrials } from "../../states.js";
import { hyperparametersOf, question } from "./common.js";
import { advice, countWords } from "./diagnosis/advice.js";
import { verdictBars } from "./diagnosis/bars.js";
import { findingsOf } from "./diagnosis/findings.js";
import { diagnosisReader } from "./diagnosis/read.js";
import { VERDICTS, spoken, verdictTag } from "./diagnosis/verdicts.js";

const REDRAW_MS = 1500;
const MOST_ADVICE = 3;
const RUNNING = [
  ["no", "left out"],
  ["yes", "as far as they are"],
];

export async function diagnosisTab({ place, search, trials, query }) {
  const state = {
    verdict: query.get("verdict") ?? "",
    running: query.get("running") ?? "no",
    trial: query.get("trial") ?? "",
  };
  let drawn = 0;
  const lead = el("div", { class: "card verdict-card", "aria-live": "polite" }),
    detail = el("section", { class: "card trial-findings", "aria-label": "Findings of the trial" }),
    chooser = el("span", { class: "row" }),
    progress = el("p", { class: "note" });
  const reader = diagnosisReader({ search, trials, progress: partly });
  const { items } = reader;
  const asked = question({
    search,
    ask: () => {
      drawn = 0;
      return reader.read({ running: state.running === "yes" });
    },
    show: () => {
      fill(progress);
      show();
    },
    fail: (error) => {
      bars.fail(error.message);
      fill(lead, error.message);
    },
    pause: 4000,
    key: (now) => (state.running === "yes" ? `${endedTrials(now)} ${now.epochs_recorded}` : `${endedTrials(now)}`),
  });
  const bars = verdictBars({ state, chose: (verdict) => filter(verdict === state.verdict ? "" : verdict) });
  const table = longTable({
    label: "Trials and what their curves show",
    identity: (row) => row.trial_id,
    sort: { key: "number", down: false },
    name: (row) => (String(row.number) === state.trial ? "best" : ""),
    columns: columnsOf({ search, trials, select }),
  });

  /** While pages are read: what is known so far, now and then. */
  function partly() {
    fill(progress, `Read ${number(items.size)} of ${number(endedTrials(search))} trials …`);
    if (Date.now() - drawn < REDRAW_MS) return;
    drawn = Date.now();
    show();
  }

  function counted() {
    const counts = Object.fromEntries(VERDICTS.map((each) => [each, 0]));
    for (const item of items.values()) counts[item.verdict] += 1;
    return counts;
  }

  function list() {
    table.update([...items.values()].filter((item) => !state.verdict || item.verdict === state.verdict));
  }

  function show() {
    const counts = counted();
    bars.update(counts);
    list();
    fillHeld(chooser, verdictPick(counts));
    fill(lead, adviceNodes(counts), tooShort(counts, items.size), progress);
    detailOf(state.trial === "" ? tellingOne() : numbered(Number(state.trial)));
  }

  function adviceNodes(counts) {
    const found = advice([...items.values()], trials, hyperparametersOf(search, trials));
    if (found.length) return el("ul", { class: "advice" }, found.slice(0, MOST_ADVICE).map(adviceLine));
    const judged = items.size - counts.unknown;
    return el(
      "p",
      { class: "lead" },
      judged
        ? `${countWords("healthy", counts.healthy, judged)}; no fault is shared by many trials.`
        : "There is nothing to say of curves yet: a verdict takes four epochs.",
    );
  }

  function filter(verdict) {
    state.verdict = verdict;
    keep({ verdict: verdict || null });
    if (items.size) show();
  }

  function verdictPick(counts) {
    const present = VERDICTS.filter((each) => counts[each] || each === state.verdict);
    const options = [
      ["", `all (${number(items.size)})`],
      ...present.map((each) => [each, `${spoken(each)} (${number(counts[each])})`]),
    ];
    return labelled("Show", pick("Verdict", options, state.verdict, filter));
  }

  function numbered(count) {
    return [...items.values()].find((each) => each.number === count);
  }

  /** The trial to begin with: the first that has a fault. */
  function tellingOne() {
    const faulty = [...items.values()].find((each) => each.findings.length && each.verdict !== "healthy");
    return faulty ?? items.values().next().value;
  }

  function detailOf(item) {
    fill(
      detail,
      item ? findingsOf(item) : el("p", { class: "note" }, "Choose a trial to see its findings and their numbers."),
    );
  }

  function select(count) {
    state.trial = String(count);
    keep({ trial: count });
    list();
    detailOf(numbered(count));
  }

  const runningPick = pick("Running trials", RUNNING, state.running, (running) => {
    state.running = running;
    keep({ running });
    asked.now();
  });
  fill(
    place,
    el("div", { class: "row chooser" }, chooser, labelled("Running trials", runningPick)),
    lead,
    el(
      "div",
      { class: "grid" },
      bars.node,
      detail,
      el(
        "section",
        { class: "card wide", "aria-label": "Trials" },
        el("div", { class: "head" }, el("h2", {}, "Trials")),
        table.node,
      ),
    ),
  );
  fill(lead, el("p", { class: "note" }, "Reading the curves …"));
  bars.busy("Reading the curves …");
  asked.now();
  return {
    async refresh(now) {
      search = now;
      asked.refresh(now);
    },
    end() {
      reader.end();
      asked.end();
      bars.end();
    },
  };
}

function adviceLine({ text, signs, next, general }) {
  const steps = next.length ? next : general.slice(0, 1);
  const after = steps.length ? `Try next: ${steps.join("; ")}.` : "";
  return el("li", {}, el("p", { class: "lead" }, el("b", {}, text), " ", signs, " ", after));
}

function tooShort(counts, all) {
  if (!counts.unknown) return null;
  return el("p", { class: "note" }, `${number(counts.unknown)} of ${number(all)} have too few epochs for a verdict.`);
}

function columnsOf({ search, trials, select }) {
  const score = (row) => trials.get(row.trial_id)?.score;
  return [
    {
      key: "number",
      label: "trial",
      num: true,
      value: (row) => row.number,
      cell: (row) => trialLink(row.trial_id, `${row.number}`),
    },
    {
      key: "verdict",
      label: "verdict",
      value: (row) => VERDICTS.indexOf(row.verdict),
      cell: (row) => verdictTag(row.verdict),
    },
    { key: "score", label: search.objective.name, num: true, value: score, cell: (row) => number(score(row)) },
    { key: "epochs", label: "epochs", num: true, value: (row) => row.epochs, cell: (row) => number(row.epochs) },
    {
      key: "shows",
      label: "what it shows",
      cell: (row) =>
        el(
          "button",
          { class: "linklike", type: "button", onclick: () => select(row.number) },
          row.findings[0]?.statement ?? row.note ?? "–",
        ),
    },
    { key: "next", label: "try next", cell: (row) => row.findings[0]?.try_next[0] ?? "–" },
  ];
}
