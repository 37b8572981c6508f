// Every trial in a table: filtered, sorted, chosen for comparison, stopped and tried again.
import { keep } from "../../address.js";
import { send } from "../../api.js";
import { longTable } from "../../components/table.js";
import { menu, state } from "../../components/controls.js";
import { tell } from "../../components/toast.js";
import { el, fill } from "../../dom.js";
import { number } from "../../format.js";
import { curvesFigure } from "./curves.js";
import { columnsOf, knownNames, namesOf, readerOf } from "./columns.js";
import { FilterFault, filterOf } from "./filter.js";
import { ENDED } from "../../states.js";

const STATES = ["RUNNING", "QUEUED", "COMPLETED", "STOPPED", "FAILED", "CANCELLED"];
const KEPT = "headstock.trial-columns";
const MOST_CHOSEN = 16;
const HELP =
  "For example: units >= 64 and val_accuracy > 0.9. Also: or, not, ( ), != ~ (contains), state in (failed, stopped), dropout = null.";

export async function trialsTab({ place, search, trials, query, reading }) {
  let now = search,
    names = namesOf(trials.all()),
    test = () => true,
    drawnRows = [],
    pending = 0;
  const states = new Set((query.get("state") ?? "").split(",").filter((one) => STATES.includes(one)));
  const chosen = new Set((query.get("chosen") ?? "").split(",").filter(Boolean).map(Number).slice(0, MOST_CHOSEN));
  const hidden = keptColumns();
  const sort = { key: query.get("sort") ?? "number", down: query.get("down") !== "0" };

  const input = el("input", {
    type: "search",
    id: "filter",
    value: query.get("q") ?? "",
    placeholder: "units >= 64 and val_accuracy > 0.9",
    "aria-label": "Filter trials",
    "aria-describedby": "filter-help filter-says",
    spellcheck: "false",
    autocomplete: "off",
  });
  const says = el("p", { id: "filter-says", class: "fault", role: "status" });
  const counts = el("p", { class: "note", role: "status" });
  const chips = el("div", { class: "chips", role: "group", "aria-label": "Only trials in these states" });
  const chooser = menu("Columns", []);
  const table = longTable({
    label: "Trials",
    columns: columns(),
    sort,
    name: (trial) => (trial.id === now.best?.trial_id ? "best" : ""),
    sorted: ({ key, down }) => keep({ sort: key, down: down ? null : "0" }),
    empty: () =>
      trials.size() ? "No trial passes the filter." : "No trial yet: they appear as the tuner proposes them.",
  });
  const compared = curvesFigure({
    search,
    trials,
    query,
    title: "Chosen trials",
    faint: false,
    empty: "Choose trials by their boxes to see their curves side by side.",
    choose: (everything) => everything.filter((trial) => chosen.has(trial.number)).sort((a, b) => a.number - b.number),
  });
  const below = el("div", { class: "stack compare-chosen", hidden: true }, compared.node);
  const clear = el(
    "button",
    { type: "button", class: "quiet", onclick: () => choose(() => chosen.clear()) },
    "Clear choice",
  );

  fill(
    place,
    el(
      "div",
      { class: "stack" },
      el(
        "div",
        { class: "trial-tools" },
        el("div", { class: "field filter" }, input, says, el("span", { class: "hint", id: "filter-help" }, HELP)),
        el(
          "div",
          { class: "row between" },
          el("div", { class: "row" }, chips, chooser),
          el("div", { class: "row" }, counts, clear),
        ),
      ),
      table.node,
      below,
    ),
  );

  input.addEventListener("input", () => {
    keep({ q: input.value.trim() || null });
    filter();
  });
  reading(() => {
    pending ||= setTimeout(() => {
      pending = 0;
      draw();
    }, 200);
  });

  function columns() {
    const found = columnsOf({
      search: now,
      names,
      parentOf: (trial) => (trial.parent_trial_id ? trials.get(trial.parent_trial_id) : null),
      box,
      acts,
    });
    return found.filter((one) => one.fixed || (hidden.has(one.key) ? hidden.get(one.key) : one.plain));
  }

  function box(trial) {
    return el("input", {
      type: "checkbox",
      "aria-label": `Compare trial ${trial.number}`,
      checked: chosen.has(trial.number),
      onchange: (event) => {
        if (event.target.checked && chosen.size >= MOST_CHOSEN) {
          event.target.checked = false;
          tell(`At most ${MOST_CHOSEN} trials can be compared.`);
          return;
        }
        choose(() => (event.target.checked ? chosen.add(trial.number) : chosen.delete(trial.number)), false);
      },
    });
  }

  function acts(trial) {
    const button = (label, verb, said) =>
      el(
        "button",
        {
          type: "button",
          class: "quiet",
          "aria-label": `${label} trial ${trial.number}`,
          onclick: async (event) => {
            event.target.disabled = true;
            try {
              const after = await send("POST", `/v1/trials/${encodeURIComponent(trial.id)}/${verb}`);
              trials.touched({ kind: "", trial_id: after.id, payload: {} });
              tell(said, "good");
            } catch (error) {
              tell(error.message, "bad");
            }
            event.target.disabled = false;
          },
        },
        label,
      );
    if (["RUNNING", "QUEUED"].includes(trial.state) && !trial.stop_requested)
      return button("Stop", "stop", `Trial ${trial.number} is asked to stop.`);
    if (trial.state === "FAILED" && !ENDED.includes(now.state))
      return button("Retry", "retry", `Trial ${trial.number} is queued again.`);
    return "";
  }

  function choose(change, redraw = true) {
    change();
    keep({ chosen: chosen.size ? [...chosen].sort((a, b) => a - b).join(",") : null });
    if (redraw) table.redraw();
    drawChosen();
  }

  function drawChosen() {
    clear.hidden = below.hidden = chosen.size === 0;
    clear.textContent = `Clear choice (${chosen.size})`;
    if (chosen.size) compared.refresh().catch((error) => tell(error.message, "bad"));
  }

  function filter() {
    try {
      test = filterOf(input.value, readerOf(names), knownNames(names));
      says.textContent = "";
      input.removeAttribute("aria-invalid");
    } catch (error) {
      if (!(error instanceof FilterFault)) throw error;
      // While one writes, the table stays as the last whole expression left it.
      says.textContent = `At character ${error.at + 1}: ${error.message}.`;
      input.setAttribute("aria-invalid", "true");
      return;
    }
    draw();
  }

  function draw() {
    const everything = trials.all();
    const found = namesOf(everything);
    if (
      found.hyperparameters.length !== names.hyperparameters.length ||
      found.metrics.length !== names.metrics.length
    ) {
      names = found;
      table.recolumn(columns());
      drawChooser();
      if (input.hasAttribute("aria-invalid") || input.value) {
        filter();
        return;
      }
    }
    drawnRows = everything.filter((trial) => (states.size === 0 || states.has(trial.state)) && test(trial));
    table.update(drawnRows);
    const total = everything.length;
    counts.textContent = !trials.loaded()
      ? `Reading trials … ${number(total)} of ${number(Object.values(now.trials).reduce((a, b) => a + b, 0))}`
      : drawnRows.length === total
        ? `${number(total)} ${total === 1 ? "trial" : "trials"}`
        : `${number(drawnRows.length)} of ${number(total)} trials`;
    drawChips(everything);
  }

  function drawChips(everything) {
    const by = {};
    for (const trial of everything) by[trial.state] = (by[trial.state] ?? 0) + 1;
    for (const name of STATES) {
      let chip = chips.querySelector(`[data-state="${name}"]`);
      if (!chip) {
        chip = el(
          "button",
          {
            type: "button",
            class: "chip",
            "data-state": name,
            onclick: () => {
              if (!states.delete(name)) states.add(name);
              keep({ state: states.size ? [...states].join(",") : null });
              draw();
            },
          },
          state(name),
          el("span", { class: "num" }),
        );
        chips.append(chip);
      }
      chip.hidden = !by[name] && !states.has(name);
      chip.setAttribute("aria-pressed", String(states.has(name)));
      chip.lastChild.textContent = number(by[name] ?? 0);
    }
  }

  function drawChooser() {
    const open = columnsOf({ search: now, names, parentOf: () => null, box, acts }).filter((one) => !one.fixed);
    fill(
      chooser.querySelector(".items"),
      open.map((one) =>
        el(
          "label",
          {},
          el("input", {
            type: "checkbox",
            checked: hidden.has(one.key) ? hidden.get(one.key) : one.plain,
            onchange: (event) => {
              hidden.set(one.key, event.target.checked);
              localStorage.setItem(KEPT, JSON.stringify(Object.fromEntries(hidden)));
              table.recolumn(columns());
            },
          }),
          " ",
          one.label,
        ),
      ),
    );
  }

  drawChooser();
  filter();
  draw();
  drawChosen();
  return {
    async refresh(next) {
      const wasBest = now.best?.trial_id,
        wasEnded = ENDED.includes(now.state);
      now = next;
      draw();
      if (now.best?.trial_id !== wasBest || ENDED.includes(now.state) !== wasEnded) table.redraw();
      if (chosen.size) await compared.refresh();
    },
    heard(event) {
      if (chosen.size) compared.heard(event);
    },
    end() {
      clearTimeout(pending);
      compared.end();
    },
  };
}

function keptColumns() {
  try {
    return new Map(Object.entries(JSON.parse(localStorage.getItem(KEPT) ?? "{}")));
  } catch {
    return new Map();
  }
}
