// In a few lines: which hyperparameters matter, and what the best trial's curves show. The tabs have the whole of it.
import { address } from "../../address.js";
import { get } from "../../api.js";
import { el, fill } from "../../dom.js";
import { ENDED } from "../../states.js";

const LEAST = 10;
const SHOWN = 5;
const PAUSE_MS = 15_000;

export function findingsCard({ search }) {
  const matters = el("div"),
    shows = el("div");
  const link = (tab, text) => el("a", { href: address(["searches", search.id, tab]) }, text);
  const node = el(
    "section",
    { class: "card findings", "aria-label": "Findings" },
    el(
      "div",
      { class: "head" },
      el("h2", {}, "What matters"),
      el("div", { class: "row small" }, link("importance", "Importance"), link("hyperparameters", "Trends")),
    ),
    matters,
    el(
      "div",
      { class: "head" },
      el("h2", {}, "What the best trial's curves show"),
      el("div", { class: "row small" }, link("diagnosis", "Diagnosis")),
    ),
    shows,
  );
  let asked = 0,
    sign = "",
    best = "";

  async function importance(now) {
    const scored = now.trials.completed + now.trials.stopped;
    if (scored < LEAST) {
      fill(
        matters,
        el("p", { class: "note" }, `Importance can be told from ${LEAST} scored trials on; there are ${scored}.`),
      );
      return;
    }
    const wanted = String(scored);
    // It costs the service a second: while trials end fast it is asked for now and then.
    if (wanted === sign || (!ENDED.includes(now.state) && performance.now() - asked < PAUSE_MS && sign)) return;
    sign = wanted;
    asked = performance.now();
    if (!matters.childElementCount) fill(matters, el("p", { class: "note" }, "Working it out …"));
    try {
      const found = await get(`/v1/searches/${encodeURIComponent(search.id)}/importance`);
      const top = found.hyperparameters.slice(0, SHOWN);
      fill(
        matters,
        top.length
          ? el(
              "ul",
              { class: "shares" },
              top.map((one) => {
                const bar = el("i", { "aria-hidden": "true" });
                bar.style.setProperty("--share", `${Math.max(0.5, one.share * 100)}%`);
                return el(
                  "li",
                  {},
                  el("span", {}, one.name),
                  bar,
                  el(
                    "span",
                    { class: "num" },
                    one.share > 0 && one.share < 0.01 ? "<1 %" : `${Math.round(one.share * 100)} %`,
                  ),
                );
              }),
            )
          : null,
        found.note ? el("p", { class: "note small" }, found.note) : null,
      );
    } catch (error) {
      fill(matters, el("p", { class: "note" }, error.message));
    }
  }

  async function diagnosis(now) {
    if (!now.best) {
      fill(shows, el("p", { class: "note" }, "No trial has been scored yet."));
      return;
    }
    if (now.best.trial_id === best) return;
    best = now.best.trial_id;
    try {
      const found = await get(`/v1/trials/${encodeURIComponent(best)}/diagnosis`);
      fill(
        shows,
        el(
          "p",
          {},
          el("span", { class: `verdict ${found.verdict}` }, found.verdict.replaceAll("_", " ")),
          " ",
          el("a", { href: address(["trials", best]) }, `trial ${found.number}`),
        ),
        found.findings.map((one) =>
          el(
            "p",
            {},
            one.statement,
            one.try_next[0] ? el("span", { class: "note" }, ` Try next: ${one.try_next[0]}`) : null,
          ),
        ),
        found.note ? el("p", { class: "note" }, found.note) : null,
      );
    } catch (error) {
      fill(shows, el("p", { class: "note" }, error.message));
    }
  }

  return { node, refresh: (now) => Promise.all([importance(now), diagnosis(now)]) };
}
