// All trials of one search, read once page by page and then kept fresh from its events.
import { get } from "../api.js";

const PAGE = 500;
const AT_ONCE = 24;
let kept = null;

/** The store of a search; of the search that was looked at last it is the same one, so that going back shows it at once. */
export function sharedTrials(searchId) {
  if (kept?.searchId !== searchId) kept = { searchId, store: trialStore(searchId) };
  return kept.store;
}

/**
 * The trials of a search. `load()` reads them; `touched(event)` is told of each event that names a trial: those of an epoch
 * change the row at hand, all others have the trial read anew. Readers are told at most once per event batch.
 */
export function trialStore(searchId) {
  const rows = new Map();
  const readers = new Set();
  const stale = new Set();
  let loading = false,
    loaded = false;

  async function load(progress = () => {}) {
    loading = true;
    try {
      let token = null;
      do {
        const page = await get(`/v1/searches/${encodeURIComponent(searchId)}/trials`, {
          limit: PAGE,
          page_token: token,
        });
        for (const trial of page.items) rows.set(trial.id, trial);
        token = page.next_page_token;
        progress(rows.size);
      } while (token);
      loaded = true;
    } finally {
      loading = false;
    }
    tell();
  }

  function touched({ kind, trial_id: id, payload }) {
    if (!id) return;
    const known = rows.get(id);
    if (kind === "trial.epoch" && known) {
      rows.set(id, { ...known, epochs: known.epochs + 1, latest: { epoch: payload.epoch, metrics: payload.metrics } });
    } else {
      stale.add(id);
    }
  }

  /** Reads what events have made stale and tells the readers; called by the page's refresher. */
  async function refresh() {
    if (loading) return;
    const wanted = [...stale];
    if (wanted.length > PAGE) {
      stale.clear();
      await load();
      return;
    }
    for (let at = 0; at < wanted.length; at += AT_ONCE) {
      const some = wanted.slice(at, at + AT_ONCE);
      for (const id of some) stale.delete(id);
      try {
        for (const trial of await Promise.all(some.map((id) => get(`/v1/trials/${encodeURIComponent(id)}`))))
          rows.set(trial.id, trial);
      } catch (error) {
        for (const id of some) stale.add(id);
        throw error;
      }
    }
    tell();
  }

  function tell() {
    for (const reader of readers) reader([...rows.values()]);
  }

  return {
    load,
    touched,
    refresh,
    /** Whether all trials have been read once. */
    loaded: () => loaded,
    size: () => rows.size,
    all: () => [...rows.values()],
    get: (id) => rows.get(id),
    /** Calls `reader(trials)` after each change; returns a function that ends it. */
    subscribe(reader) {
      readers.add(reader);
      return () => readers.delete(reader);
    },
  };
}

/** The `count` rows with the largest `key(row)`, largest first, in one pass; rows without a key are left out. */
export function largest(rows, count, key) {
  const found = [];
  for (const row of rows) {
    const value = key(row);
    if (value === null || value === undefined || (found.length === count && value <= found[count - 1].value)) continue;
    let at = found.length;
    while (at > 0 && found[at - 1].value < value) at -= 1;
    found.splice(at, 0, { value, row });
    if (found.length > count) found.pop();
  }
  return found.map(({ row }) => row);
}
