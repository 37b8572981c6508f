// Names of data sets, read once for all, and again when a search names an unknown one.
import { all } from "../../api.js";

const MOST = 2000;

export function datasetNames() {
  const names = new Map();
  return {
    /** The name; null when it is gone or not known yet. */
    of: (id) => names.get(id) ?? null,
    /** `[[id, name]]`, by name. */
    entries: () => [...names].filter(([, name]) => name !== null).sort((a, b) => a[1].localeCompare(b[1], "en")),
    /** Has the names of those sets at hand. */
    async know(ids) {
      const unknown = ids.filter((id) => id && !names.has(id));
      if (!unknown.length) return;
      for (const set of await all("/v1/datasets", { limit: 500 }, MOST)) names.set(set.id, set.name);
      for (const id of unknown) if (!names.has(id)) names.set(id, null);
    },
    forget() {
      names.clear();
    },
  };
}
