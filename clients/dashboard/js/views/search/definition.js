// What was submitted, and what it came to with the best trial's values in its holes.
import { get, send } from "../../api.js";
import { codeBlock } from "../../components/code.js";
import { actButton } from "../../components/controls.js";
import { pairs } from "../../components/pairs.js";
import { el, fill } from "../../dom.js";
import { duration, number } from "../../format.js";
import { address } from "../../address.js";

export async function definitionTab({ place, search }) {
  const best = el("div", { class: "stack" }),
    plan = el("div");
  let drawnFor = null;

  async function drawBest(now) {
    const id = now.best?.trial_id ?? "none";
    if (id === drawnFor) return;
    drawnFor = id;
    if (!now.best) {
      fill(
        best,
        el("div", { class: "card hollow" }, "The best trial's definition and code appear with the first scored trial."),
      );
      return;
    }
    const [one] = (await get(`/v1/searches/${encodeURIComponent(search.id)}/best`, { count: 1 })).items;
    if (!one?.code) {
      fill(
        best,
        el(
          "div",
          { class: "card hollow" },
          "There is no code of the best trial: it needs the data set, which is not here (any more).",
        ),
      );
      return;
    }
    fill(
      best,
      codeBlock(`Keras code of trial ${one.number}, the best`, one.code, {
        language: "python",
        copy: "Copy Keras code",
      }),
      codeBlock(`Definition of trial ${one.number}, without holes`, JSON.stringify(one.definition, null, 2), {
        language: "json",
        copy: "Copy definition",
      }),
    );
  }

  const facts = {
    "trials planned": search.planned_trials,
    "epochs planned": search.planned_epochs,
    "trials at a time": search.parallelism,
    "executions per trial": search.executions_per_trial,
    "retries per trial": search.max_retries_per_trial,
    seed: String(search.seed),
    ...Object.fromEntries(
      Object.entries(search.limits)
        .filter(([, value]) => value !== null)
        .map(([name, value]) => [`limit ${name}`, value]),
    ),
  };
  fill(
    place,
    el(
      "div",
      { class: "grid definition" },
      el(
        "div",
        { class: "stack" },
        codeBlock("Definition", JSON.stringify(search.definition, null, 2), {
          language: "json",
          copy: "Copy definition",
          more: [el("a", { class: "button", href: address(["new"], { from: search.id }) }, "Use as template")],
        }),
        el(
          "section",
          { class: "card stack", "aria-label": "Facts" },
          pairs("Plan", facts),
          pairs("Submitted under", search.versions),
          search.dataset_id ? el("div", {}, actButton("What would it cost now?", cost), plan) : null,
        ),
      ),
      best,
    ),
  );

  async function cost() {
    const told = await send("POST", "/v1/searches/plan", search.definition);
    fill(
      plan,
      pairs("If it were submitted again", {
        trials: told.trials,
        epochs: told.epochs,
        "distinct points": told.space_size,
        "parameters, least": told.parameters.min,
        "parameters, most": told.parameters.max,
        "disk, at most": told.disk_bytes === null ? null : `${number(Math.round(told.disk_bytes / 1e6))} MB`,
        "seconds, about": told.seconds
          ? `${duration(told.seconds.estimate)} (${duration(told.seconds.low)} to ${duration(told.seconds.high)})`
          : null,
      }),
      told.brackets.map((one) =>
        el(
          "p",
          { class: "note" },
          `Bracket ${one.bracket}: ${one.rounds.map((round) => `${round.trials} trials to ${round.epochs} epochs`).join(", then ")}.`,
        ),
      ),
      told.warnings.map((one) => el("p", { class: "warn-box" }, el("code", {}, one.pointer), " ", one.message)),
    );
  }

  await drawBest(search);
  return { refresh: drawBest, end() {} };
}
