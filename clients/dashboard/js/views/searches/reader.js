// The searches that fit the filters, as the service has them: read page by page, or all at once where the whole list is sorted.
import { all, get } from "../../api.js";
import { SORTS } from "./sorts.js";

const PAGE = 50,
  PAGE_SORTED = 500,
  READ_ALONE = 12;
/** The browser sorts so many; of more it says so. */
const MOST_SORTED = 500;

/**
 * `wanted` has the filters and the order, and is read at each question. All methods answer whether there is something new to draw:
 * an answer that a later question has overtaken is dropped.
 */
export function searchReader(wanted) {
  const searches = new Map(),
    stale = new Set();
  let order = [],
    next = null,
    counts = { states: {}, total: 0 },
    countStale = false,
    turn = 0;

  /** All of them are the service's: what does not fit is never read. */
  function filters() {
    return { text: wanted.text || null, tag: wanted.tag || null, dataset: wanted.dataset || null };
  }

  function take(items) {
    for (const search of items) searches.set(search.id, search);
  }

  async function readAll(where) {
    const items = await all("/v1/searches", { ...where, limit: PAGE_SORTED }, MOST_SORTED);
    return { items, next_page_token: null };
  }

  async function load() {
    const mine = ++turn,
      where = { ...filters(), state: wanted.state || null };
    const limit = Math.min(PAGE_SORTED, Math.max(PAGE, order.length));
    // A sorted list is of all that fit, not of the page at hand.
    const reading = SORTS[wanted.sort].value ? readAll(where) : get("/v1/searches", { ...where, limit });
    const [page, counted] = await Promise.all([reading, get("/v1/searches/counts", filters())]);
    if (mine !== turn) return false;
    counts = counted;
    take(page.items);
    order = page.items.map((search) => search.id);
    next = page.next_page_token;
    stale.clear();
    countStale = false;
    return true;
  }

  async function more() {
    const mine = turn;
    const page = await get("/v1/searches", {
      ...filters(),
      state: wanted.state || null,
      limit: PAGE,
      page_token: next,
    });
    if (mine !== turn) return false;
    take(page.items);
    order = [...order, ...page.items.map((search) => search.id).filter((id) => !order.includes(id))];
    next = page.next_page_token;
    return true;
  }

  /** Reads what events have told to have changed. */
  async function refresh() {
    const ids = [...stale].filter((id) => searches.has(id));
    if (ids.length > READ_ALONE || countStale) return load();
    stale.clear();
    const read = await Promise.all(ids.map((id) => get(`/v1/searches/${encodeURIComponent(id)}`).catch(() => null)));
    take(read.filter(Boolean));
    return true;
  }

  return {
    load,
    more,
    refresh,
    /** The searches read, in the service's order. */
    all: () => order.map((id) => searches.get(id)),
    /** All that were ever read, whether they fit now or not. */
    known: () => [...searches.values()],
    has: (id) => searches.has(id),
    counts: () => counts,
    /** How many fit the filters, read or not. */
    matching: () => (wanted.state ? (counts.states[wanted.state] ?? 0) : counts.total),
    hasMore: () => next !== null,
    /** Other filters: what was shown fits them no more. */
    forget() {
      order = [];
    },
    touched(id) {
      stale.add(id);
    },
    recount() {
      countStale = true;
    },
    /** What an act has answered: the search as it is now, or null when it is gone. */
    changed(id, search) {
      if (search) searches.set(id, search);
      else order = order.filter((one) => one !== id);
    },
  };
}
