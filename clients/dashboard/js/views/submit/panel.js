// The panel beside the form: what a search would cost, or what has to be mended. Everything that has a place leads there.
import { duration, number } from "../../format.js";
import { h } from "./h.js";

export function planPanel(desk) {
  const { state, plan, faults, message } = desk.verdict;
  if (desk.sheet.fault) return broken(desk);
  if (state === "failed") return h("p", { class: "warn-box" }, message, " It is asked again in a moment.");
  if (faults.length)
    return [
      h("p", { class: "note small" }, message),
      h(
        "ul",
        { class: "faults" },
        faults.map((fault) => faultRow(desk, fault)),
      ),
    ];
  if (state === "refused") return h("p", { class: "fault-box" }, message);
  if (!plan) return h("p", { class: "note" }, "Asking the service ...");
  return [
    costs(plan, state === "asking"),
    plan.seconds ? spread(plan.seconds) : null,
    plan.brackets.length ? brackets(plan.brackets) : null,
    plan.warnings.map((warning) => warningBox(desk, warning)),
  ];
}

/** The text is no JSON. */
function broken(desk) {
  return [
    h("p", { class: "fault-box" }, `Line ${desk.faultLine()}: ${desk.sheet.fault.message}.`),
    h(
      "p",
      { class: "note small" },
      "The form shows the last document that was JSON. It can be changed again once this is mended. ",
    ),
    h("button", { type: "button", onclick: () => desk.showInEditor(null) }, "Go to the line"),
  ];
}

/** One refusal, with the ways to its place in form and text. */
function faultRow(desk, { pointer, code, detail }) {
  const place = pointer || "the document";
  const way = (text, label, look, act) =>
    h("button", { type: "button", class: `quiet small${look}`, "aria-label": label, onclick: act }, text);
  return h(
    "li",
    { key: `${pointer} ${code}` },
    h("div", {}, detail),
    h(
      "div",
      { class: "row" },
      way(place, `Show ${place} in the form`, " link mono", () => desk.showInForm(pointer)),
      way("JSON", `Show ${place} in the JSON`, "", () => desk.showInEditor(pointer)),
    ),
  );
}

/** Trials, epochs, points, sizes and time; pale while they are of the text before. */
function costs(plan, stale) {
  const { parameters, seconds } = plan;
  const fact = (label, value, title = null) =>
    h("div", { class: "fact", key: label, title }, h("b", {}, value), h("span", {}, label));
  const open = (count, title = null) => [count === null ? "open" : number(count), count === null ? title : null];
  return h(
    "div",
    { class: `facts plan-facts${stale ? " stale" : ""}` },
    fact("trials", ...open(plan.trials, "Only time or the score ends the search.")),
    fact("epochs at most", ...open(plan.epochs)),
    fact(
      "points in the space",
      plan.space_size === null ? "unlimited" : brief(plan.space_size),
      plan.space_size === null ? "At least one range is continuous." : null,
    ),
    fact("parameters of a model", size(parameters)),
    fact("disk at most", bytes(plan.disk_bytes)),
    fact(
      "time",
      seconds ? duration(seconds.estimate) : "not known yet",
      seconds
        ? `From ${seconds.measured_trials} trials like these.`
        : "Known once trials on this data set have been measured.",
    ),
  );
}

function spread({ low, high, measured_trials: trials }) {
  const words = `Between ${duration(low)} and ${duration(high)}, from ${trials} measured trials.`;
  return h("p", { class: "note small" }, words);
}

function brackets(list) {
  return h(
    "details",
    { class: "more-of" },
    h("summary", {}, `${list.length} ${list.length === 1 ? "bracket" : "brackets"}`),
    h(
      "table",
      { class: "small" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ["Bracket", "Trials, each for so many epochs"].map((text) => h("th", { scope: "col" }, text)),
        ),
      ),
      h(
        "tbody",
        {},
        list.map(({ bracket, rounds }) =>
          h(
            "tr",
            {},
            h("td", {}, String(bracket)),
            h("td", { class: "wrap" }, rounds.map(({ trials, epochs }) => `${trials} × ${epochs}`).join(", then ")),
          ),
        ),
      ),
    ),
  );
}

function warningBox(desk, { pointer, code, message }) {
  return h(
    "div",
    { class: "warn-box small", key: pointer + code },
    message,
    " ",
    pointer
      ? h("button", { type: "button", class: "quiet small link", onclick: () => desk.showInForm(pointer) }, "Show")
      : null,
  );
}

function size({ min, max }) {
  if (min === null) return "–";
  return min === max ? number(min) : `${brief(min)} to ${brief(max)}`;
}

function bytes(count) {
  if (count === null || count === undefined) return "–";
  const unit = Math.min(4, Math.max(0, Math.floor(Math.log10(Math.max(count, 1)) / 3)));
  return `${Number((count / 1000 ** unit).toPrecision(3))} ${["B", "kB", "MB", "GB", "TB"][unit]}`;
}

function brief(count) {
  if (count === null || count === undefined) return "–";
  if (count < 10000) return number(count);
  if (count >= 1e15) return Number(count).toExponential(1);
  const unit = Math.floor(Math.log10(count) / 3);
  return `${Number((count / 1000 ** unit).toPrecision(3))} ${["", "thousand", "million", "billion", "trillion"][unit]}`;
}
