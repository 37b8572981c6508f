// One trial: its values, how its training went, and what became of it.
import { address } from "../address.js";
import { get, listen, send } from "../api.js";
import { codeBlock } from "../components/code.js";
import { actButton, downloadButton, state } from "../components/controls.js";
import { el, fill, refill } from "../dom.js";
import { SEARCH_KINDS, TRIAL_KINDS } from "../events.js";
import { refresher } from "../refresh.js";
import { ENDED } from "../states.js";
import { curveStore } from "../stores/curves.js";
import { sharedTrials } from "../stores/trials.js";
import { attemptsCard } from "./trial/attempts.js";
import { trialCurves } from "./trial/curves.js";
import { diagnosisCard } from "./trial/diagnosis.js";
import { trialFamily } from "./trial/family.js";
import { finalCard } from "./trial/final.js";
import { factsOf, failureOf, valuesOf } from "./trial/values.js";

const SCORED = ["COMPLETED", "STOPPED"];
const GROWN_MS = 250;

export async function trialPage({ main, path, live }) {
  const id = path[1];
  const base = `/v1/trials/${encodeURIComponent(id)}`;
  let trial = await get(base);
  const searchBase = `/v1/searches/${encodeURIComponent(trial.search_id)}`;
  let search = await get(searchBase);
  const siblings = sharedTrials(trial.search_id);
  const curves = curveStore();

  const title = el("h1"),
    acts = el("div", { class: "row" }),
    facts = el("div", { class: "facts search-facts" }),
    failure = el("div"),
    values = el("section", { class: "card stack", "aria-label": "Values" }),
    code = el("div", { class: "wide", hidden: true });
  const figures = trialCurves({ objective: search.objective, curves, id }),
    family = trialFamily({ siblings, objective: search.objective }),
    diagnosis = diagnosisCard({ base }),
    attempts = attemptsCard({ base }),
    final = finalCard();
  fill(
    main,
    el(
      "nav",
      { class: "crumbs", "aria-label": "Where you are" },
      el("a", { href: address(["searches", search.id]) }, search.name),
      " / ",
      el("a", { href: address(["searches", search.id, "trials"]) }, "trials"),
    ),
    el("div", { class: "page-head" }, title, family.around, acts),
    failure,
    facts,
    el(
      "div",
      { class: "trial-parts" },
      figures.node,
      el(
        "div",
        { class: "grid" },
        values,
        el("div", { class: "stack" }, diagnosis.node, family.node, final.node, attempts.node),
        code,
      ),
    ),
  );
  document.title = `Trial ${trial.number}, ${search.name} · Headstock`;

  function draw() {
    const stops = trial.stop_requested && trial.state === "RUNNING";
    fill(
      title,
      `Trial ${trial.number} `,
      state(trial.state),
      stops ? el("small", {}, "asked to stop") : null,
      trial.id === search.best?.trial_id ? el("small", {}, "the best of its search") : null,
    );
    fill(facts, factsOf(trial, search.objective));
    // An open traceback stays open.
    refill(failure, trial.failure, () => failureOf(trial));
    refill(acts, [trial.state, trial.stop_requested, ENDED.includes(search.state)], actsOf);
    fill(values, valuesOf(trial));
  }

  function actsOf() {
    const open = ["RUNNING", "QUEUED"].includes(trial.state),
      scored = SCORED.includes(trial.state) && search.dataset_id;
    return [
      open && !trial.stop_requested ? actButton("Stop", stop, { danger: true }) : null,
      trial.state === "FAILED" && !ENDED.includes(search.state) ? actButton("Retry", retry) : null,
      scored ? actButton("Finalize", finalize) : null,
      scored
        ? downloadButton("Download model", `${base}/model`, `trial-${trial.number}.keras`, { primary: true })
        : null,
    ];
  }

  async function stop() {
    trial = await send("POST", `${base}/stop`);
    draw();
    return trial.state === "RUNNING"
      ? "It ends after its present epoch, with the score it has so far."
      : "It is cancelled.";
  }

  async function retry() {
    trial = await send("POST", `${base}/retry`);
    draw();
    redraw.soon();
    return "It is queued again.";
  }

  async function finalize() {
    const job = await send("POST", `${searchBase}/finalize`, { trial_id: id });
    location.hash = address(["final", job.id]);
  }

  async function drawCode() {
    if (!SCORED.includes(trial.state) || !search.dataset_id || code.dataset.for === trial.state) return;
    code.dataset.for = trial.state;
    const found = await get(`${base}/code`);
    code.hidden = !found.code;
    const title_ = "Keras code that rebuilds and trains it";
    if (found.code) fill(code, codeBlock(title_, found.code, { language: "python", copy: "Copy Keras code" }));
  }

  function readParts() {
    return Promise.all([diagnosis.refresh(trial), attempts.refresh(trial), drawCode().catch(() => {})]);
  }

  const redraw = refresher(async () => {
    [trial, search] = await Promise.all([get(base), get(searchBase)]);
    draw();
    figures.update(trial);
    await siblings.refresh();
    family.draw(trial);
    await readParts();
  });
  let timer = 0,
    connections = 0;

  /** An epoch of this trial lengthens its curves without a question to the service. */
  function grown(event) {
    curves.heard(event);
    trial = { ...trial, epochs: trial.epochs + 1 };
    timer ||= setTimeout(() => {
      timer = 0;
      figures.update(trial);
      fill(facts, factsOf(trial, search.objective));
      diagnosis.grown(trial);
    }, GROWN_MS);
  }

  function heard(kind, event) {
    siblings.touched(event);
    if (kind === "trial.epoch" && event.trial_id === id) grown(event);
    else if (event.trial_id === id || kind.startsWith("search.")) redraw.soon();
  }

  async function connected(on) {
    live(on);
    if (!on) return;
    // Curves are read once somebody listens: no epoch falls between. After a lost connection they are read anew.
    if (connections++) curves.forget(id);
    try {
      await curves.want(id);
    } catch {
      return;
    }
    figures.update(trial);
    redraw.soon();
  }

  const close = listen(`${searchBase}/events`, [...TRIAL_KINDS, ...SEARCH_KINDS], heard, connected);
  draw();
  family.draw(trial);
  const parts = [siblings.load().then(() => family.draw(trial)), final.find(id), readParts()];
  // What cannot be read now is read with the next event.
  for (const part of parts) part.catch(() => {});
  return () => {
    clearTimeout(timer);
    redraw.end();
    close();
    figures.end();
    diagnosis.end();
  };
}
