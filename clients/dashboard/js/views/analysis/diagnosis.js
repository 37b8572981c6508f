// What the learning curves of all trials show: how many of which verdict, what that says of the search, and each trial's own.
import { keep } from "../../address.js";
import { get } from "../../api.js";
import { figure } from "../../charts/figure.js";
import { axis, room, tip, tooltip } from "../../charts/parts.js";
import { pick } from "../../components/controls.js";
import { longTable } from "../../components/table.js";
import { el, fill } from "../../dom.js";
import { number } from "../../format.js";
import { advice, countWords } from "./advice.js";
import { base, endedCount, hyperparametersOf, labelled, question, trialLink } from "./common.js";

const PAGE = 200;
const FEW_NEW = 40;
const AT_ONCE = 8;
const REDRAW_MS = 1500;
export const VERDICTS = [
  "diverged",
  "overfitting",
  "underfitting",
  "oscillating",
  "still_improving",
  "healthy",
  "unknown",
];
const COLOURS = {
  diverged: "bad",
  overfitting: "c2",
  underfitting: "c5",
  oscillating: "c4",
  still_improving: "c1",
  healthy: "ok",
  unknown: "c8",
};
const spoken = (verdict) => verdict.replace("_", " ");

export async function diagnosisTab({ place, search, trials, query }) {
  const state = {
    verdict: query.get("verdict") ?? "",
    running: query.get("running") ?? "no",
    trial: query.get("trial") ?? "",
  };
  const items = new Map();
  let open = true;
  const lead = el("div", { class: "card verdict-card", "aria-live": "polite" }),
    detail = el("section", { class: "card trial-findings", "aria-label": "Findings of the trial" });
  const asked = question({
    search,
    ask: read,
    show,
    fail: (error) => {
      drawing.fail(error.message);
      fill(lead, error.message);
    },
    pause: 4000,
    key: (now) => (state.running === "yes" ? `${endedCount(now)} ${now.epochs_recorded}` : `${endedCount(now)}`),
  });

  const drawing = figure({
    title: "Trials by verdict",
    describe: (counts) =>
      `Verdicts: ${VERDICTS.filter((each) => counts[each])
        .map((each) => `${spoken(each)} ${counts[each]}`)
        .join(", ")}.`,
    option: (counts, ink) => {
      const shown = VERDICTS.filter((each) => counts[each]).reverse();
      if (!shown.length) return null;
      return {
        grid: room({ left: 8, right: 56, top: 4, bottom: 40, containLabel: true }),
        xAxis: axis(ink, "trials", {
          min: 0,
          scale: false,
          whole: true,
          splitLine: { show: true, lineStyle: { color: ink.line } },
        }),
        yAxis: axis(ink, "", {
          kind: "category",
          side: "y",
          values: shown.map(spoken),
          axisLabel: { color: ink.ink, fontSize: 13 },
          splitLine: { show: false },
        }),
        tooltip: tooltip(ink, (told) => tip(spoken(shown[told.dataIndex]), [["trials", told.value]])),
        series: [
          {
            type: "bar",
            cursor: "pointer",
            barMaxWidth: 28,
            label: { show: true, position: "right", color: ink.ink },
            data: shown.map((each) => ({
              value: counts[each],
              verdict: each,
              itemStyle: {
                color: ink[COLOURS[each]],
                opacity: !state.verdict || state.verdict === each ? 1 : 0.3,
                borderRadius: [0, 3, 3, 0],
              },
            })),
          },
        ],
      };
    },
    table: (counts) => ({ columns: ["verdict", "trials"], rows: VERDICTS.map((each) => [spoken(each), counts[each]]) }),
    under: () => "Choose a bar to list its trials.",
    empty: () => "No trial has ended yet. A verdict takes four epochs.",
    clicked: (event) => filter(event.data.verdict === state.verdict ? "" : event.data.verdict),
  });

  const table = longTable({
    label: "Trials and what their curves show",
    identity: (row) => row.trial_id,
    sort: { key: "number", down: false },
    name: (row) => (String(row.number) === state.trial ? "best" : ""),
    columns: [
      {
        key: "number",
        label: "trial",
        num: true,
        value: (row) => row.number,
        cell: (row) => trialLink(row.trial_id, `${row.number}`),
      },
      {
        key: "verdict",
        label: "verdict",
        value: (row) => VERDICTS.indexOf(row.verdict),
        cell: (row) => el("span", { class: `verdict ${row.verdict}` }, spoken(row.verdict)),
      },
      {
        key: "score",
        label: search.objective.name,
        num: true,
        value: (row) => trials.get(row.trial_id)?.score,
        cell: (row) => number(trials.get(row.trial_id)?.score),
      },
      { key: "epochs", label: "epochs", num: true, value: (row) => row.epochs, cell: (row) => number(row.epochs) },
      {
        key: "shows",
        label: "what it shows",
        cell: (row) =>
          el(
            "button",
            { class: "linklike", type: "button", onclick: () => select(row.number) },
            row.findings[0]?.statement ?? row.note ?? "–",
          ),
      },
      { key: "next", label: "try next", cell: (row) => row.findings[0]?.try_next[0] ?? "–" },
    ],
  });

  /** All of them once, page by page; afterwards only those that have ended since. */
  async function read() {
    const path = `${base(search)}/diagnosis`;
    const fresh = trials.all().filter((trial) => !["QUEUED", "RUNNING"].includes(trial.state) && !items.has(trial.id));
    for (const [id, item] of items) if (item.state === "RUNNING") items.delete(id);
    if (items.size && fresh.length <= FEW_NEW) {
      for (let at = 0; at < fresh.length; at += AT_ONCE) {
        for (const item of await Promise.all(
          fresh.slice(at, at + AT_ONCE).map((trial) => get(`/v1/trials/${encodeURIComponent(trial.id)}/diagnosis`)),
        ))
          items.set(item.trial_id, item);
      }
    } else if (fresh.length) {
      let token = null,
        drawn = 0;
      do {
        const page = await get(path, { limit: PAGE, page_token: token });
        if (!open) return items;
        for (const item of page.items) items.set(item.trial_id, item);
        token = page.next_page_token;
        if (token && Date.now() - drawn > REDRAW_MS) {
          show();
          drawn = Date.now();
        }
        if (token) {
          fill(progress, `Read ${number(items.size)} of ${number(endedCount(search))} trials …`);
        }
      } while (token);
    }
    if (state.running === "yes") {
      for (const item of (await get(path, { state: "RUNNING", limit: PAGE })).items) items.set(item.trial_id, item);
    }
    fill(progress);
    return items;
  }
  const progress = el("p", { class: "note" });

  function counted() {
    const counts = Object.fromEntries(VERDICTS.map((each) => [each, 0]));
    for (const item of items.values()) counts[item.verdict] += 1;
    return counts;
  }

  function show() {
    const counts = counted(),
      list = [...items.values()];
    drawing.update(counts);
    table.update(list.filter((item) => !state.verdict || item.verdict === state.verdict));
    fill(chooser, verdictPick(counts));
    const found = advice(list, trials, hyperparametersOf(search, trials));
    const judged = list.length - counts.unknown;
    fill(
      lead,
      found.length
        ? el(
            "ul",
            { class: "advice" },
            found
              .slice(0, 3)
              .map((each) =>
                el(
                  "li",
                  {},
                  el(
                    "p",
                    { class: "lead" },
                    el("b", {}, each.text),
                    " ",
                    each.signs,
                    " ",
                    sentence(each.next.length ? each.next : each.general.slice(0, 1)),
                  ),
                ),
              ),
          )
        : el(
            "p",
            { class: "lead" },
            judged
              ? `${countWords("healthy", counts.healthy, judged)}; no fault is shared by many trials.`
              : "There is nothing to say of curves yet: a verdict takes four epochs.",
          ),
      counts.unknown
        ? el(
            "p",
            { class: "note" },
            `${number(counts.unknown)} of ${number(list.length)} have too few epochs for a verdict.`,
          )
        : null,
      progress,
    );
    select(state.trial === "" ? null : Number(state.trial), false);
  }
  const sentence = (next) => (next.length ? `Try next: ${next.join("; ")}.` : "");

  function filter(verdict) {
    state.verdict = verdict;
    keep({ verdict: verdict || null });
    if (items.size) show();
  }
  const chooser = el("span", { class: "row" });
  const verdictPick = (counts) =>
    labelled(
      "Show",
      pick(
        "Verdict",
        [
          ["", `all (${number(items.size)})`],
          ...VERDICTS.filter((each) => counts[each] || each === state.verdict).map((each) => [
            each,
            `${spoken(each)} (${number(counts[each])})`,
          ]),
        ],
        state.verdict,
        filter,
      ),
    );

  /** The findings of one trial, in full. */
  function select(count, asking = true) {
    const item =
      count === null
        ? ([...items.values()].find((each) => each.findings.length && each.verdict !== "healthy") ??
          items.values().next().value)
        : [...items.values()].find((each) => each.number === count);
    if (asking) {
      state.trial = String(count);
      keep({ trial: count });
      table.update([...items.values()].filter((each) => !state.verdict || each.verdict === state.verdict));
    }
    if (!item) {
      fill(detail, el("p", { class: "note" }, "Choose a trial to see its findings and their numbers."));
      return;
    }
    fill(
      detail,
      el(
        "div",
        { class: "head" },
        el(
          "h2",
          {},
          trialLink(item.trial_id, `Trial ${item.number}`),
          " ",
          el("span", { class: `verdict ${item.verdict}` }, spoken(item.verdict)),
        ),
      ),
      el(
        "p",
        { class: "note small" },
        `${item.metric.name}${item.validation_metric ? ` and ${item.validation_metric}` : ""} over ${number(item.epochs)} epochs${item.executions > 1 ? `, mean of ${item.executions} trainings` : ""}.`,
      ),
      item.findings.map((finding) => [
        el("h3", {}, `${finding.statement[0].toUpperCase()}${finding.statement.slice(1)}`),
        el(
          "dl",
          { class: "evidence" },
          Object.entries(finding.evidence).map(([name, value]) => [
            el("dt", {}, name.replaceAll("_", " ")),
            el("dd", {}, number(value)),
          ]),
        ),
        finding.try_next.length
          ? [
              el("p", { class: "small" }, el("b", {}, "Try next")),
              el(
                "ul",
                { class: "small" },
                finding.try_next.map((text) => el("li", {}, text)),
              ),
            ]
          : null,
      ]),
      item.note ? el("p", {}, `${item.note}.`) : null,
    );
  }

  fill(
    place,
    el(
      "div",
      { class: "row chooser" },
      chooser,
      labelled(
        "Running trials",
        pick(
          "Running trials",
          [
            ["no", "left out"],
            ["yes", "as far as they are"],
          ],
          state.running,
          (running) => {
            state.running = running;
            keep({ running });
            asked.now();
          },
        ),
      ),
    ),
    lead,
    el(
      "div",
      { class: "grid" },
      drawing.node,
      detail,
      el(
        "section",
        { class: "card wide", "aria-label": "Trials" },
        el("div", { class: "head" }, el("h2", {}, "Trials")),
        table.node,
      ),
    ),
  );
  fill(lead, el("p", { class: "note" }, "Reading the curves …"));
  drawing.busy("Reading the curves …");
  asked.now();
  return {
    async refresh(now) {
      search = now;
      asked.refresh(now);
    },
    end() {
      open = false;
      asked.end();
      drawing.end();
    },
  };
}
