// Every try at a trial, how each ended, and what its trainer printed.
import { get } from "../../api.js";
import { state } from "../../components/controls.js";
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
    const head = ["Attempt", "State", "Worker", "Device", "Started", "Took", "Failure"];
    const took = (one) =>
      one.ended_at ? duration((Date.parse(one.ended_at) - Date.parse(one.started_at)) / 1000) : "–";
    fill(
      place,
      el(
        "div",
        { class: "scroll" },
        el(
          "table",
          {},
          el(
            "thead",
            {},
            el(
              "tr",
              {},
              head.map((name) => el("th", { scope: "col" }, name)),
            ),
          ),
          el(
            "tbody",
            {},
            attempts.items.map((one) =>
              el(
                "tr",
                {},
                el("td", {}, String(one.number)),
                el("td", {}, state(one.state)),
                el("td", { class: "mono" }, one.worker_id.slice(0, 14)),
                el("td", {}, one.device ?? "–"),
                el("td", {}, time(one.started_at)),
                el("td", {}, took(one)),
                el("td", { class: "wrap" }, one.failure ? `${one.failure.code}: ${one.failure.message}` : ""),
              ),
            ),
          ),
        ),
      ),
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
