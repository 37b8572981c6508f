// One trial: its values, how its training went, and what became of it.
import { address } from "../address.js";
import { get, listen, send } from "../api.js";
import { codeBlock } from "../components/code.js";
import { actButton, downloadButton, fact, state } from "../components/controls.js";
import { pairs } from "../components/pairs.js";
import { el, fill } from "../dom.js";
import { SEARCH_KINDS, TRIAL_KINDS } from "../events.js";
import { duration, number, time } from "../format.js";
import { refresher } from "../refresh.js";
import { ENDED } from "../states.js";
import { curveStore } from "../stores/curves.js";
import { sharedTrials } from "../stores/trials.js";
import { attemptsCard } from "./trial/attempts.js";
import { trialCurves } from "./trial/curves.js";
import { diagnosisCard } from "./trial/diagnosis.js";

const SCORED = ["COMPLETED", "STOPPED"];

export async function trialPage({ main, path, live }) {
  const id = path[1];
  const base = `/v1/trials/${encodeURIComponent(id)}`;
  let trial = await get(base);
  let search = await get(`/v1/searches/${encodeURIComponent(trial.search_id)}`);
  const siblings = sharedTrials(trial.search_id);
  const curves = curveStore();

  const title = el("h1"),
    acts = el("div", { class: "row" }),
    facts = el("div", { class: "facts search-facts" }),
    failure = el("div");
  const around = el("nav", { class: "row around", "aria-label": "Other trials of the search" });
  const figures = trialCurves({ objective: search.objective, curves, id });
  const values = el("section", { class: "card stack", "aria-label": "Values" }),
    family = el("section", { class: "card", "aria-label": "Goes on from", hidden: true });
  const diagnosis = diagnosisCard({ base }),
    attempts = attemptsCard({ base });
  const matrix = el("section", { class: "card", "aria-label": "Final training", hidden: true }),
    code = el("div", { class: "wide", hidden: true });
  fill(
    main,
    el(
      "nav",
      { class: "crumbs", "aria-label": "Where you are" },
      el("a", { href: address(["searches", search.id]) }, search.name),
      " / ",
      el("a", { href: address(["searches", search.id, "trials"]) }, "trials"),
    ),
    el("div", { class: "page-head" }, title, around, acts),
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
        el("div", { class: "stack" }, diagnosis.node, family, matrix, attempts.node),
        code,
      ),
    ),
  );
  document.title = `Trial ${trial.number}, ${search.name} · Headstock`;

  function draw() {
    fill(
      title,
      `Trial ${trial.number} `,
      state(trial.state),
      trial.stop_requested && trial.state === "RUNNING" ? el("small", {}, "asked to stop") : null,
      trial.id === search.best?.trial_id ? el("small", {}, "the best of its search") : null,
    );
    drawFacts();
    fill(
      failure,
      trial.failure
        ? el(
            "div",
            { class: "fault-box trial-failure" },
            el(
              "p",
              {},
              el("b", {}, trial.failure.code),
              ": ",
              trial.failure.message,
              el(
                "span",
                { class: "note" },
                trial.failure.fault === "definition"
                  ? " The fault is the definition's."
                  : " The fault is the machine's.",
              ),
            ),
            trial.failure.traceback
              ? el("details", {}, el("summary", {}, "Traceback"), el("pre", { tabindex: "0" }, trial.failure.traceback))
              : null,
          )
        : null,
    );
    const wanted = `${trial.state} ${trial.stop_requested} ${ENDED.includes(search.state)}`;
    if (acts.dataset.for !== wanted) {
      acts.dataset.for = wanted;
      drawActs();
    }
    fill(
      values,
      pairs("Hyperparameters", trial.hyperparameters) ?? el("p", { class: "note" }, "No hyperparameter is active."),
      Object.keys(trial.metrics).length
        ? pairs(`Metrics at its best epoch${trial.best_epoch === null ? "" : `, ${trial.best_epoch}`}`, trial.metrics)
        : null,
      pairs("Course", course()),
    );
  }

  function course() {
    const told = { created: time(trial.created_at), started: time(trial.started_at), ended: time(trial.ended_at) };
    if (trial.start_epoch) told["goes on from epoch"] = trial.start_epoch;
    if (trial.target_epochs !== null) told["epochs aimed at"] = trial.target_epochs;
    if (trial.bracket !== null) told.bracket = trial.bracket;
    if (trial.round !== null) told.round = trial.round;
    if (trial.swept) told["sweeps"] = trial.swept;
    return told;
  }

  function drawFacts() {
    fill(
      facts,
      fact(`${search.objective.name} (${search.objective.direction})`, number(trial.score)),
      fact("best epoch", number(trial.best_epoch)),
      fact("epochs", number(trial.epochs)),
      fact("training time", trial.seconds ? duration(trial.seconds) : "–"),
      fact("parameters", number(trial.parameters)),
      fact("device", trial.device ?? "–"),
      fact("attempts", number(trial.attempts)),
    );
  }

  function drawActs() {
    const open = ["RUNNING", "QUEUED"].includes(trial.state);
    fill(
      acts,
      open && !trial.stop_requested
        ? actButton(
            "Stop",
            async () => {
              trial = await send("POST", `${base}/stop`);
              draw();
              return trial.state === "RUNNING"
                ? "It ends after its present epoch, with the score it has so far."
                : "It is cancelled.";
            },
            { danger: true },
          )
        : null,
      trial.state === "FAILED" && !ENDED.includes(search.state)
        ? actButton("Retry", async () => {
            trial = await send("POST", `${base}/retry`);
            draw();
            redraw.soon();
            return "It is queued again.";
          })
        : null,
      SCORED.includes(trial.state) && search.dataset_id
        ? actButton("Finalize", async () => {
            const job = await send("POST", `/v1/searches/${encodeURIComponent(search.id)}/finalize`, { trial_id: id });
            location.hash = address(["final", job.id]);
          })
        : null,
      SCORED.includes(trial.state) && search.dataset_id
        ? downloadButton("Download model", `${base}/model`, `trial-${trial.number}.keras`, { primary: true })
        : null,
    );
  }

  function drawFamily() {
    const order = siblings.all().sort((a, b) => a.number - b.number);
    const at = order.findIndex((one) => one.id === id);
    const before = order[at - 1],
      after = order[at + 1];
    const link = (one, text, sign) =>
      one
        ? el("a", { class: "button", href: address(["trials", one.id]), rel: sign }, text)
        : el("span", { class: "button", "aria-disabled": "true" }, text);
    const sign = `${before?.id} ${after?.id}`;
    if (at >= 0 && around.dataset.for !== sign) {
      around.dataset.for = sign;
      fill(around, link(before, "← Previous", "prev"), link(after, "Next →", "next"));
    }
    const parent = trial.parent_trial_id ? siblings.get(trial.parent_trial_id) : null;
    const children = order.filter((one) => one.parent_trial_id === id);
    family.hidden = !trial.parent_trial_id && !children.length;
    const line = (one) =>
      el(
        "li",
        {},
        el("a", { href: address(["trials", one.id]) }, `trial ${one.number}`),
        " ",
        state(one.state),
        " ",
        el("span", { class: "note" }, `${search.objective.name} ${number(one.score)}, ${one.epochs} epochs`),
      );
    if (!family.hidden)
      fill(
        family,
        trial.parent_trial_id
          ? [
              el("h2", {}, "Goes on from"),
              el(
                "ul",
                { class: "plain" },
                parent
                  ? line(parent)
                  : el("li", {}, el("a", { href: address(["trials", trial.parent_trial_id]) }, "its parent trial")),
              ),
            ]
          : null,
        children.length ? [el("h2", {}, "Went on as"), el("ul", { class: "plain" }, children.map(line))] : null,
      );
  }

  async function drawMatrix() {
    const final = (await get("/v1/final", { limit: 100 })).items.find((one) => one.source.trial_id === id);
    if (!final) return;
    matrix.hidden = false;
    const full = final.state === "COMPLETED" ? await get(`/v1/final/${encodeURIComponent(final.id)}`) : final;
    const tested = full.report?.test;
    const counted = Object.values(tested?.outputs ?? {}).some((one) => one.confusion_matrix);
    fill(
      matrix,
      el(
        "div",
        { class: "head" },
        el("h2", {}, "Final training"),
        el("a", { href: address(["final", final.id]) }, "Report"),
      ),
      el(
        "p",
        {},
        state(final.state),
        " ",
        tested
          ? el(
              "span",
              { class: "note" },
              `on the test part: ${Object.entries(tested.metrics)
                .map(([name, value]) => `${name} ${number(value)}`)
                .join(", ")}`,
            )
          : null,
      ),
      counted
        ? ["light", "dark"].map((theme) =>
            el("img", {
              class: `matrix ${theme}`,
              loading: "lazy",
              alt: "Confusion matrix on the test part: true against predicted classes",
              src: `/v1/searches/${encodeURIComponent(final.id)}/plots/confusion-matrix?format=svg&theme=${theme}`,
            }),
          )
        : null,
    );
  }

  async function drawCode() {
    if (!SCORED.includes(trial.state) || !search.dataset_id || code.dataset.for === trial.state) return;
    code.dataset.for = trial.state;
    const found = await get(`${base}/code`);
    code.hidden = !found.code;
    if (found.code)
      fill(
        code,
        codeBlock("Keras code that rebuilds and trains it", found.code, {
          language: "python",
          copy: "Copy Keras code",
        }),
      );
  }

  const everything = () => Promise.all([diagnosis.refresh(trial), attempts.refresh(trial), drawCode().catch(() => {})]);
  const redraw = refresher(async () => {
    [trial, search] = await Promise.all([get(base), get(`/v1/searches/${encodeURIComponent(trial.search_id)}`)]);
    draw();
    figures.update(trial);
    await siblings.refresh();
    drawFamily();
    await everything();
  });
  let timer = 0,
    connections = 0;
  const close = listen(
    `/v1/searches/${encodeURIComponent(trial.search_id)}/events`,
    [...TRIAL_KINDS, ...SEARCH_KINDS],
    (kind, event) => {
      siblings.touched(event);
      if (kind === "trial.epoch" && event.trial_id === id) {
        curves.heard(event);
        trial = { ...trial, epochs: trial.epochs + 1 };
        timer ||= setTimeout(() => {
          timer = 0;
          figures.update(trial);
          drawFacts();
          diagnosis.grown(trial);
        }, 250);
      } else if (event.trial_id === id || kind.startsWith("search.")) redraw.soon();
    },
    (on) => {
      live(on);
      if (!on) return;
      // Curves are read once somebody listens: no epoch falls between. After a lost connection they are read anew.
      if (connections++) curves.forget(id);
      curves
        .want(id)
        .then(() => {
          figures.update(trial);
          redraw.soon();
        })
        .catch(() => {});
    },
  );

  draw();
  drawFamily();
  siblings
    .load()
    .then(drawFamily)
    .catch(() => {});
  drawMatrix().catch(() => {});
  everything().catch(() => {});
  return () => {
    clearTimeout(timer);
    redraw.end();
    close();
    figures.end();
    diagnosis.end();
  };
}
