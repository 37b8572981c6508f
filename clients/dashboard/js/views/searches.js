// All searches at a glance: filtered and counted by the service, live, compared, and acted upon.
import { address, here, keep } from "../address.js";
import { all, get, listen } from "../api.js";
import { copyButton, pick } from "../components/controls.js";
import { compare } from "../components/table.js";
import { el, fill } from "../dom.js";
import { DATASET_KINDS, SEARCH_KINDS, TRIAL_KINDS } from "../events.js";
import { number } from "../format.js";
import { refresher } from "../refresh.js";
import { endedTrials } from "../states.js";
import { jobsCard } from "./searches/jobs.js";
import { COLUMNS, searchRow } from "./searches/row.js";
import { sparkLines } from "./searches/sparks.js";

const PAGE = 50,
  MOST_SORTED = 2000,
  READ_ALONE = 12,
  MOST_COMPARED = 20;
const STATES = ["RUNNING", "QUEUED", "PAUSED", "COMPLETED", "FAILED", "CANCELLED"];
const WORDS = {
  RUNNING: "Running",
  QUEUED: "Queued",
  PAUSED: "Paused",
  COMPLETED: "Completed",
  FAILED: "Failed",
  CANCELLED: "Cancelled",
};
const COMMANDS = "headstock templates mlp > search.json\nheadstock submit search.json --watch";
const SORTS = {
  newest: { label: "Newest first" },
  name: { label: "Name", value: (search) => search.name, down: false },
  progress: { label: "Progress", value: (search) => search.progress, down: true },
  left: {
    label: "Least time left",
    value: (search) => (search.ended_at ? null : search.remaining_seconds),
    down: false,
  },
  trials: { label: "Most trials", value: endedTrials, down: true },
  best: {
    label: "Best score",
    value: (search) =>
      search.best ? (search.objective.direction === "max" ? search.best.score : -search.best.score) : null,
    down: true,
  },
};

