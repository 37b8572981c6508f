// One worker: its machine, its slots, its versions.
import { el, fill, refill } from "../../dom.js";
import { ago, bytes, percent, time } from "../../format.js";
import { meter, of } from "./meter.js";
import { slotLine } from "./slot.js";

/** `node` and `update(worker, training)`; `training(id)` tells of a trial. */
export function workerCard() {
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
    refill(title, [worker.name, worker.backend], () => [
      worker.name,
      " ",
      el("span", { class: "tag" }, worker.backend),
    ]);
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
    refill(versions, worker.versions, () =>
      Object.entries(worker.versions).map(([name, version]) => el("span", { class: "version" }, `${name} ${version}`)),
    );
  }
  return { node, update };
}
