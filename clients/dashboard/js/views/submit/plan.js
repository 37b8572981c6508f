// What the service says of the document: asked after each pause in typing.
import { Problem, send } from "../../api.js";
import { duration, number } from "../../format.js";

const PAUSE_MS = 400;
const AGAIN_MS = 2000;

/** A text of JSON as a body. */
export const asBody = (text) => new Blob([text], { type: "application/json" });

/**
 * Asks `POST /v1/searches/plan` for the latest text. `told` gets `{state, plan, faults, message, text}`, `state` being
 * "asking", "good", "refused" or "failed"; what is said of texts that are no longer there is passed over.
 *
 * One question at a time: the service works on each to its end, also when nobody waits for the answer any more.
 */
export function planner(told) {
  let timer = 0,
    latest = null,
    waiting = false,
    asking = false,
    ended = false;

  async function ask() {
    if (asking) {
      waiting = true;
      return;
    }
    asking = true;
    waiting = false;
    const text = latest;
    const verdict = await verdictOn(text);
    asking = false;
    if (ended) return;
    if (text === latest) {
      told(verdict);
      if (verdict.state === "failed") later(AGAIN_MS);
    } else if (waiting) ask();
  }

  function later(pause) {
    clearTimeout(timer);
    timer = setTimeout(ask, pause);
  }

  function stop() {
    clearTimeout(timer);
    latest = null;
    waiting = false;
  }

  return {
    soon(text) {
      latest = text;
      waiting = false;
      told({ state: "asking", text });
      later(PAUSE_MS);
    },
    stop,
    end() {
      ended = true;
      stop();
    },
  };
}

async function verdictOn(text) {
  const verdict = { state: "failed", plan: null, faults: [], message: "", text };
  try {
    return { ...verdict, state: "good", plan: await send("POST", "/v1/searches/plan", asBody(text)) };
  } catch (error) {
    if (!(error instanceof Problem)) return { ...verdict, message: "The service does not answer." };
    // Busy, or not reached: the document is not to blame, and is asked about again.
    if (error.status >= 500 || error.status === 429) return { ...verdict, message: error.message };
    return { ...verdict, state: "refused", faults: error.errors, message: error.message };
  }
}

/** One line: what a search of this plan amounts to. */
export function inShort(plan) {
  const trials = `${number(plan.trials)} ${plan.trials === 1 ? "trial" : "trials"}`;
  const parts = [plan.trials === null ? "no fixed number of trials" : trials];
  if (plan.epochs !== null) parts.push(`${number(plan.epochs)} epochs at most`);
  if (plan.seconds) parts.push(`about ${duration(plan.seconds.estimate)}`);
  return parts.join(", ");
}
