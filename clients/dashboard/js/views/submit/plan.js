// What the service says of the document: asked after each pause in typing.
import { Problem, send } from "../../api.js";
import { duration, number } from "../../format.js";

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
