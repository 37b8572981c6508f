// States of searches, and what follows from them (docs/states.md).

/** States in which nothing more happens. */
export const ENDED = ["COMPLETED", "FAILED", "CANCELLED"];
/** States in which something may still happen. */
export const OPEN = ["QUEUED", "RUNNING", "PAUSED"];

/** How many trials of a search have ended, however. */
export function endedTrials({ trials: t }) {
  return t.completed + t.stopped + t.failed + t.cancelled;
}
