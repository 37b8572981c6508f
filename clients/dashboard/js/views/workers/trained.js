// The trials that are trained now, and the names of their searches.
import { get } from "../../api.js";

const MOST = 64;

/** `know(ids)` reads them, `of(id)` tells of one: `{id, number, epochs, search, name}`, or a `number` of null when it cannot be read. */
export function trainedTrials() {
  const trials = new Map(),
    searches = new Map();
  const read = (kind, ids) =>
    Promise.all(ids.map((id) => get(`/v1/${kind}/${encodeURIComponent(id)}`).catch(() => null)));
  return {
    async know(ids) {
      trials.clear();
      for (const trial of await read("trials", ids.slice(0, MOST))) if (trial) trials.set(trial.id, trial);
      const unknown = new Set([...trials.values()].map((trial) => trial.search_id).filter((id) => !searches.has(id)));
      for (const search of await read("searches", [...unknown])) if (search) searches.set(search.id, search.name);
    },
    of(id) {
      const trial = trials.get(id);
      if (!trial) return { id, number: null };
      const { number, epochs, search_id: search } = trial;
      return { id, number, epochs, search, name: searches.get(search) ?? "its search" };
    },
  };
}
