// One search: its head, its control, and the tabs that show what was learnt.
import { address } from "../address.js";
import { tabs } from "../components/controls.js";
import { Problem, get, listen } from "../api.js";
import { el, fill } from "../dom.js";
import { number } from "../format.js";
import { loaded, NotLoaded } from "../loaded.js";
import { refresher } from "../refresh.js";
import { sharedTrials } from "../stores/trials.js";
import { SEARCH_KINDS, TRIAL_KINDS } from "../events.js";
import { searchHead } from "./search/head.js";

/**
 * A tab is `async ({place, search, trials, query, reading}) => ({refresh(search), end(), heard?(event)})`: it fills `place`;
 * `search` is the search as the API answers it; `trials` its store, already loaded; `query` the address' query (changed by
 * `keep()`). `refresh` is called after events, with the search as of now, at most every 0.7 seconds; `heard` with each
 * event. A tab marked EAGER is built at once, while the trials are still read: `reading(told)` calls `told(count)` with each page
 * of them, and `refresh` follows the last. Only the tab that is shown is loaded.
 */
const EAGER = true;
const TABS = [
  ["overview", "Overview", () => import("./search/overview.js").then((tab) => tab.overviewTab), EAGER],
  ["trials", "Trials", () => import("./search/trials.js").then((tab) => tab.trialsTab), EAGER],
  ["curves", "Learning curves", () => import("./analysis/curves.js").then((tab) => tab.curvesTab)],
  [
    "hyperparameters",
    "Hyperparameters",
    () => import("./analysis/hyperparameters.js").then((tab) => tab.hyperparametersTab),
  ],
  ["importance", "Importance", () => import("./analysis/importance.js").then((tab) => tab.importanceTab)],
  ["parallel", "Parallel coordinates", () => import("./analysis/parallel.js").then((tab) => tab.parallelTab)],
  ["contour", "Contour", () => import("./analysis/contour.js").then((tab) => tab.contourTab)],
  ["tradeoff", "Trade-off", () => import("./analysis/tradeoff.js").then((tab) => tab.tradeoffTab)],
  ["diagnosis", "Diagnosis", () => import("./analysis/diagnosis.js").then((tab) => tab.diagnosisTab)],
  ["definition", "Definition and code", () => import("./search/definition.js").then((tab) => tab.definitionTab), EAGER],
];
const LOST_AFTER_MS = 4000;

