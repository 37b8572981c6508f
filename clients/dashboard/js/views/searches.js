// All searches at a glance: filtered and counted by the service, live, compared, and acted upon.
import { here, keep } from "../address.js";
import { listen } from "../api.js";
import { el, fill } from "../dom.js";
import { DATASET_KINDS, SEARCH_KINDS, TRIAL_KINDS } from "../events.js";
import { number } from "../format.js";
import { refresher } from "../refresh.js";
import { choiceBar } from "./searches/choice.js";
import { noSearchYet, nothingFits } from "./searches/empty.js";
import { drawHeads } from "./searches/heads.js";
import { jobsCard } from "./searches/jobs.js";
import { datasetNames } from "./searches/names.js";
import { searchReader } from "./searches/reader.js";
import { searchRow } from "./searches/row.js";
import { SORTS, inOrder } from "./searches/sorts.js";
import { sparkLines } from "./searches/sparks.js";
import { listTools } from "./searches/tools.js";

export async function searchesPage({ main, live }) {
  const { query } = here();
  const wanted = {
    text: query.get("text") ?? "",
    state: query.get("state") ?? "",
    tag: query.get("tag") ?? "",
    dataset: query.get("dataset") ?? "",
    sort: SORTS[query.get("sort")] ? query.get("sort") : "newest",
  };
  const rows = new Map();
  const reader = searchReader(wanted),
    names = datasetNames(),
    lines = sparkLines(),
    jobs = jobsCard(),
    tools = listTools({ wanted, want });
  const choice = choiceBar({
    cleared: () => {
      for (const row of rows.values()) row.redrawBox();
      tools.focus();
    },
  });
  let ended = false;

  const body = el("tbody", { role: "rowgroup" });
  const heads = el("tr", { role: "row" });
  const table = el(
    "table",
    { class: "search-list", role: "table", "aria-label": "Searches" },
    el("thead", { role: "rowgroup" }, heads),
    body,
  );
  const hollow = el("div", { hidden: true });
  const more = el("button", { type: "button", hidden: true, onclick: append }, "Show more");
  const cut = el("p", { class: "note cut", role: "status" });
  fill(
    main,
    el("div", { class: "page-head" }, el("h1", {}, "Searches"), choice.node),
    tools.node,
    cut,
    el("div", { class: "card list-card" }, table, hollow),
    el("p", { class: "more" }, more),
    jobs.node,
  );

  // -- Drawn ------------------------------------------------------------------------------------------------------

  function draw() {
    if (ended) return;
    const shown = inOrder(reader.all(), wanted.sort);
    drawRows(shown);
    table.hidden = !shown.length;
    hollow.hidden = shown.length > 0;
    if (!shown.length)
      fill(hollow, wanted.text || wanted.state || wanted.tag || wanted.dataset ? nothingFits(showAll) : noSearchYet());
    more.hidden = !reader.hasMore();
    more.textContent = `Show more (${number(shown.length)} of ${number(reader.matching())})`;
    drawCut(shown.length);
    drawTools();
    drawHeads(heads, wanted.sort, want);
  }

  /** More than the browser sorts: which ones are shown, and how to see the others. */
  function drawCut(shown) {
    const left = SORTS[wanted.sort].value && shown && reader.matching() > shown;
    cut.textContent = left
      ? `Sorted are the newest ${number(shown)} of ${number(reader.matching())} searches. State, name, data set and tag narrow the list to those you look for; “Newest first” shows all.`
      : "";
  }

  function drawTools() {
    tools.update({ counts: reader.counts(), searches: reader.known(), datasets: names });
  }

  function drawRows(shown) {
    const gone = new Set(rows.keys());
    let at = body.firstElementChild;
    for (const search of shown) {
      gone.delete(search.id);
      if (!rows.has(search.id)) rows.set(search.id, rowOf(search.id));
      const row = rows.get(search.id);
      row.update(search);
      lines.watch(search, row.spark);
      // Only rows that are elsewhere are moved: moving one takes the focus from it.
      if (row.node === at) at = at.nextElementSibling;
      else body.insertBefore(row.node, at);
    }
    for (const id of gone) {
      const row = rows.get(id);
      lines.forget(row.spark);
      row.node.remove();
      rows.delete(id);
    }
  }

  function rowOf(id) {
    return searchRow({
      chosen: () => choice.has(id),
      choose: choice.choose,
      dataset: names.of,
      tagged: (tag) => want({ tag }),
      changed: (search) => changed(id, search),
    });
  }

  function failed(error) {
    table.hidden = true;
    hollow.hidden = false;
    fill(hollow, el("div", { class: "fault-box", role: "alert" }, error.message));
  }

  // -- Read -------------------------------------------------------------------------------------------------------

  /** Draws what a question has answered, once the names of its data sets are known. */
  async function after(reading) {
    if (!(await reading) || ended) return;
    await names.know([wanted.dataset, ...reader.all().map((search) => search.dataset_id)]);
    draw();
  }

  async function append() {
    more.disabled = true;
    try {
      await after(reader.more());
    } finally {
      more.disabled = false;
    }
  }

  // -- Done -------------------------------------------------------------------------------------------------------

  function want(change) {
    Object.assign(wanted, change);
    keep({
      text: wanted.text || null,
      state: wanted.state || null,
      tag: wanted.tag || null,
      dataset: wanted.dataset || null,
      sort: wanted.sort === "newest" ? null : wanted.sort,
    });
    reader.forget();
    drawTools();
    after(reader.load()).catch(failed);
  }

  function showAll() {
    want({ text: "", state: "", tag: "", dataset: "" });
    tools.focus();
  }

  function changed(id, search) {
    reader.changed(id, search);
    if (!search) choice.drop(id);
    draw();
    if (!search) tools.focus();
    reader.recount();
    redraw.soon();
  }

  function heard(kind, event) {
    if (kind.startsWith("search.") && kind !== "search.changed") reader.recount();
    if (kind.startsWith("dataset.")) names.forget();
    if (reader.has(event.search_id)) reader.touched(event.search_id);
    else again.soon();
    if (kind === "search.deleted") {
      again.soon();
      choice.drop(event.search_id);
    }
    redraw.soon();
  }

  const redraw = refresher(() => after(reader.refresh()), 900),
    again = refresher(jobs.refresh, 1500);
  await Promise.all([after(reader.load()), jobs.refresh()]);
  const close = listen("/v1/events", [...SEARCH_KINDS, ...TRIAL_KINDS, ...DATASET_KINDS], heard, (on) => {
    live(on);
    // What happened before the stream was open, or while it was cut off, is told by nobody: it is read.
    if (!on) return;
    reader.recount();
    redraw.soon();
    again.soon();
  });
  return () => {
    ended = true;
    tools.end();
    redraw.end();
    again.end();
    lines.end();
    close();
  };
}
