// Workers that have left, or were not heard from for long.
import { plainTable } from "../../components/plain_table.js";
import { el } from "../../dom.js";
import { number, time } from "../../format.js";

const MOST = 100;

/** A table of them, the last first. */
export function goneTable(workers) {
  return plainTable({
    label: "Workers that have left",
    kind: "scroll",
    heads: ["Worker", "Host", "Backend", ["Slots", "num"], "Started", "Left"],
    rows: [...workers]
      .reverse()
      .slice(0, MOST)
      .map((worker) => [
        worker.name,
        worker.host,
        worker.backend,
        el("td", { class: "num" }, number(worker.slots.length)),
        time(worker.started_at),
        worker.ended_at ? time(worker.ended_at) : `not heard from since ${time(worker.seen_at)}`,
      ]),
  });
}