export async function searchPage({ main, path, query, live }) {
  const id = path[1];
  const base = `/v1/searches/${encodeURIComponent(id)}`;
  const trials = sharedTrials(id);
  let search = await get(base);
  let tab = null,
    shown = null,
    turn = 0,
    gone = false,
    lost = null;
  const told = new Set();
  const opened = { done: false };
  const listening = new Promise((tell) => {
    opened.tell = tell;
  });

  const head = searchHead({
    search,
    changed: () => redraw.soon(),
    leaving: (yes) => {
      gone = yes;
    },
  });
  const notice = el("div", { "aria-live": "polite" });
  const bar = el("div");
  const place = el("div", { id: "tab", role: "tabpanel", tabindex: "-1" });
  fill(main, head.node, notice, bar, place);

  const redraw = refresher(async () => {
    if (gone) return;
    try {
      const [now] = await Promise.all([get(base), trials.refresh()]);
      search = now;
    } catch (error) {
      failed(error);
      return;
    }
    head.update(search);
    await tab?.refresh(search);
  });
  // Events first, then the trials: none that ends in between is missed.
  const close = listen(
    `${base}/events`,
    [...TRIAL_KINDS, ...SEARCH_KINDS],
    (kind, event) => {
      if (kind === "search.deleted") {
        deleted();
        return;
      }
      trials.touched(event);
      tab?.heard?.(event);
      redraw.soon();
    },
    connected,
  );

  function connected(on) {
    live(on);
    clearTimeout(lost);
    if (on) {
      // What happened while nobody listened is read: before the first connection the search itself, later its trials, too.
      if (gone) return;
      if (notice.dataset.about === "lost") {
        fill(notice);
        delete notice.dataset.about;
      }
      if (opened.done && trials.loaded())
        trials
          .load()
          .then(() => tab?.refresh(search))
          .catch(() => {});
      opened.done = true;
      opened.tell();
      redraw.soon();
      return;
    }
    opened.tell();
    lost = setTimeout(() => {
      if (gone) return;
      notice.dataset.about = "lost";
      fill(
        notice,
        el(
          "div",
          { class: "warn-box" },
          "The connection to the service is lost. What you see may be old; the page goes on by itself as soon as the service answers.",
        ),
      );
    }, LOST_AFTER_MS);
  }

  function failed(error) {
    if (!(error instanceof Problem)) {
      if (!(error instanceof TypeError)) console.error(error);
      return;
    }
    if (error.status === 404) deleted();
    else if (error.status === 401)
      fill(
        notice,
        el(
          "div",
          { class: "warn-box" },
          "Your session has ended. Make a new link with ",
          el("code", {}, "headstock dashboard"),
          ".",
        ),
      );
    else fill(notice, el("div", { class: "warn-box" }, error.message));
  }

  function deleted() {
    if (gone) return;
    gone = true;
    close();
    head.gone();
    fill(
      notice,
      el(
        "div",
        { class: "fault-box", role: "alert" },
        "This search has been deleted. ",
        el("a", { href: "#/" }, "All searches"),
      ),
    );
  }

  async function show(chosen, asked) {
    const own = ++turn;
    const [name, , fetching, eager] = TABS.find(([one]) => one === chosen) ?? TABS[0];
    shown = name;
    tab?.end();
    tab = null;
    fill(
      bar,
      tabs(
        "What to see of the search",
        "tab",
        TABS.map(([one, label]) => [one, label, address(["searches", id, one])]),
        name,
      ),
    );
    bar.querySelector("[aria-selected=true]").scrollIntoView?.({ block: "nearest", inline: "nearest" });
    place.setAttribute("aria-labelledby", `tab-${name}`);
    const inner = el("div", { class: "tab-inner" });
    fill(place, inner);
    if (!trials.loaded() && !eager) {
      const says = el("p", { class: "note", role: "status" }, "Reading trials …");
      fill(inner, says);
      const tells = (count) => {
        says.textContent = `Reading trials … ${number(count)}`;
      };
      told.add(tells);
      await ready;
      told.delete(tells);
      fill(inner);
    }
    const build = await loaded(fetching);
    if (own !== turn) return;
    const made = await build({
      place: inner,
      search,
      trials,
      query: asked,
      reading: (tells) => {
        told.add(tells);
      },
    });
    if (own === turn) tab = made;
    else made.end();
  }

  /** Shows a tab, or why it cannot be shown, in its place. */
  async function showing(chosen, asked) {
    try {
      await show(chosen, asked);
    } catch (error) {
      if (!(error instanceof Problem || error instanceof NotLoaded)) console.error(error);
      fill(place, el("div", { class: "fault-box", role: "alert" }, error.message));
    }
  }

  /** Reads all trials; a failure says so and can be tried again, since nothing comes by itself in a search that has ended. */
  async function read() {
    await listening;
    for (;;) {
      try {
        await trials.load((count) => {
          for (const tells of told) tells(count);
        });
        return;
      } catch (error) {
        if (turn < 0) return;
        if (error instanceof Problem && [401, 404].includes(error.status)) {
          failed(error);
          return;
        }
        await new Promise((again) =>
          fill(
            notice,
            el(
              "div",
              { class: "warn-box" },
              `The trials could not all be read: ${error.message} `,
              el(
                "button",
                {
                  type: "button",
                  onclick: () => {
                    fill(notice);
                    again();
                  },
                },
                "Read them again",
              ),
            ),
          ),
        );
      }
    }
  }

  // What was known from before is shown at once and comes up to date when all has been read.
  const ready = read();
  const first = showing(path[2] ?? "overview", query);
  Promise.all([ready, first])
    .then(() => tab?.refresh(search))
    .catch(failed);
  document.title = `${search.name} · Headstock`;

  const end = () => {
    turn = -1;
    clearTimeout(lost);
    redraw.end();
    close();
    head.end();
    tab?.end();
  };
  end.moved = ({ path: [page, other, name = "overview"], query: asked }) => {
    if (page !== "searches" || other !== id || gone || !TABS.some(([one]) => one === name)) return false;
    const inTabs = bar.contains(document.activeElement);
    if (name === shown && !inTabs) return false;
    showing(name, asked);
    if (inTabs) bar.querySelector("[aria-selected=true]").focus();
    else place.focus({ preventScroll: true });
    return true;
  };
  return end;
}
