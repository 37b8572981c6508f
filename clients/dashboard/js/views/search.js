// One search: its head, its control, and the tabs that show what was learnt.
import { address } from "../address.js";
import { actButton, fact, state, tabs } from "../components/controls.js";
import { get, listen, send } from "../api.js";
import { el, fill } from "../dom.js";
import { duration, number } from "../format.js";
import { refresher } from "../refresh.js";
import { trialStore } from "../stores/trials.js";
import { SEARCH_KINDS, TRIAL_KINDS } from "../events.js";
import { contourTab } from "./analysis/contour.js";
import { curvesTab } from "./analysis/curves.js";
import { diagnosisTab } from "./analysis/diagnosis.js";
import { hyperparametersTab } from "./analysis/hyperparameters.js";
import { importanceTab } from "./analysis/importance.js";
import { parallelTab } from "./analysis/parallel.js";
import { tradeoffTab } from "./analysis/tradeoff.js";
import { definitionTab } from "./search/definition.js";
import { overviewTab } from "./search/overview.js";
import { trialsTab } from "./search/trials.js";

const ENDED = ["COMPLETED", "FAILED", "CANCELLED"];

/**
 * A tab is `async ({place, search, trials, query}) => ({refresh(search), end()})`: it fills `place`; `search` is the search as
 * the API answers it; `trials` its store, already loaded; `query` the address' query (changed by `keep()`). `refresh` is
 * called after events, with the search as of now, at most every 0.7 seconds.
 */
const TABS = [
  ["overview", "Overview", overviewTab], ["trials", "Trials", trialsTab], ["curves", "Learning curves", curvesTab],
  ["hyperparameters", "Hyperparameters", hyperparametersTab], ["importance", "Importance", importanceTab],
  ["parallel", "Parallel coordinates", parallelTab], ["contour", "Contour", contourTab],
  ["tradeoff", "Trade-off", tradeoffTab], ["diagnosis", "Diagnosis", diagnosisTab],
  ["definition", "Definition and code", definitionTab],
];

export async function searchPage({ main, path, query, live }) {
  const [, id, chosen = "overview"] = path;
  const base = `/v1/searches/${encodeURIComponent(id)}`;
  const head = el("div"), place = el("div");
  const trials = trialStore(id);
  const [search] = await Promise.all([get(base), trials.load()]);

  function draw(now) {
    const open = !ENDED.includes(now.state);
    const act = (label, verb, more) => actButton(label, async () => { await send("POST", `${base}/${verb}`); redraw.soon(); }, more);
    const t = now.trials;
    fill(head,
      el("div", { class: "page-head" }, el("h1", {}, now.name, " ", state(now.state), el("small", {}, now.tuner)),
        ["RUNNING", "QUEUED"].includes(now.state) ? act("Pause", "pause") : null,
        now.state === "PAUSED" ? act("Resume", "resume", { primary: true }) : null,
        open ? act("Cancel", "cancel", { danger: true }) : null),
      el("p", {}, el("progress", { value: now.progress ?? 0, max: 1, "aria-label": "progress" })),
      el("div", { class: "facts" }, fact(`best ${now.objective.name}`, number(now.best?.score)),
        fact("trials ended", `${t.completed + t.stopped + t.failed + t.cancelled}`), fact("elapsed", duration(now.elapsed_seconds))));
  }

  draw(search);
  fill(main, head, tabs("What to see of the search", TABS.map(([name, text]) => [name, text, address(["searches", id, name])]), chosen), place);
  const build = TABS.find(([name]) => name === chosen)?.[2] ?? overviewTab;
  const tab = await build({ place, search, trials, query });
  const redraw = refresher(async () => {
    const [now] = await Promise.all([get(base), trials.refresh()]);
    draw(now);
    await tab.refresh(now);
  });
  const close = listen(`${base}/events`, [...TRIAL_KINDS, ...SEARCH_KINDS], (_kind, event) => { trials.touched(event); redraw.soon(); }, live);
  return () => { redraw.end(); close(); tab.end(); };
}
