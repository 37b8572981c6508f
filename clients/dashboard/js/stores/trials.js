// All trials of one search, read once page by page and then kept fresh from its events.
import { get } from "../api.js";

const PAGE = 500;
const AT_ONCE = 24;

/**
 * The trials of a search. `load()` reads them; `touched(event)` is told of each event that names a trial: those of an epoch
 * change the row at hand, all others have the trial read anew. Readers are told at most once per event batch.
 */
export function trialStore(searchId) {
  const rows = new Map();
  const readers = new Set();
  const stale = new Set();

  async function load(progress = () => {}) {
    let token = null;
    do {
      const page = await get(`/v1/searches/${encodeURIComponent(searchId)}/trials`, { limit: PAGE, page_token: token });
      for (const trial of page.items) rows.set(trial.id, trial);
      token = page.next_page_token;
      progress(rows.size);
    } while (token);
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
    const wanted = [...stale];
    stale.clear();
    if (wanted.length > PAGE) return load();
    for (let at = 0; at < wanted.length; at += AT_ONCE) {
      const read = await Promise.all(wanted.slice(at, at + AT_ONCE).map((id) => get(`/v1/trials/${encodeURIComponent(id)}`)));
      for (const trial of read) rows.set(trial.id, trial);
    }
    tell();
  }

  function tell() { for (const reader of readers) reader([...rows.values()]); }

  return {
    load, touched, refresh,
    all: () => [...rows.values()],
    get: (id) => rows.get(id),
    /** Calls `reader(trials)` after each change; returns a function that ends it. */
    subscribe(reader) { readers.add(reader); return () => readers.delete(reader); },
  };
}
