// What is said of a search above its tabs, and what can be done with it.
import { address } from "../../address.js";
import { get, listen, send } from "../../api.js";
import { actButton, fact, menu, state } from "../../components/controls.js";
import { confirmed } from "../../components/confirm.js";
import { tell } from "../../components/toast.js";
import { el, fill } from "../../dom.js";
import { SEARCH_KINDS, TRIAL_KINDS } from "../../events.js";
import { duration, number } from "../../format.js";
import { refresher } from "../../refresh.js";
import { ENDED } from "../../states.js";
import { changeDialog } from "./change.js";

const EXPORTS = [
  ["Trials as CSV", "trials", "csv"],
  ["Trials as JSON lines", "trials", "jsonl"],
  ["Trials as Parquet", "trials", "parquet"],
  ["Epochs as CSV", "epochs", "csv"],
  ["Epochs as JSON lines", "epochs", "jsonl"],
  ["Epochs as Parquet", "epochs", "parquet"],
  ["TensorBoard files (zip)", "epochs", "tensorboard"],
];

function of(planned) {
  return planned ? el("small", {}, ` of ${number(planned)}`) : null;
}

/**
 * The head: `node`, `update(search)`, `gone()` when the search was deleted, `end()`. `changed` is called after each act, and
 * `leaving(true)` before the search is deleted: nothing of it may be asked for any more.
 */
