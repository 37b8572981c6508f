// One slot of a worker: its device, what it trains, and how busy both are.
import { address } from "../../address.js";
import { el, fill, refill } from "../../dom.js";
import { bytes, number, percent } from "../../format.js";
import { meter, of } from "./meter.js";

/** `node` and `update(slot, samples, training)`; `training(id)` tells of a trial. */
export function slotLine() {
  const head = el("div", { class: "slot-head" }),
    doing = el("div", { class: "doing" }),
    meters = el("div", { class: "meters" });
  const use = meter("Use"),
    memory = meter("Memory");
  fill(meters, use.node, memory.node);
  const node = el("li", {}, head, doing, meters);

  function update(slot, samples, training) {
    const gpu = slot.device.startsWith("gpu");
    refill(head, [slot.device, slot.temperature_celsius], () => [
      el("b", {}, `Slot ${slot.number}`),
      " ",
      el("span", { class: "mono" }, slot.device),
      slot.temperature_celsius === null
        ? null
        : el("span", { class: "note small" }, ` ${Math.round(slot.temperature_celsius)} °C`),
    ]);
    const now = slot.trial_id ? training(slot.trial_id) : null;
    refill(doing, [slot.busy, now], () =>
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
