// What the service says of the document: asked after each pause in typing, and told as costs or as faults.
import { Problem, send } from "../../api.js";
import { duration, number } from "../../format.js";
import { h } from "./h.js";

const PAUSE_MS = 400;
const AGAIN_MS = 2000;

/** A text of JSON as a body. */
export const asBody = (text) => new Blob([text], { type: "application/json" });

/**
 * Asks `POST /v1/searches/plan` for the latest text. `told` gets `{state, plan, faults, message, text}`, `state` being
 * "asking", "good", "refused" or "failed"; answers about texts that are no longer there are given up.
 */
export function planner(told) {
  let timer = 0,
    asking = null,
    ended = false;

  async function ask(text) {
    asking = new AbortController();
    const mine = asking;
    try {
      const plan = await send("POST", "/v1/searches/plan", asBody(text), {}, mine.signal);
      if (mine === asking) told({ state: "good", plan, faults: [], message: "", text });
    } catch (error) {
      if (mine !== asking || ended || error.name === "AbortError") return;
      if (error instanceof Problem && error.status < 500 && error.status !== 429) {
        told({
          state: "refused",
          plan: null,
          faults: error.errors,
          message: error.message,
          text,
          status: error.status,
        });
        return;
      }
      // Busy, or not reached: the document is not to blame, and is asked about again.
      told({
        state: "failed",
        plan: null,
        faults: [],
        message: error instanceof Problem ? error.message : "The service does not answer.",
        text,
      });
      timer = setTimeout(() => ask(text), AGAIN_MS);
    }
  }

  return {
    soon(text) {
      clearTimeout(timer);
      asking?.abort();
      asking = null;
      told({ state: "asking", text });
      timer = setTimeout(() => ask(text), PAUSE_MS);
    },
    stop() {
      clearTimeout(timer);
      asking?.abort();
      asking = null;
    },
    end() {
      ended = true;
      clearTimeout(timer);
      asking?.abort();
    },
  };
}

/** One line: what a search of this plan amounts to. */
export function inShort(plan) {
  const parts = [
    plan.trials === null
      ? "no fixed number of trials"
      : `${number(plan.trials)} ${plan.trials === 1 ? "trial" : "trials"}`,
  ];
  if (plan.epochs !== null) parts.push(`${number(plan.epochs)} epochs at most`);
  if (plan.seconds) parts.push(`about ${duration(plan.seconds.estimate)}`);
  return parts.join(", ");
}

function bytes(count) {
  if (count === null || count === undefined) return "–";
  const unit = Math.min(4, Math.max(0, Math.floor(Math.log10(Math.max(count, 1)) / 3)));
  return `${Number((count / 1000 ** unit).toPrecision(3))} ${["B", "kB", "MB", "GB", "TB"][unit]}`;
}

/** The panel: costs, brackets and warnings, or what has to be mended; everything that has a place leads there. */
export function planPanel(desk) {
  const { state, plan, faults, message } = desk.verdict;
  if (desk.sheet.fault) {
    return [
      h("p", { class: "fault-box" }, `Line ${desk.faultLine()}: ${desk.sheet.fault.message}.`),
      h(
        "p",
        { class: "note small" },
        "The form shows the last document that was JSON. It can be changed again once this is mended. ",
      ),
      h("button", { type: "button", onclick: () => desk.showInEditor(null) }, "Go to the line"),
    ];
  }
  if (state === "failed") return h("p", { class: "warn-box" }, message, " It is asked again in a moment.");
  if (faults.length || state === "refused") {
    return [
      h("p", { class: "note small" }, faults.length ? message : ""),
      faults.length
        ? h(
            "ul",
            { class: "faults" },
            faults.map((fault) =>
              h(
                "li",
                { key: `${fault.pointer} ${fault.code}` },
                h("div", {}, fault.detail),
                h(
                  "div",
                  { class: "row" },
                  h(
                    "button",
                    {
                      type: "button",
                      class: "quiet small link mono",
                      "aria-label": `Show ${fault.pointer || "the document"} in the form`,
                      onclick: () => desk.showInForm(fault.pointer),
                    },
                    fault.pointer || "the document",
                  ),
                  h(
                    "button",
                    {
                      type: "button",
                      class: "quiet small",
                      "aria-label": `Show ${fault.pointer || "the document"} in the JSON`,
                      onclick: () => desk.showInEditor(fault.pointer),
                    },
                    "JSON",
                  ),
                ),
              ),
            ),
          )
        : h("p", { class: "fault-box" }, message),
    ];
  }
  if (!plan) return h("p", { class: "note" }, "Asking the service ...");
  const fact = (label, value, title) =>
    h("div", { class: "fact", key: label, title }, h("b", {}, value), h("span", {}, label));
  const { parameters, seconds } = plan;
  const size =
    parameters.min === null
      ? "–"
      : parameters.min === parameters.max
        ? number(parameters.min)
        : `${brief(parameters.min)} to ${brief(parameters.max)}`;
  return [
    h(
      "div",
      { class: `facts plan-facts${state === "asking" ? " stale" : ""}` },
      fact(
        "trials",
        plan.trials === null ? "open" : number(plan.trials),
        plan.trials === null ? "Only time or the score ends the search." : null,
      ),
      fact("epochs at most", plan.epochs === null ? "open" : number(plan.epochs)),
      fact(
        "points in the space",
        plan.space_size === null ? "unlimited" : brief(plan.space_size),
        plan.space_size === null ? "At least one range is continuous." : null,
      ),
      fact("parameters of a model", size),
      fact("disk at most", bytes(plan.disk_bytes)),
      fact(
        "time",
        seconds ? duration(seconds.estimate) : "not known yet",
        seconds
          ? `From ${seconds.measured_trials} trials like these.`
          : "Known once trials on this data set have been measured.",
      ),
    ),
    seconds
      ? h(
          "p",
          { class: "note small" },
          `Between ${duration(seconds.low)} and ${duration(seconds.high)}, from ${seconds.measured_trials} measured trials.`,
        )
      : null,
    plan.brackets.length
      ? h(
          "details",
          { class: "more-of" },
          h("summary", {}, `${plan.brackets.length} ${plan.brackets.length === 1 ? "bracket" : "brackets"}`),
          h(
            "table",
            { class: "small" },
            h(
              "thead",
              {},
              h(
                "tr",
                {},
                ["Bracket", "Trials, each for so many epochs"].map((text) => h("th", { scope: "col" }, text)),
              ),
            ),
            h(
              "tbody",
              {},
              plan.brackets.map((bracket) =>
                h(
                  "tr",
                  {},
                  h("td", {}, String(bracket.bracket)),
                  h(
                    "td",
                    { class: "wrap" },
                    bracket.rounds.map((round) => `${round.trials} × ${round.epochs}`).join(", then "),
                  ),
                ),
              ),
            ),
          ),
        )
      : null,
    plan.warnings.map((warning) =>
      h(
        "div",
        { class: "warn-box small", key: warning.pointer + warning.code },
        warning.message,
        " ",
        warning.pointer
          ? h(
              "button",
              { type: "button", class: "quiet small link", onclick: () => desk.showInForm(warning.pointer) },
              "Show",
            )
          : null,
      ),
    ),
  ];
}

function brief(count) {
  if (count === null || count === undefined) return "–";
  if (count < 10000) return number(count);
  if (count >= 1e15) return Number(count).toExponential(1);
  const unit = Math.floor(Math.log10(count) / 3);
  return `${Number((count / 1000 ** unit).toPrecision(3))} ${["", "thousand", "million", "billion", "trillion"][unit]}`;
}
