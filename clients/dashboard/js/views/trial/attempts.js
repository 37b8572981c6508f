// Every try at a trial, how each ended, and what its trainer printed.
import { get } from "../../api.js";
import { state } from "../../components/controls.js";
import { plainTable } from "../../components/plain_table.js";
import { el, fill } from "../../dom.js";
import { duration, time } from "../../format.js";

export function attemptsCard({ base }) {
  const place = el("div", { class: "stack" });
  const node = el(
    "section",
    { class: "card", "aria-label": "Attempts and logs" },
    el("div", { class: "head" }, el("h2", {}, "Attempts and logs")),
    place,
  );
  let sign = "";

  async function refresh(trial) {
    const wanted = `${trial.state} ${trial.attempts}`;
    if (wanted === sign) return;
    sign = wanted;
    const [attempts, logs] = await Promise.all([get(`${base}/attempts`), get(`${base}/logs`)]);
    if (!attempts.items.length) {
      fill(place, el("p", { class: "note" }, "No worker has taken it yet."));
      return;
    }
    fill(
      place,
      attemptsTable(attempts.items),
      logs.items
        .filter((one) => one.log)
        .map((one) =>
          el(
            "details",
            { open: logs.items.length === 1 },
            el("summary", {}, `What attempt ${one.attempt} printed`),
            el("pre", { tabindex: "0", class: "trial-log" }, one.log),
          ),
        ),
      logs.items.some((one) => one.log)
        ? null
        : el(
            "p",
            { class: "note" },
            trial.state === "RUNNING" ? "What it prints is kept when the attempt ends." : "Nothing was printed.",
          ),
    );
  }

  return { node, refresh };
}

function attemptsTable(attempts) {
  const took = ({ started_at: began, ended_at: ended }) =>
    ended ? duration((Date.parse(ended) - Date.parse(began)) / 1000) : "–";
  return plainTable({
    label: "Attempts",
    kind: "scroll",
    heads: ["Attempt", "State", "Worker", "Device", "Started", "Took", "Failure"],
    rows: attempts.map((one) => [
      String(one.number),
      state(one.state),
      el("td", { class: "mono" }, one.worker_id.slice(0, 14)),
      one.device ?? "–",
      time(one.started_at),
      took(one),
      el("td", { class: "wrap" }, one.failure ? `${one.failure.code}: ${one.failure.message}` : ""),
    ]),
  });
}