export function searchHead({ search, changed, leaving }) {
  const base = `/v1/searches/${encodeURIComponent(search.id)}`;
  const title = el("h1"),
    about = el("p", { class: "note search-about" }),
    acts = el("div", { class: "row" });
  const progress = el("progress", { max: 1, "aria-label": "Progress of the search" });
  const facts = el("div", { class: "facts search-facts" });
  const says = el("div", { class: "search-says" }),
    final = el("div", { class: "search-final", "aria-live": "polite" });
  const node = el(
    "div",
    { class: "search-head" },
    el("div", { class: "page-head" }, title, acts),
    about,
    progress,
    facts,
    says,
    final,
  );
  const values = {};
  let now = search,
    read = performance.now(),
    drawnActs = "",
    job = null,
    closeJob = () => {};

  for (const [key, label] of [
    ["best", ""],
    ["ended", "trials ended"],
    ["running", "running"],
    ["failed", "failed"],
    ["epochs", "epochs"],
    ["elapsed", "elapsed"],
    ["left", "left, about"],
    ["device", "device time"],
    ["busy", "workers busy"],
  ]) {
    const one = fact(label, "–");
    values[key] = { value: one.querySelector("b"), label: one.querySelector("span") };
    facts.append(one);
  }

  function update(next) {
    now = next;
    read = performance.now();
    const t = now.trials,
      ended = t.completed + t.stopped + t.failed + t.cancelled;
    put(title, `${now.name}|${now.state}`, () => [now.name, " ", state(now.state)]);
    put(about, JSON.stringify([now.tags, now.parallelism, now.priority]), aboutLine);
    progress.value = now.progress ?? (ENDED.includes(now.state) ? 1 : 0);
    values.best.label.textContent = values.best.label.title = `best ${now.objective.name}`;
    put(values.best.value, `${now.best?.trial_id}`, () =>
      now.best ? el("a", { href: address(["trials", now.best.trial_id]) }, number(now.best.score)) : "–",
    );
    fill(values.ended.value, number(ended), of(now.planned_trials));
    fill(values.running.value, number(t.running), t.queued ? el("small", {}, ` + ${number(t.queued)} queued`) : null);
    values.failed.value.textContent = number(t.failed);
    values.failed.value.className = t.failed ? "bad" : "";
    fill(values.epochs.value, number(now.epochs_recorded), of(now.planned_epochs));
    values.device.value.textContent = duration(now.device_seconds);
    values.busy.value.textContent = number(now.workers_busy);
    tick();
    put(says, JSON.stringify([now.state, now.state_reason, now.warnings]), sayings);
    const wanted = `${now.state} ${Boolean(now.best)}`;
    if (wanted !== drawnActs) {
      drawnActs = wanted;
      drawActs();
    }
  }

  /** New content only when what it tells has changed: links keep their focus. */
  function put(place, sign, make) {
    if (place.dataset.sign === sign) return;
    place.dataset.sign = sign;
    fill(place, make());
  }

  function tick() {
    const running = now.state === "RUNNING" ? (performance.now() - read) / 1000 : 0;
    values.elapsed.value.textContent = duration(now.elapsed_seconds + running);
    const left = now.remaining_seconds;
    values.left.value.textContent =
      ENDED.includes(now.state) || left === null ? "–" : duration(Math.max(0, left - running));
  }

  function aboutLine() {
    const named = now.definition?.dataset?.name ?? now.definition?.imported?.file;
    const data = now.dataset_id
      ? el("a", { href: address(["datasets", now.dataset_id]) }, named ?? "its data set")
      : (named ?? "no data set");
    const parts = [
      [now.tuner],
      ["on ", data],
      [`${now.objective.name}, ${now.objective.direction === "max" ? "higher" : "lower"} is better`],
      [`${now.parallelism} at a time`],
    ];
    if (now.priority) parts.push([`priority ${now.priority}`]);
    return [
      parts.map((part, i) => el("span", { class: i === parts.length - 1 ? "said last" : "said" }, part)),
      Object.entries(now.tags).map(([key, value]) => el("span", { class: "tag" }, value ? `${key}: ${value}` : key)),
    ];
  }

  function sayings() {
    const reason = now.state_reason;
    return [
      reason ? el("p", { class: now.state === "FAILED" ? "fault-box" : "note" }, reason.message) : null,
      now.warnings?.length
        ? el(
            "ul",
            { class: "warn-box" },
            now.warnings.map((one) => el("li", {}, el("code", {}, one.pointer || "/"), " ", one.message)),
          )
        : null,
    ];
  }

  function act(label, verb, said, more) {
    return actButton(
      label,
      async () => {
        update({ ...now, ...(await send("POST", `${base}/${verb}`)) });
        changed();
        return said;
      },
      more,
    );
  }

  function drawActs() {
    const held = acts.contains(document.activeElement);
    const open = !ENDED.includes(now.state);
    fill(
      acts,
      ["RUNNING", "QUEUED"].includes(now.state)
        ? act("Pause", "pause", "Paused: running trials hand back at their next checkpoint.")
        : null,
      now.state === "PAUSED" ? act("Resume", "resume", "It goes on.", { primary: true }) : null,
      open
        ? el(
            "button",
            {
              type: "button",
              onclick: () =>
                changeDialog({
                  search: now,
                  changed: (next) => {
                    update(next);
                    changed();
                  },
                }),
            },
            "Change …",
          )
        : null,
      now.best && now.dataset_id ? actButton("Finalize best", finalize) : null,
      el("a", { class: "button", href: address(["new"], { from: now.id }) }, "Use as template"),
      menu(
        "Export",
        EXPORTS.map(([label, table, format]) =>
          el("a", { href: `${base}/export?table=${table}&format=${format}`, download: "" }, label),
        ),
      ),
      open
        ? el("button", { type: "button", class: "danger", onclick: cancel }, "Cancel")
        : el("button", { type: "button", class: "danger", onclick: remove }, "Delete"),
    );
    if (held) (acts.querySelector("button") ?? acts).focus();
  }

  async function cancel() {
    if (
      !(await confirmed(
        `End “${now.name}” for good? Its running trials stop; results so far stay.`,
        "Cancel the search",
      ))
    )
      return;
    try {
      update({ ...now, ...(await send("POST", `${base}/cancel`)) });
      changed();
    } catch (error) {
      tell(error.message, "bad");
    }
  }

  async function remove() {
    if (
      !(await confirmed(
        `Delete “${now.name}” with its trials, curves and models? This cannot be taken back.`,
        "Delete it",
      ))
    )
      return;
    leaving(true);
    try {
      await send("DELETE", base);
      tell(`${now.name} is deleted.`, "good");
      location.hash = "#/";
    } catch (error) {
      leaving(false);
      tell(error.message, "bad");
    }
  }

  async function finalize() {
    const made = await send("POST", `${base}/finalize`, {});
    follow(made);
    return "The best trial is trained once more on all training rows, then tested.";
  }

  /** Shows a final training and follows it until it has ended. */
  function follow(made) {
    closeJob();
    job = made;
    showFinal();
    if (ENDED.includes(made.state)) return;
    const again = refresher(async () => {
      job = await get(`/v1/final/${encodeURIComponent(made.id)}`);
      showFinal();
      if (ENDED.includes(job.state)) closeJob();
    });
    const close = listen(
      `/v1/searches/${encodeURIComponent(made.id)}/events`,
      [...TRIAL_KINDS, ...SEARCH_KINDS],
      again.soon,
      () => again.soon(),
    );
    closeJob = () => {
      closeJob = () => {};
      again.end();
      close();
    };
  }

  function showFinal() {
    const tested = job.report?.test?.metrics;
    fill(
      final,
      el(
        "p",
        { class: "final-line" },
        el("b", {}, "Final training"),
        " of trial ",
        String(job.source.trial_number),
        " ",
        state(job.state),
        " ",
        ENDED.includes(job.state)
          ? null
          : el("progress", { max: 1, value: job.progress ?? 0, "aria-label": "Progress of the final training" }),
        tested
          ? el(
              "span",
              { class: "note" },
              `on the test part: ${Object.entries(tested)
                .map(([name, value]) => `${name} ${number(value)}`)
                .join(", ")}`,
            )
          : null,
        job.failure ? el("span", { class: "note" }, job.failure.message) : null,
        el("a", { href: address(["final", job.id]) }, "Report"),
        job.state === "COMPLETED"
          ? [
              el(
                "a",
                { href: job.links?.bundle ?? `/v1/final/${job.id}/bundle`, download: "" },
                "Bundle that predicts (zip)",
              ),
            ]
          : null,
      ),
    );
  }

  async function findFinal() {
    const found = (await get("/v1/final", { limit: 100 })).items.find((one) => one.source.search_id === search.id);
    if (!found || job) return;
    follow(found.state === "COMPLETED" ? await get(`/v1/final/${encodeURIComponent(found.id)}`) : found);
  }

  update(search);
  findFinal().catch(() => {});
  const clock = setInterval(tick, 1000);
  return {
    node,
    update,
    gone() {
      fill(acts);
      clearInterval(clock);
      closeJob();
    },
    end() {
      clearInterval(clock);
      closeJob();
    },
  };
}
