// The orders that the list of searches can have.
import { compare } from "../../components/table.js";
import { endedTrials } from "../../states.js";

/** By name in the address; one without `value` is the service's own order. `down` is whether large values come first. */
export const SORTS = {
  newest: { label: "Newest first", down: true },
  name: { label: "Name", value: (search) => search.name, down: false },
  progress: { label: "Progress", value: (search) => search.progress, down: true },
  left: {
    label: "Least time left",
    value: (search) => (search.ended_at ? null : search.remaining_seconds),
    down: false,
  },
  trials: { label: "Most trials", value: endedTrials, down: true },
  best: { label: "Best score", value: goodness, down: true },
};

/** The best score, so that more is better whatever the objective's direction. */
function goodness({ best, objective }) {
  if (!best) return null;
  return objective.direction === "max" ? best.score : -best.score;
}

/** Searches in an order of SORTS; as they are for the service's own. */
export function inOrder(searches, sort) {
  const { value, down } = SORTS[sort];
  return value ? [...searches].sort((a, b) => compare(value(a), value(b), down)) : searches;
}
