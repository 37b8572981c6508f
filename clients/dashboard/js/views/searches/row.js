// One search in the list. Its cells are drawn anew only when what they tell has changed: focus and open menus stay.
import { address } from "../../address.js";
import { send } from "../../api.js";
import { confirmed } from "../../components/confirm.js";
import { menu, state } from "../../components/controls.js";
import { tell } from "../../components/toast.js";
import { el, fill, refill } from "../../dom.js";
import { better, duration, number, time } from "../../format.js";
import { OPEN, endedTrials } from "../../states.js";

export const COLUMNS = [
  ["choose", "Choose", "visually-hidden"],
  ["name", "Name", "", "name"],
  ["how", "Tuner and data"],
  ["progress", "Progress", "", "progress"],
  ["trials", "Trials"],
  ["best", "Best", "num", "best"],
  ["curve", "Best so far"],
  ["time", "Time", "", "newest"],
  ["acts", "Actions", "visually-hidden"],
];

/**
 * A row: `node`, `update(search)`, `spark` (the place of its line).
 *
 * @param chosen    () => whether its box is ticked; `choose(search, on)` is told when that changes
 * @param dataset   (id) => the name of a data set, or null
 * @param tagged    ("key:value") => void, when a tag is pressed
 * @param changed   (search or null) => void, after something was done: null when it is gone
 */