export async function searchesPage({ main, live }) {
  const query = here().query;
  const wanted = {
    text: query.get("text") ?? "",
    state: query.get("state") ?? "",
    tag: query.get("tag") ?? "",
    sort: SORTS[query.get("sort")] ? query.get("sort") : "newest",
  };
  const searches = new Map(),
    rows = new Map(),
    chosen = new Map(),
    datasets = new Map(),
    stale = new Set();
  const lines = sparkLines(),
    jobs = jobsCard();
  let order = [],
    next = null,
    turn = 0,
    counts = { states: {}, total: 0 },
    countStale = false,
    ended = false;

  // -- What stands on the page ------------------------------------------------------------------------------------

  const chips = el("div", { class: "chips states", role: "group", "aria-label": "Only searches in this state" });
  const find = el("input", {
    type: "search",
    placeholder: "Find by name",
    "aria-label": "Find searches by name",
    value: wanted.text,
    maxlength: 128,
  });
  const tags = el("span"),
    sorts = el("span");
  const compareBar = el("div", { class: "compare-bar", role: "status" });
  const body = el("tbody", { role: "rowgroup" });
  const heads = el("tr", { role: "row" });
  const table = el(
    "table",
    { class: "search-list", role: "table", "aria-label": "Searches" },
    el("thead", { role: "rowgroup" }, heads),
    body,
  );
  const hollow = el("div", { hidden: true });
  const more = el("button", { type: "button", hidden: true, onclick: () => append() }, "Show more");
  const card = el("div", { class: "card list-card" }, table, hollow);
  fill(
    main,
    el("div", { class: "page-head" }, el("h1", {}, "Searches"), compareBar),
    el("div", { class: "list-tools" }, chips, el("div", { class: "row" }, find, tags, sorts)),
    card,
    el("p", { class: "more" }, more),
    jobs.node,
  );

  let typing = 0;
  find.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => want({ text: find.value.trim() }), 250);
  });

  function drawTools() {
    const held = document.activeElement?.dataset?.chip;
    const chip = (name, label, count) =>
      el(
        "button",
        {
          type: "button",
          class: `chip ${name}`,
          "data-chip": name || "all",
          "aria-pressed": String(wanted.state === name),
          onclick: () => want({ state: wanted.state === name ? "" : name }),
        },
        label,
        " ",
        el("span", { class: "num" }, number(count)),
      );
    fill(
      chips,
      chip("", "All", counts.total),
      STATES.filter((name) => counts.states[name] || wanted.state === name || name === "RUNNING").map((name) =>
        chip(name, WORDS[name], counts.states[name] ?? 0),
      ),
    );
    if (held) chips.querySelector(`[data-chip="${held}"]`)?.focus();
    const seen = [
      ...new Set(
        [...searches.values()]
          .flatMap((search) => Object.entries(search.tags).map(([key, value]) => `${key}:${value}`))
          .concat(wanted.tag || []),
      ),
    ].sort();
    const sign = JSON.stringify([seen, wanted.tag, wanted.sort]);
    if (tags.dataset.told === sign) return;
    tags.dataset.told = sign;
    fill(
      tags,
      seen.length
        ? pick(
            "Only with this tag",
            [["", "All tags"], ...seen.map((tag) => [tag, tag.replace(":", ": ")])],
            wanted.tag,
            (tag) => want({ tag }),
          )
        : null,
    );
    fill(
      sorts,
      pick(
        "Sort by",
        Object.entries(SORTS).map(([key, { label }]) => [key, label]),
        wanted.sort,
        (sort) => want({ sort }),
      ),
    );
  }

  function drawHeads() {
    const held = document.activeElement?.dataset?.sort;
    fill(
      heads,
      COLUMNS.map(([key, label, kind, sort]) =>
        el(
          "th",
          {
            scope: "col",
            role: "columnheader",
            class: `${key}${kind === "num" ? " num" : ""}`,
            "aria-sort":
              sort && wanted.sort === sort
                ? sort === "newest" || SORTS[sort].down
                  ? "descending"
                  : "ascending"
                : null,
          },
          kind === "visually-hidden"
            ? el("span", { class: kind }, label)
            : sort
              ? el(
                  "button",
                  {
                    type: "button",
                    "data-sort": sort,
                    onclick: () => want({ sort: wanted.sort === sort ? "newest" : sort }),
                  },
                  label,
                  wanted.sort === sort ? (sort === "newest" || SORTS[sort].down ? " ↓" : " ↑") : "",
                )
              : label,
        ),
      ),
    );
    if (held) heads.querySelector(`[data-sort="${held}"]`)?.focus();
  }

  function drawCompare() {
    const names = [...chosen.values()];
    const ready = names.length > 1 && names.length <= MOST_COMPARED;
    fill(
      compareBar,
      names.length
        ? [
            el(
              "span",
              { class: "note" },
              names.length === 1
                ? "1 chosen: choose another to compare"
                : ready
                  ? `${names.length} chosen`
                  : `${names.length} chosen: compare at most ${MOST_COMPARED}`,
            ),
            ready
              ? el(
                  "a",
                  { class: "button", href: address(["compare"], { id: [...chosen.keys()] }) },
                  `Compare ${names.length}`,
                )
              : null,
            el(
              "button",
              {
                type: "button",
                class: "quiet",
                onclick: () => {
                  chosen.clear();
                  for (const row of rows.values()) row.redrawBox();
                  drawCompare();
                  find.focus();
                },
              },
              "Clear",
            ),
          ]
        : null,
    );
  }

  function drawRows() {
    const { value, down } = SORTS[wanted.sort];
    const shown = value
      ? [...order].sort((a, b) => compare(value(searches.get(a)), value(searches.get(b)), down))
      : order;
    const gone = new Set(rows.keys());
    let at = body.firstElementChild;
    for (const id of shown) {
      gone.delete(id);
      let row = rows.get(id);
      if (!row) {
        row = searchRow({
          chosen: () => chosen.has(id),
          choose,
          dataset: (dataset) => datasets.get(dataset) ?? null,
          tagged: (tag) => want({ tag }),
          changed: (search) => changed(id, search),
        });
        rows.set(id, row);
      }
      row.update(searches.get(id));
      lines.watch(searches.get(id), row.spark);
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
    const none = !order.length;
    table.hidden = none;
    hollow.hidden = !none;
    if (none) drawHollow();
    more.hidden = !next;
    more.textContent = `Show more (${number(order.length)} of ${number(matching())})`;
    drawTools();
    drawHeads();
  }

  function matching() {
    return wanted.state ? (counts.states[wanted.state] ?? 0) : counts.total;
  }

  function drawHollow() {
    if (wanted.text || wanted.state || wanted.tag) {
      fill(
        hollow,
        el(
          "div",
          { class: "hollow" },
          el("p", {}, "No search fits."),
          el(
            "button",
            {
              type: "button",
              onclick: () => {
                find.value = "";
                want({ text: "", state: "", tag: "" });
              },
            },
            "Show all searches",
          ),
        ),
      );
      return;
    }
    fill(
      hollow,
      el(
        "div",
        { class: "hollow" },
        el("h2", {}, "No search yet"),
        el("p", {}, "Choose data and a model, say what may vary, and watch every trial from here."),
        el("p", {}, el("a", { class: "button primary", href: "#/new" }, "New search")),
        el("p", {}, "Or from a terminal:"),
        el("pre", {}, COMMANDS),
        el(
          "p",
          {},
          copyButton("Copy the commands", () => COMMANDS),
        ),
      ),
    );
  }

  // -- What is read -----------------------------------------------------------------------------------------------

  function filters() {
    return { text: wanted.text || null, tag: wanted.tag || null };
  }

  function take(items) {
    for (const search of items) searches.set(search.id, search);
  }

  async function readCounts() {
    counts = await get("/v1/searches/counts", filters());
  }

  async function load() {
    const mine = ++turn;
    const where = { ...filters(), state: wanted.state || null };
    // A sorted list is of all that fit, not of the page at hand.
    const reading = SORTS[wanted.sort].value
      ? all("/v1/searches", { ...where, limit: 500 }, MOST_SORTED).then((items) => ({ items, next_page_token: null }))
      : get("/v1/searches", { ...where, limit: Math.min(500, Math.max(PAGE, order.length)) });
    const [page] = await Promise.all([reading, readCounts()]);
    if (mine !== turn || ended) return;
    take(page.items);
    order = page.items.map((search) => search.id);
    next = page.next_page_token;
    stale.clear();
    await knowDatasets();
    drawRows();
  }

  async function append() {
    const mine = turn,
      where = { ...filters(), state: wanted.state || null };
    more.disabled = true;
    try {
      const page = await get("/v1/searches", { ...where, limit: PAGE, page_token: next });
      if (mine !== turn) return;
      take(page.items);
      order = [...order, ...page.items.map((search) => search.id).filter((id) => !order.includes(id))];
      next = page.next_page_token;
      await knowDatasets();
      drawRows();
    } finally {
      more.disabled = false;
    }
  }

  /** Names of data sets, read once for all, and again when a search names an unknown one. */
  async function knowDatasets() {
    const unknown = order.map((id) => searches.get(id).dataset_id).filter((id) => id && !datasets.has(id));
    if (!unknown.length) return;
    for (const set of await all("/v1/datasets", { limit: 500 }, 2000)) datasets.set(set.id, set.name);
    for (const id of unknown) if (!datasets.has(id)) datasets.set(id, null);
  }

  async function refresh() {
    const ids = [...stale].filter((id) => searches.has(id));
    stale.clear();
    if (ids.length > READ_ALONE || countStale) {
      countStale = false;
      await load();
      return;
    }
    const read = await Promise.all(ids.map((id) => get(`/v1/searches/${encodeURIComponent(id)}`).catch(() => null)));
    take(read.filter(Boolean));
    if (!ended) drawRows();
  }

  // -- What is done -----------------------------------------------------------------------------------------------

  function want(next_) {
    Object.assign(wanted, next_);
    keep({
      text: wanted.text || null,
      state: wanted.state || null,
      tag: wanted.tag || null,
      sort: wanted.sort === "newest" ? null : wanted.sort,
    });
    if ("tag" in next_ || "sort" in next_) delete tags.dataset.told;
    order = [];
    drawTools();
    load().catch((error) => fill(hollow, el("div", { class: "fault-box", role: "alert" }, error.message)));
  }

  function choose(search, on) {
    if (on) chosen.set(search.id, search.name);
    else chosen.delete(search.id);
    drawCompare();
  }

  function changed(id, search) {
    if (search) searches.set(id, search);
    else {
      chosen.delete(id);
      order = order.filter((one) => one !== id);
      drawCompare();
    }
    drawRows();
    if (!search) find.focus();
    countStale = true;
    redraw.soon();
  }

  const redraw = refresher(refresh, 900),
    again = refresher(jobs.refresh, 1500);
  await Promise.all([load(), jobs.refresh()]);
  const close = listen(
    "/v1/events",
    [...SEARCH_KINDS, ...TRIAL_KINDS, ...DATASET_KINDS],
    (kind, event) => {
      if (kind.startsWith("search.") && kind !== "search.changed") countStale = true;
      if (kind.startsWith("dataset.")) datasets.clear();
      if (searches.has(event.search_id)) stale.add(event.search_id);
      else again.soon();
      if (kind === "search.deleted") {
        again.soon();
        chosen.delete(event.search_id);
        drawCompare();
      }
      redraw.soon();
    },
    (on) => {
      live(on);
      // What happened before the stream was open, or while it was cut off, is told by nobody: it is read.
      if (on) {
        countStale = true;
        redraw.soon();
        again.soon();
      }
    },
  );
  return () => {
    ended = true;
    clearTimeout(typing);
    redraw.end();
    again.end();
    lines.end();
    close();
  };
}
