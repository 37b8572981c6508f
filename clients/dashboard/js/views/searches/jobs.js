// Final trainings and range tests, below the searches: they run like searches but are listed apart.
import { address } from "../../address.js";
import { get } from "../../api.js";
import { state } from "../../components/controls.js";
import { plainTable } from "../../components/plain_table.js";
import { el, fill } from "../../dom.js";
import { duration, number, time } from "../../format.js";
import { OPEN } from "../../states.js";

const SHOWN = 8;

/** A card that hides itself while there are none: `node` and `refresh()`. */
export function jobsCard() {
  const body = el("tbody");
  const node = el(
    "section",
    { class: "card jobs", hidden: true, "aria-label": "Final trainings and range tests" },
    el("div", { class: "head" }, el("h2", {}, "Final trainings and range tests")),
    plainTable({
      label: "Final trainings and range tests",
      kind: "scroll",
      heads: ["What", "Of", "State", "Result", "When"],
      rows: body,
    }),
  );
  let told = "";

  async function refresh() {
    const [finals, tests] = await Promise.all([
      get("/v1/final", { limit: SHOWN }),
      get("/v1/lr-range-tests", { limit: SHOWN }),
    ]);
    const jobs = [...finals.items.map((job) => ({ ...job, final: true })), ...tests.items]
      .sort((a, b) => b.created_at.localeCompare(a.created_at))
      .slice(0, SHOWN);
    const sign = JSON.stringify(jobs.map((job) => [job.id, job.state, job.progress]));
    if (sign === told) return;
    told = sign;
    node.hidden = !jobs.length;
    fill(body, jobs.map(line));
  }

  return { node, refresh };
}

function line(job) {
  const place = address([job.final ? "final" : "range-tests", job.id]);
  return el(
    "tr",
    {},
    el("td", {}, el("a", { href: place }, job.final ? "Final training" : "Range test")),
    el(
      "td",
      {},
      job.final
        ? [
            el("a", { href: address(["searches", job.source.search_id]) }, job.source.search_name),
            " ",
            el(
              "a",
              { class: "note", href: address(["trials", job.source.trial_id]) },
              `trial ${job.source.trial_number}`,
            ),
          ]
        : job.name,
    ),
    el("td", {}, state(job.state, job.state_reason?.message)),
    el(
      "td",
      {},
      OPEN.includes(job.state)
        ? el("progress", { max: 1, value: job.progress ?? 0, "aria-label": `Progress of ${job.name}` })
        : job.failure
          ? job.failure.message.slice(0, 80)
          : job.final
            ? job.epochs
              ? `${number(job.epochs)} epochs`
              : "–"
            : `${number(job.min_rate)} to ${number(job.max_rate)}`,
    ),
    el("td", {}, job.ended_at ? `${time(job.ended_at)}, took ${duration(job.elapsed_seconds)}` : time(job.created_at)),
  );
}