export function searchRow({ chosen, choose, dataset, tagged, changed }) {
  let now = null;
  const box = el("input", { type: "checkbox", onchange: () => choose(now, box.checked) });
  const place = Object.fromEntries(
    COLUMNS.map(([key, , kind]) => [key, el("td", { role: "cell", class: `${key}${kind === "num" ? " num" : ""}` })]),
  );
  const spark = el("div", { class: "line" });
  const node = el("tr", { role: "row" }, Object.values(place));
  const bar = el("progress", { max: 1 }),
    said = el("div", { class: "small note" }),
    sign = el("div");
  place.choose.append(el("label", {}, box));
  place.progress.append(el("div", { class: "row" }, sign, said), bar);
  place.curve.append(spark);

  function update(search) {
    const first = now === null;
    now = search;
    const ended = endedTrials(search),
      { running, queued, failed } = search.trials;
    if (first) node.dataset.row = search.id;
    box.checked = chosen();
    box.setAttribute("aria-label", `Choose ${search.name} to compare`);
    refill(place.name, [search.name, search.tags], () => [
      el("a", { href: address(["searches", search.id]) }, search.name),
      el(
        "div",
        { class: "tags" },
        Object.entries(search.tags).map(([key, value]) =>
          el(
            "button",
            {
              type: "button",
              class: "tag",
              title: `Only searches tagged ${key}: ${value}`,
              onclick: () => tagged(`${key}:${value}`),
            },
            value ? `${key}: ${value}` : key,
          ),
        ),
      ),
    ]);
    const data = search.dataset_id ? dataset(search.dataset_id) : "no data set";
    refill(place.how, [search.tuner, data], () => [
      el("div", {}, search.tuner),
      el(
        "div",
        { class: "small note" },
        search.dataset_id && data
          ? el("a", { href: address(["datasets", search.dataset_id]) }, data)
          : (data ?? "deleted data"),
      ),
    ]);
    refill(sign, [search.state, search.state_reason?.message], () => state(search.state, search.state_reason?.message));
    const part = search.progress ?? (OPEN.includes(search.state) ? null : 1);
    bar.hidden = !OPEN.includes(search.state);
    if (part === null) bar.removeAttribute("value");
    else bar.value = part;
    bar.setAttribute("aria-label", `Progress of ${search.name}`);
    said.textContent = bar.hidden || search.progress === null ? "" : `${Math.floor(100 * search.progress)} %`;
    refill(place.trials, [ended, running, queued, failed, search.planned_trials], () => [
      el(
        "div",
        {},
        el("b", {}, number(ended)),
        search.planned_trials ? ` of ${number(search.planned_trials)}` : "",
        el("span", { class: "visually-hidden" }, " ended"),
      ),
      el(
        "div",
        { class: "small note" },
        [running ? `${number(running)} running` : "", queued ? `${number(queued)} queued` : ""]
          .filter(Boolean)
          .join(", "),
        failed ? [running || queued ? ", " : "", el("span", { class: "bad" }, `${number(failed)} failed`)] : null,
      ),
    ]);
    const { name, direction } = search.objective;
    refill(place.best, [search.best?.score, search.best?.trial_id, name, direction], () => [
      el(
        "div",
        {},
        search.best ? el("a", { href: address(["trials", search.best.trial_id]) }, number(search.best.score)) : "–",
      ),
      el(
        "div",
        { class: "small note metric", title: better(direction) },
        el("span", { "aria-hidden": "true" }, direction === "max" ? "↑ " : "↓ "),
        name,
        el("span", { class: "visually-hidden" }, `, ${better(direction)}`),
      ),
    ]);
    refill(place.time, timing(search), () =>
      timing(search).map((line, i) => el("div", { class: i ? "small note" : null }, line)),
    );
    if (first) drawActs();
    menuOf.querySelector(".visually-hidden").textContent = `Actions for ${search.name}`;
  }

  const items = el("div", { class: "acts-items" });
  const menuOf = menu([el("span", { "aria-hidden": "true" }, "⋯"), el("span", { class: "visually-hidden" })], [items]);
  menuOf.addEventListener("toggle", () => {
    if (menuOf.open) drawItems();
  });

  function drawActs() {
    place.acts.append(menuOf);
  }

  function drawItems() {
    const base = `/v1/searches/${encodeURIComponent(now.id)}`,
      open = OPEN.includes(now.state);
    const verb = (label, name, said_) =>
      item(label, async () => {
        changed(await send("POST", `${base}/${name}`));
        tell(said_, "good");
      });
    fill(
      items,
      ["RUNNING", "QUEUED"].includes(now.state) ? verb("Pause", "pause", `${now.name} is paused.`) : null,
      now.state === "PAUSED" ? verb("Resume", "resume", `${now.name} goes on.`) : null,
      el("a", { href: address(["new"], { from: now.id }) }, "Use as template"),
      open ? item("Cancel …", cancel, true) : item("Delete …", remove, true),
    );
  }

  function item(label, act, danger = false) {
    return el(
      "button",
      {
        type: "button",
        class: danger ? "danger" : null,
        onclick: async () => {
          menuOf.open = false;
          menuOf.querySelector("summary").focus();
          try {
            await act();
          } catch (error) {
            tell(error.message, "bad");
          }
        },
      },
      label,
    );
  }

  async function cancel() {
    if (
      !(await confirmed(
        `End “${now.name}” for good? Its running trials stop; results so far stay.`,
        "Cancel the search",
      ))
    )
      return;
    changed(await send("POST", `/v1/searches/${encodeURIComponent(now.id)}/cancel`));
  }

  async function remove() {
    if (
      !(await confirmed(
        `Delete “${now.name}” with its trials, curves and models? This cannot be taken back.`,
        "Delete it",
      ))
    )
      return;
    await send("DELETE", `/v1/searches/${encodeURIComponent(now.id)}`);
    tell(`${now.name} is deleted.`, "good");
    changed(null);
  }

  return {
    node,
    spark,
    update,
    redrawBox() {
      box.checked = chosen();
    },
    search: () => now,
  };
}

/** Two lines: how long it takes or took, and when. */
function timing(search) {
  if (search.state === "RUNNING") {
    const left =
      search.remaining_seconds === null ? "time left unknown" : `about ${duration(search.remaining_seconds)} left`;
    return [left, `started ${time(search.started_at)}`];
  }
  if (search.state === "QUEUED") return ["waiting", `submitted ${time(search.created_at)}`];
  if (search.state === "PAUSED")
    return [`ran ${duration(search.elapsed_seconds)}`, `started ${time(search.started_at ?? search.created_at)}`];
  return [
    search.tuner === "imported" ? "imported" : `took ${duration(search.elapsed_seconds)}`,
    `ended ${time(search.ended_at)}`,
  ];
}
