// Reads the diagnoses of a search: all of them once, page by page; afterwards only those that are new.
import { get } from "../../../api.js";
import { base } from "../common.js";

const PAGE = 500;
const FEW_NEW = 40;
const AT_ONCE = 8;

/**
 * `items` has what was read, by trial. `read({running})` brings it up to date, with running trials as far as they are when they are
 * wanted; `progress(items)` is called after each page but the last. `end()` gives up.
 */
export function diagnosisReader({ search, trials, progress }) {
  const items = new Map();
  const path = `${base(search)}/diagnosis`;
  let ended = false;

  async function read({ running }) {
    for (const [id, item] of items) if (item.state === "RUNNING") items.delete(id);
    const fresh = trials.all().filter((trial) => !["QUEUED", "RUNNING"].includes(trial.state) && !items.has(trial.id));
    if (items.size && fresh.length <= FEW_NEW) await readSingly(fresh);
    else if (fresh.length) await readPages();
    if (running) for (const item of (await get(path, { state: "RUNNING", limit: PAGE })).items) take(item);
    return items;
  }

  async function readSingly(fresh) {
    for (let at = 0; at < fresh.length; at += AT_ONCE) {
      const some = fresh.slice(at, at + AT_ONCE);
      const read = some.map((trial) => get(`/v1/trials/${encodeURIComponent(trial.id)}/diagnosis`));
      for (const item of await Promise.all(read)) take(item);
    }
  }

  async function readPages() {
    let token = null;
    do {
      const page = await get(path, { limit: PAGE, page_token: token });
      if (ended) return;
      for (const item of page.items) take(item);
      token = page.next_page_token;
      if (token) progress(items);
    } while (token);
  }

  function take(item) {
    items.set(item.trial_id, item);
  }

  return {
    items,
    read,
    end() {
      ended = true;
    },
  };
}
