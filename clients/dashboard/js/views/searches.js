// All searches at a glance.
import { get, listen } from "../api.js";
import { el, fill } from "../dom.js";
import { duration, number, time } from "../format.js";
import { refresher } from "../refresh.js";

const KINDS = ["search.created", "search.started", "search.paused", "search.resumed", "search.completed", "search.failed",
  "search.cancelled", "search.deleted", "trial.completed", "trial.stopped", "trial.failed", "trial.started"];

export async function searchesPage({ main, live }) {
  const place = el("div", {});
  async function draw() { fill(place, table((await get("/v1/searches", { limit: 100 })).items)); }
  await draw();
  fill(main, el("h1", {}, "Searches"), place);
  const redraw = refresher(draw);
  const close = listen("/v1/events", KINDS, redraw.soon, live);
  return () => { redraw.end(); close(); };
}

function table(searches) {
  if (!searches.length) {
    return el("div", { class: "card" }, el("p", {}, "No search yet. Post a definition:"),
      el("pre", {}, "headstock templates mlp > search.json\nheadstock submit search.json --watch"));
  }
  const head = ["Name", "State", "Tuner", "Trials", "Progress", "Best", "Objective", "Left", "Started"];
  return el("div", { class: "card scroll" }, el("table", {},
    el("thead", {}, el("tr", {}, head.map((name) => el("th", { scope: "col", class: ["Trials", "Best", "Left"].includes(name) ? "num" : null }, name)))),
    el("tbody", {}, searches.map(line))));
}

function line(search) {
  const trials = search.trials;
  const ended = trials.completed + trials.stopped + trials.failed + trials.cancelled;
  return el("tr", {},
    el("td", {}, el("a", { href: `#/searches/${search.id}` }, search.name)),
    el("td", {}, el("span", { class: `state ${search.state}`, title: search.state_reason?.message }, search.state)),
    el("td", {}, search.tuner),
    el("td", { class: "num" }, `${ended}${trials.running ? ` + ${trials.running}` : ""}`),
    el("td", {}, el("progress", { value: search.progress ?? 0, max: 1, "aria-label": `progress of ${search.name}` })),
    el("td", { class: "num" }, number(search.best?.score)),
    el("td", {}, `${search.objective.name} ${search.objective.direction === "max" ? "↑" : "↓"}`),
    el("td", { class: "num" }, ["RUNNING", "QUEUED"].includes(search.state) ? duration(search.remaining_seconds) : "–"),
    el("td", {}, time(search.started_at)));
}
