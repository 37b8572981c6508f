// What stands around the form: notes about drafts, the bar that submits, the tools of the editor, and the tabs of a narrow
// screen.
import { time } from "../../format.js";
import { h } from "./h.js";
import { inShort } from "./plan.js";
import { layOut } from "./text.js";

/** Notes on drafts: the one that is back, and another that is still kept. */
export function draftNotes({ restored, close, other, resume }) {
  return [
    restored
      ? h(
          "div",
          { class: "warn-box row", key: "restored", role: "status" },
          h("span", { class: "grow" }, `Your draft from ${time(restored)} is back.`),
          h("button", { type: "button", class: "quiet", "aria-label": "Close this note", onclick: close }, "✕"),
        )
      : null,
    other
      ? h(
          "div",
          { class: "warn-box row", key: "other", role: "status" },
          h("span", { class: "grow" }, `Another draft, from ${time(other.kept)}, is kept until you change this one.`),
          h("button", { type: "button", onclick: resume }, "Go on with it"),
        )
      : null,
  ];
}

/** The bar at the foot: what a search would amount to, or `reason`, why it cannot be submitted. */
export function submitBar(desk, { reason, sending, failure, over, submit }) {
  const { faults } = desk.verdict;
  return [
    h(
      "div",
      { class: "bar-said" },
      failure ? h("span", { class: "bad", role: "alert" }, failure) : said(desk, reason, sending),
    ),
    faults.length && !desk.sheet.fault
      ? h("button", { type: "button", key: "show", onclick: () => desk.showInForm(faults[0].pointer) }, "Show")
      : null,
    h("button", { type: "button", key: "over", onclick: over }, "Start over"),
    h(
      "button",
      {
        type: "button",
        key: "submit",
        class: "primary",
        disabled: reason !== null,
        "aria-describedby": "submit-why",
        onclick: submit,
      },
      sending ? "Sending ..." : "Submit search",
    ),
  ];
}

function said(desk, reason, sending) {
  const { plan, state } = desk.verdict;
  const bad = reason && !sending && reason !== CHECKING;
  const otherwise = plan ? inShort(plan) : state === "failed" ? "Not checked: the service did not answer." : "";
  return h("span", { class: bad ? "bad" : "note", id: "submit-why" }, reason ?? otherwise);
}

const CHECKING = "Checking ...";

/** Why the document cannot be submitted now; null when it can. */
export function whyNot(desk, sending) {
  if (sending) return "Sending ...";
  if (desk.sheet.fault) return `The JSON has a fault in line ${desk.faultLine()}.`;
  const { state, faults, plan, message } = desk.verdict;
  if (faults.length) return `${faults.length} ${faults.length === 1 ? "thing" : "things"} to mend`;
  if (state === "refused") return message;
  return state === "asking" && !plan ? CHECKING : null;
}

/** The word beside the heading of the plan. */
export function verdictWord(desk) {
  if (desk.sheet.fault) return "not JSON";
  return { asking: "checking ...", failed: "no answer" }[desk.verdict.state] ?? "";
}

/** Undo, redo and tidy; `editor` is null until it is there. */
export function editorTools(sheet, editor) {
  const tool = (sign, label, title, disabled, act) =>
    h("button", { type: "button", class: "quiet", "aria-label": label, title, disabled, onclick: act }, sign);
  return [
    tool("↶", "Undo", "Undo (Ctrl-Z)", !editor?.undoable(), () => editor.undo()),
    tool("↷", "Redo", "Redo (Ctrl-Y)", !editor?.redoable(), () => editor.redo()),
    tool("Tidy", null, "Lay the text out anew; nothing else changes", Boolean(sheet.fault), () => sheet.edit(layOut)),
  ];
}

/** On a narrow screen one of form, text and plan is shown. */
export function sideTabs(current, show) {
  return h(
    "div",
    { class: "side-tabs", role: "tablist", "aria-label": "What to see" },
    [
      ["form", "Form"],
      ["json", "JSON"],
      ["plan", "Plan"],
    ].map(([name, title]) =>
      h(
        "button",
        { type: "button", role: "tab", "aria-selected": String(current === name), onclick: () => show(name) },
        title,
      ),
    ),
  );
}
