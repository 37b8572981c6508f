// Who trains: each worker with its machine and devices over the last minutes, and what its slots do.
import { address } from "../address.js";
import { get, listen } from "../api.js";
import { spark } from "../charts/spark.js";
import { fact } from "../components/controls.js";
import { el, fill } from "../dom.js";
import { WORKER_KINDS } from "../events.js";
import { ago, bytes, number, percent, time } from "../format.js";
import { refresher } from "../refresh.js";

const SAMPLES = 60,
  EVERY_MS = 4000,
  SILENT_MS = 90_000,
  MOST_TRIALS = 64,
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
    trials = new Map(),
    searches = new Map();
  const facts = el("div", { class: "facts" }),
    grid = el("div", { class: "workers" });
  const hollow = el(
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
    el("pre", {}, START),
  );
  const goneBody = el("div"),
    goneSaid = el("span");
  const gone = el(
    "details",
    {
      class: "gone card",
      ontoggle: () => {
        if (gone.open) redraw.soon();
      },
    },
    el("summary", {}, goneSaid),
    goneBody,
  );
  fill(main, el("div", { class: "page-head" }, el("h1", {}, "Workers")), facts, hollow, grid, gone);

  async function draw() {
    const living = (await get("/v1/workers", { samples: SAMPLES })).items;
    // One whose machine went down says no farewell.
    const isSilent = (worker) => Date.now() - new Date(worker.seen_at) > SILENT_MS;
    const here = living.filter((worker) => !isSilent(worker)),
      silent = living.filter(isSilent);
    await know(
      here
        .flatMap((worker) => worker.slots)
        .map((slot) => slot.trial_id)
        .filter(Boolean)
        .slice(0, MOST_TRIALS),
    );
    const slots = here.flatMap((worker) => worker.slots),
      busy = slots.filter((slot) => slot.busy).length;
    fill(
      facts,
      fact("workers", number(here.length)),
      fact("slots training", `${number(busy)} of ${number(slots.length)}`),
      fact(
        "GPUs",
        number(
          new Set(
            here.flatMap((worker) =>
              worker.slots
                .filter((slot) => slot.device.startsWith("gpu"))
                .map((slot) => `${worker.host} ${slot.device}`),
            ),
          ).size,
        ),
      ),
      fact("cores in use", percent(mean(here.map((worker) => worker.cpu)))),
    );
    facts.hidden = !here.length;
    hollow.hidden = here.length > 0;
    const kept = new Set();
    for (const worker of here) {
      kept.add(worker.id);
      if (!cards.has(worker.id)) {
        const card = workerCard();
        cards.set(worker.id, card);
        grid.append(card.node);
      }
      cards.get(worker.id).update(worker, (id) => training(id));
    }
    for (const [id, card] of cards)
      if (!kept.has(id)) {
        card.node.remove();
        cards.delete(id);
      }
    goneSaid.textContent = silent.length
      ? `Workers that have left; ${number(silent.length)} not heard from`
      : "Workers that have left";
    if (!gone.open) return;
    const left = [
      ...(await get("/v1/workers", { ended: true, limit: MOST_LEFT })).items.filter((worker) => worker.ended_at),
      ...silent,
    ];
    put(
      goneBody,
      left.map((worker) => [worker.id, worker.ended_at]),
      () => (left.length ? goneTable(left) : el("p", { class: "note" }, "None has left.")),
    );
  }

  /** The trials that are trained now, and the names of their searches. */
  async function know(ids) {
    trials.clear();
    const read = await Promise.all(ids.map((id) => get(`/v1/trials/${encodeURIComponent(id)}`).catch(() => null)));
    for (const trial of read.filter(Boolean)) trials.set(trial.id, trial);
    const unknown = [...new Set([...trials.values()].map((trial) => trial.search_id))].filter(
      (id) => !searches.has(id),
    );
    for (const search of await Promise.all(
      unknown.map((id) => get(`/v1/searches/${encodeURIComponent(id)}`).catch(() => null)),
    ))
      if (search) searches.set(search.id, search.name);
  }

  function training(id) {
    const trial = trials.get(id);
    return trial
      ? {
          id,
          number: trial.number,
          epochs: trial.epochs,
          search: trial.search_id,
          name: searches.get(trial.search_id) ?? "its search",
        }
      : { id, number: null };
  }

  const redraw = refresher(draw, 700);
  await draw();
  const close = listen("/v1/events", KINDS, redraw.soon, live);
  const clock = setInterval(() => {
    if (!document.hidden) redraw.soon();
  }, EVERY_MS);
  const seen = () => {
    if (!document.hidden) redraw.soon();
  };
  document.addEventListener("visibilitychange", seen);
  return () => {
    document.removeEventListener("visibilitychange", seen);
    clearInterval(clock);
    redraw.end();
    close();
  };
}

