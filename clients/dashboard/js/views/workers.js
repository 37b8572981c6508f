// Workers and what their slots do.
import { get, listen } from "../api.js";
import { el, fill } from "../dom.js";
import { time } from "../format.js";
import { refresher } from "../refresh.js";

export async function workersPage({ main, live }) {
  const place = el("div", {});
  async function draw() { fill(place, table((await get("/v1/workers")).items)); }
  await draw();
  fill(main, el("h1", {}, "Workers"), place);
  const redraw = refresher(draw);
  const close = listen("/v1/events", ["worker.registered", "worker.retired", "trial.started", "trial.completed", "trial.failed"], redraw.soon, live);
  return () => { redraw.end(); close(); };
}

function table(workers) {
  if (!workers.length) return el("div", { class: "card" }, el("p", {}, "No worker is running. Start one with "), el("code", {}, "headstock worker"));
  return el("div", { class: "card scroll" }, el("table", {},
    el("thead", {}, el("tr", {}, ["Worker", "Host", "Backend", "Slots", "Seen"].map((name) => el("th", { scope: "col" }, name)))),
    el("tbody", {}, workers.map((worker) => el("tr", {},
      el("td", { class: "mono" }, worker.name || worker.id),
      el("td", {}, worker.host),
      el("td", {}, worker.backend),
      el("td", {}, worker.slots.map((slot) => el("div", {}, `${slot.number} · ${slot.device} · ${slot.trial_id ? "training" : "idle"}`))),
      el("td", {}, time(worker.seen_at)))))));
}
