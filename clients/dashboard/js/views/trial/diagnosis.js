// What the curves of one trial show, by which numbers, and what to try next.
import { get } from "../../api.js";
import { el, fill } from "../../dom.js";
import { number } from "../../format.js";

const EVERY_MS = 5000;

export function diagnosisCard({ base }) {
  const place = el("div");
  const node = el(
    "section",
    { class: "card", "aria-label": "Diagnosis" },
    el("div", { class: "head" }, el("h2", {}, "Diagnosis")),
    place,
  );
  let sign = "",
    timer = 0;

  async function refresh(trial) {
    const wanted = `${trial.state} ${trial.epochs}`;
    if (wanted === sign) return;
    sign = wanted;
    const found = await get(`${base}/diagnosis`);
    fill(
      place,
      el(
        "p",
        {},
        el("span", { class: `verdict ${found.verdict}` }, found.verdict.replaceAll("_", " ")),
        " ",
        el(
          "span",
          { class: "note small" },
          `by ${found.metric.name}${found.validation_metric ? ` and ${found.validation_metric}` : ""}, ${found.epochs} epochs${found.executions > 1 ? `, mean of ${found.executions} trainings` : ""}`,
        ),
      ),
      found.note ? el("p", { class: "note" }, found.note) : null,
      found.findings.map((one) =>
        el(
          "div",
          { class: "finding" },
          el("p", {}, one.statement),
          one.try_next.length
            ? [
                el("h3", {}, "Try next"),
                el(
                  "ul",
                  {},
                  one.try_next.map((text) => el("li", {}, text)),
                ),
              ]
            : null,
          Object.keys(one.evidence).length
            ? el(
                "details",
                {},
                el("summary", {}, "Evidence"),
                el(
                  "dl",
                  { class: "pairs-list" },
                  Object.entries(one.evidence).map(([name, value]) => [
                    el("dt", {}, name.replaceAll("_", " ")),
                    el("dd", {}, number(value)),
                  ]),
                ),
              )
            : null,
        ),
      ),
    );
  }

  return {
    node,
    refresh,
    /** While it runs it is asked again now and then. */
    grown(trial) {
      timer ||= setTimeout(() => {
        timer = 0;
        refresh(trial).catch(() => {});
      }, EVERY_MS);
    },
    end() {
      clearTimeout(timer);
    },
  };
}