function workerCard() {
  const title = el("h2"),
    seen = el("span", { class: "small note" }),
    about = el("p", { class: "small note" });
  const machine = el("div", { class: "meters" }),
    slots = el("ul", { class: "slots" }),
    versions = el("p", { class: "small" });
  const node = el(
    "section",
    { class: "card worker" },
    el("div", { class: "head" }, title, seen),
    about,
    machine,
    slots,
    el("details", { class: "small" }, el("summary", {}, "Versions"), versions),
  );
  const cpu = meter("CPU"),
    memory = meter("Memory");
  fill(machine, cpu.node, memory.node);
  const lines = new Map();

  function update(worker, training) {
    node.setAttribute("aria-label", `Worker ${worker.name}`);
    put(title, [worker.name, worker.backend], () => [worker.name, " ", el("span", { class: "tag" }, worker.backend)]);
    seen.textContent = `seen ${ago(worker.seen_at)}`;
    about.textContent = `${worker.host}, process ${worker.pid}, since ${time(worker.started_at)}`;
    cpu.update({ said: percent(worker.cpu), values: worker.samples.map((one) => one.cpu), high: 1, told: percent });
    memory.update({
      said: of(worker.memory_used_bytes, worker.memory_total_bytes),
      values: worker.samples.map((one) => one.memory_used_bytes),
      high: worker.memory_total_bytes,
      told: bytes,
    });
    machine.hidden = worker.sampled_at === null;
    for (const slot of worker.slots) {
      if (!lines.has(slot.number)) {
        const line = slotLine();
        lines.set(slot.number, line);
        slots.append(line.node);
      }
      lines.get(slot.number).update(
        slot,
        worker.samples.map((one) => one.slots.find((each) => each.number === slot.number) ?? {}),
        training,
      );
    }
    put(versions, worker.versions, () =>
      Object.entries(worker.versions).map(([name, version]) => el("span", { class: "version" }, `${name} ${version}`)),
    );
  }
  return { node, update };
}

function slotLine() {
  const head = el("div", { class: "slot-head" }),
    doing = el("div", { class: "doing" }),
    meters = el("div", { class: "meters" });
  const use = meter("Use"),
    memory = meter("Memory");
  fill(meters, use.node, memory.node);
  const node = el("li", {}, head, doing, meters);

  function update(slot, samples, training) {
    const gpu = slot.device.startsWith("gpu");
    put(head, [slot.device, slot.temperature_celsius], () => [
      el("b", {}, `Slot ${slot.number}`),
      " ",
      el("span", { class: "mono" }, slot.device),
      slot.temperature_celsius === null
        ? null
        : el("span", { class: "note small" }, ` ${Math.round(slot.temperature_celsius)} °C`),
    ]);
    const now = slot.trial_id ? training(slot.trial_id) : null;
    put(doing, [slot.busy, now], () =>
      !slot.busy
        ? el("span", { class: "note" }, "idle")
        : !now
          ? el("span", { class: "note" }, "training for somebody else")
          : now.number === null
            ? el("a", { href: address(["trials", now.id]) }, "training a trial")
            : [
                el("a", { href: address(["searches", now.search]) }, now.name),
                ", ",
                el("a", { href: address(["trials", now.id]) }, `trial ${now.number}`),
                el("span", { class: "note" }, `, epoch ${number(now.epochs)}`),
              ],
    );
    use.rename(gpu ? "GPU" : "Trainer's CPU");
    memory.rename(gpu ? "GPU memory" : "Trainer's memory");
    use.update({
      said: percent(slot.utilisation),
      values: samples.map((one) => one.utilisation ?? null),
      high: 1,
      told: percent,
    });
    memory.update({
      said: gpu ? of(slot.memory_used_bytes, slot.memory_total_bytes) : bytes(slot.memory_used_bytes),
      values: samples.map((one) => one.memory_used_bytes ?? null),
      high: slot.memory_total_bytes,
      told: bytes,
    });
    meters.hidden = slot.utilisation === null && slot.memory_used_bytes === null;
  }
  return { node, update };
}

/** A name, the present value, and how it was over the last minutes between nothing and `high`. */
function meter(name) {
  const label = el("span", { class: "small note" }, name),
    value = el("b"),
    line = el("div", { class: "line" });
  let called = name;
  return {
    node: el("div", { class: "meter" }, el("div", {}, label, value), line),
    rename(next) {
      called = next;
      label.textContent = next;
    },
    update({ said, values, high, told }) {
      value.textContent = said;
      put(line, [values, high, called], () => {
        const known = values.filter(Number.isFinite);
        const words = known.length
          ? `${called} over the last minutes: between ${told(Math.min(...known))} and ${told(Math.max(...known))}, now ${said}`
          : `${called}: unknown`;
        return spark(
          values.map((one) => one ?? NaN),
          words,
          { low: 0, high: high ?? null },
        );
      });
    },
  };
}

function goneTable(left) {
  return el(
    "div",
    { class: "scroll" },
    el(
      "table",
      { "aria-label": "Workers that have left" },
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          ["Worker", "Host", "Backend", "Slots", "Started", "Left"].map((name) =>
            el("th", { scope: "col", class: name === "Slots" ? "num" : null }, name),
          ),
        ),
      ),
      el(
        "tbody",
        {},
        [...left]
          .reverse()
          .slice(0, 100)
          .map((worker) =>
            el(
              "tr",
              {},
              el("td", {}, worker.name),
              el("td", {}, worker.host),
              el("td", {}, worker.backend),
              el("td", { class: "num" }, number(worker.slots.length)),
              el("td", {}, time(worker.started_at)),
              el("td", {}, worker.ended_at ? time(worker.ended_at) : `not heard from since ${time(worker.seen_at)}`),
            ),
          ),
      ),
    ),
  );
}

/** New content only when what it tells has changed: links keep their focus. */
function put(place, told, make) {
  const sign = JSON.stringify(told);
  if (place.dataset.told === sign) return;
  place.dataset.told = sign;
  fill(place, make());
}

function of(used, total) {
  return used === null || total === null ? "–" : `${bytes(used)} of ${bytes(total)}`;
}

function mean(values) {
  const known = values.filter((value) => value !== null);
  return known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
}
