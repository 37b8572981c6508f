// What a final training and a learning-rate range test came to.
import { finalParts } from "./jobs/final.js";
import { jobPage } from "./jobs/page.js";
import { rangeParts } from "./jobs/range.js";

/** A final training: how the model did on the test part, and the model itself. */
export async function finalPage({ main, path, live }) {
  const base = `/v1/final/${encodeURIComponent(path[1])}`;
  return jobPage({ main, live, base, what: "Final training", parts: finalParts });
}

/** A learning-rate range test: the loss against the rate, and the range it suggests. */
export async function rangeTestPage({ main, path, live }) {
  const base = `/v1/lr-range-tests/${encodeURIComponent(path[1])}`;
  return jobPage({ main, live, base, what: "Range test", parts: rangeParts });
}
