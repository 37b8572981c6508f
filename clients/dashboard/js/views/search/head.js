// What is said of a search above its tabs, and what can be done with it.
import { address } from "../../address.js";
import { send } from "../../api.js";
import { actButton, menu, state } from "../../components/controls.js";
import { confirmed } from "../../components/confirm.js";
import { tell } from "../../components/toast.js";
import { el, fill, refill } from "../../dom.js";
import { ENDED } from "../../states.js";
import { changeDialog } from "./change.js";
import { searchFacts } from "./head/facts.js";
import { finalLine } from "./head/final.js";

const EXPORTS = [
  ["Trials as CSV", "trials", "csv"],
  ["Trials as JSON lines", "trials", "jsonl"],
  ["Trials as Parquet", "trials", "parquet"],
  ["Epochs as CSV", "epochs", "csv"],
  ["Epochs as JSON lines", "epochs", "jsonl"],
  ["Epochs as Parquet", "epochs", "parquet"],
  ["TensorBoard files (zip)", "epochs", "tensorboard"],
];

/**
 * The head: `node`, `update(search)`, `gone()` when the search was deleted, `end()`. `changed` is called after each act, and
 * `leaving(true)` before the search is deleted: nothing of it may be asked for any more.
 */
export function searchHead({ search, changed, leaving }) {
  const base = `/v1/searches/${encodeURIComponent(search.id)}`;
  const title = el("h1"),
    about = el("p", { class: "note search-about" }),
    acts = el("div", { class: "row" }),
    says = el("div", { class: "search-says" });
  const progress = el("progress", { max: 1, "aria-label": "Progress of the search" });
  const facts = searchFacts(),
    final = finalLine({ search });
  const node = el(
    "div",
    { class: "search-head" },
    el("div", { class: "page-head" }, title, acts),
    about,
    progress,
    facts.node,
    says,
    final.node,
  );
  let now = search,
    read = performance.now(),
    drawnActs = "";

  function update(next) {
    now = next;
    read = performance.now();
    refill(title, [now.name, now.state], () => [now.name, " ", state(now.state)]);
    refill(about, [now.tags, now.parallelism, now.priority], () => aboutLine(now));
    progress.value = now.progress ?? (ENDED.includes(now.state) ? 1 : 0);
    facts.update(now);
    tick();
    refill(says, [now.state, now.state_reason, now.warnings], () => sayings(now));
    const wanted = `${now.state} ${Boolean(now.best)}`;
    if (wanted === drawnActs) return;
    drawnActs = wanted;
    drawActs();
  }

  function tick() {
    facts.tick(now, (performance.now() - read) / 1000);
  }

  /** After an act at the service, with what it has answered. */
  function acted(answer) {
    update({ ...now, ...answer });
    changed();
  }

  function act(label, verb, said, more) {
    const done = async () => {
      acted(await send("POST", `${base}/${verb}`));
      return said;
    };
    return actButton(label, done, more);
  }

  function drawActs() {
    const held = acts.contains(document.activeElement);
    const open = !ENDED.includes(now.state);
    const button = (label, onclick, kind = null) => el("button", { type: "button", class: kind, onclick }, label);
    fill(
      acts,
      ["RUNNING", "QUEUED"].includes(now.state)
        ? act("Pause", "pause", "Paused: running trials hand back at their next checkpoint.")
        : null,
      now.state === "PAUSED" ? act("Resume", "resume", "It goes on.", { primary: true }) : null,
      open ? button("Change …", () => changeDialog({ search: now, changed: acted })) : null,
      now.best && now.dataset_id ? actButton("Finalize best", finalize) : null,
      el("a", { class: "button", href: address(["new"], { from: now.id }) }, "Use as template"),
      menu(
        "Export",
        EXPORTS.map(([label, table, format]) =>
          el("a", { href: `${base}/export?table=${table}&format=${format}`, download: "" }, label),
        ),
      ),
      open ? button("Cancel", cancel, "danger") : button("Delete", remove, "danger"),
    );
    if (held) (acts.querySelector("button") ?? acts).focus();
  }

  async function cancel() {
    const question = `End “${now.name}” for good? Its running trials stop; results so far stay.`;
    if (!(await confirmed(question, "Cancel the search"))) return;
    try {
      acted(await send("POST", `${base}/cancel`));
    } catch (error) {
      tell(error.message, "bad");
    }
  }

  async function remove() {
    const question = `Delete “${now.name}” with its trials, curves and models? This cannot be taken back.`;
    if (!(await confirmed(question, "Delete it"))) return;
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
    final.follow(await send("POST", `${base}/finalize`, {}));
    return "The best trial is trained once more on all training rows, then tested.";
  }

  update(search);
  final.find().catch(() => {});
  const clock = setInterval(tick, 1000);
  function end() {
    clearInterval(clock);
    final.end();
  }
  return {
    node,
    update,
    gone() {
      fill(acts);
      end();
    },
    end,
  };
}

/** Tuner, data, objective and so on, in one line, with the tags. */
function aboutLine({ definition, dataset_id: id, tuner, objective, parallelism, priority, tags }) {
  const named = definition?.dataset?.name ?? definition?.imported?.file;
  const data = id ? el("a", { href: address(["datasets", id]) }, named ?? "its data set") : (named ?? "no data set");
  const parts = [
    tuner,
    ["on ", data],
    `${objective.name}, ${objective.direction === "max" ? "higher" : "lower"} is better`,
    `${parallelism} at a time`,
    ...(priority ? [`priority ${priority}`] : []),
  ];
  return [
    parts.map((part, i) => el("span", { class: i === parts.length - 1 ? "said last" : "said" }, part)),
    Object.entries(tags).map(([key, value]) => el("span", { class: "tag" }, value ? `${key}: ${value}` : key)),
  ];
}

/** Why it is in its state, and what the service warned of when it was submitted. */
function sayings({ state: name, state_reason: reason, warnings }) {
  const warning = ({ pointer, message }) => el("li", {}, el("code", {}, pointer || "/"), " ", message);
  return [
    reason ? el("p", { class: name === "FAILED" ? "fault-box" : "note" }, reason.message) : null,
    warnings?.length ? el("ul", { class: "warn-box" }, warnings.map(warning)) : null,
  ];
}
