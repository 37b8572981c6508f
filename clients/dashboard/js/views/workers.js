// Who trains: each worker with its machine and devices over the last minutes, and what its slots do.
import { get, listen } from "../api.js";
import { fact } from "../components/controls.js";
import { el, fill, refill } from "../dom.js";
import { WORKER_KINDS } from "../events.js";
import { number, percent } from "../format.js";
import { refresher } from "../refresh.js";
import { workerCard } from "./workers/card.js";
import { goneTable } from "./workers/gone.js";
import { trainedTrials } from "./workers/trained.js";

const SAMPLES = 60,
  EVERY_MS = 4000,
  SILENT_MS = 90_000,
  MOST_LEFT = 200;
const KINDS = [
  ...WORKER_KINDS,
  "trial.started",
  "trial.completed",
  "trial.stopped",
  "trial.failed",
  "trial.cancelled",
  "trial.requeued",
  "trial.released",
  "trial.lost",
];
const START = "headstock worker";

export async function workersPage({ main, live }) {
  const cards = new Map(),
    trained = trainedTrials();
  const facts = el("div", { class: "facts" }),
    grid = el("div", { class: "workers" }),
    hollow = noWorker(),
    left = leftPart({ opened: () => redraw.soon() });
  fill(main, el("div", { class: "page-head" }, el("h1", {}, "Workers")), facts, hollow, grid, left.node);

  async function draw() {
    const living = (await get("/v1/workers", { samples: SAMPLES })).items;
    const there = living.filter((worker) => !isSilent(worker));
    await trained.know(slotsOf(there).flatMap((slot) => slot.trial_id ?? []));
    fill(facts, factsOf(there));
    facts.hidden = !there.length;
    hollow.hidden = there.length > 0;
    drawCards(there);
    await left.update(living.filter(isSilent));
  }

  function drawCards(workers) {
    const gone = new Set(cards.keys());
    for (const worker of workers) {
      gone.delete(worker.id);
      if (!cards.has(worker.id)) {
        const card = workerCard();
        cards.set(worker.id, card);
        grid.append(card.node);
      }
      cards.get(worker.id).update(worker, trained.of);
    }
    for (const id of gone) {
      cards.get(id).node.remove();
      cards.delete(id);
    }
  }

  const redraw = refresher(draw, 700);
  await draw();
  const close = listen("/v1/events", KINDS, redraw.soon, live);
  // A page behind another asks nothing, and reads at once when it is seen again.
  const seen = () => {
    if (!document.hidden) redraw.soon();
  };
  const clock = setInterval(seen, EVERY_MS);
  document.addEventListener("visibilitychange", seen);
  return () => {
    document.removeEventListener("visibilitychange", seen);
    clearInterval(clock);
    redraw.end();
    close();
  };
}

/** One whose machine went down says no farewell. */
function isSilent(worker) {
  return Date.now() - new Date(worker.seen_at) > SILENT_MS;
}

function slotsOf(workers) {
  return workers.flatMap((worker) => worker.slots);
}

function factsOf(workers) {
  const slots = slotsOf(workers),
    busy = slots.filter((slot) => slot.busy).length;
  // Two workers of one machine may share a device.
  const gpus = new Set(
    workers.flatMap(({ host, slots: own }) =>
      own.filter(({ device }) => device.startsWith("gpu")).map(({ device }) => `${host} ${device}`),
    ),
  );
  return [
    fact("workers", number(workers.length)),
    fact("slots training", `${number(busy)} of ${number(slots.length)}`),
    fact("GPUs", number(gpus.size)),
    fact("cores in use", percent(mean(workers.map((worker) => worker.cpu)))),
  ];
}

function noWorker() {
  return el(
    "div",
    { class: "card hollow", hidden: true },
    el("h2", {}, "No worker is running"),
    el(
      "p",
      {},
      "Searches wait until one is there. ",
      el("code", {}, "headstock up"),
      " has one built in; start another on any machine that reaches the database:",
    ),
    el("pre", { tabindex: "0" }, START),
  );
}

/** Those that have left, read only while it is open: `node` and `update(silent)`. */
function leftPart({ opened }) {
  const body = el("div"),
    said = el("span");
  const node = el(
    "details",
    {
      class: "gone card",
      ontoggle: () => {
        if (node.open) opened();
      },
    },
    el("summary", {}, said),
    body,
  );
  return {
    node,
    async update(silent) {
      said.textContent = silent.length
        ? `Workers that have left; ${number(silent.length)} not heard from`
        : "Workers that have left";
      if (!node.open) return;
      const read = (await get("/v1/workers", { ended: true, limit: MOST_LEFT })).items;
      const left = [...read.filter((worker) => worker.ended_at), ...silent];
      refill(
        body,
        left.map((worker) => [worker.id, worker.ended_at]),
        () => (left.length ? goneTable(left) : el("p", { class: "note" }, "None has left.")),
      );
    },
  };
}

function mean(values) {
  const known = values.filter((value) => value !== null);
  return known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
}
