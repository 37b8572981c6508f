// The form and the editor of one document, which the service checks after each pause in typing, until it is submitted.
import { address } from "../../address.js";
import { Problem, send } from "../../api.js";
import { confirmed } from "../../components/confirm.js";
import { copyButton } from "../../components/controls.js";
import { tell } from "../../components/toast.js";
import { el, fill } from "../../dom.js";
import { loaded } from "../../loaded.js";
import { draftNotes, editorTools, sideTabs, submitBar, verdictWord, whyNot } from "./bars.js";
import { commandLine, curl, python } from "./copies.js";
import { newDesk } from "./desk.js";
import { dropDraft, freshKey, keepDraft, kept } from "./draft.js";
import { formOf, partLinks } from "./form.js";
import { patch } from "./h.js";
import { planPanel } from "./panel.js";
import { asBody, inShort, planner } from "./plan.js";
import { sheet as newSheet } from "./sheet.js";

/**
 * Fills `place`; answers a function that ends it.
 *
 * @param text    the document to begin with
 * @param origin  where it comes from: `template:mlp`
 * @param other   another draft that is kept, or null; `resume` goes on with it
 * @param again   starts over
 */
export function editing({ place, text, origin, other, data, catalogue, again, resume }) {
  const sheet = newSheet();
  let idempotency = kept()?.sent ?? null;
  let sending = false,
    failure = "",
    gone = false,
    editor = null,
    restored = null,
    othersShown = Boolean(other),
    checked = null;
  const page = layout(sheet);
  const desk = newDesk({
    sheet,
    catalogue,
    datasets: data,
    screen: { redraw, tab, form: page.form, said: page.said, editor: () => editor },
  });

  function tab(name) {
    page.desk.dataset.tab = name;
    draw();
  }

  function mark() {
    editor?.mark(desk.verdict.faults, desk.verdict.plan?.warnings ?? []);
  }

  const asking = planner((verdict) => {
    if (gone) return;
    desk.verdict = verdict.state === "asking" ? { ...desk.verdict, state: "asking" } : verdict;
    if (verdict.state !== "asking") {
      mark();
      const line = spoken(verdict);
      if (checked !== null && line !== checked) desk.say(line);
      checked = line;
    }
    redraw();
  });

  sheet.listen(({ by }) => {
    if (by) {
      failure = "";
      othersShown = false;
      keepDraft({ text: sheet.text, origin, sent: idempotency });
    }
    if (sheet.fault) {
      asking.stop();
      desk.verdict = { ...desk.verdict, state: "broken" };
      mark();
      redraw();
      return;
    }
    asking.soon(sheet.text);
  });

  async function submit() {
    if (whyNot(desk, sending) !== null) return;
    sending = true;
    failure = "";
    // A repeat of the same text is the same request, also after a reload: it cannot make a second search.
    if (idempotency?.text !== sheet.text) idempotency = { text: sheet.text, key: freshKey() };
    keepDraft({ text: sheet.text, origin, sent: idempotency });
    redraw();
    try {
      const search = await send("POST", "/v1/searches", asBody(sheet.text), { "Idempotency-Key": idempotency.key });
      dropDraft();
      gone = true;
      tell(`${search.name} is submitted.`, "good");
      location.hash = address(["searches", search.id]);
    } catch (error) {
      refused(error);
    }
  }

  /** What becomes of a document that the service did not take. */
  function refused(error) {
    sending = false;
    if (error instanceof Problem && error.errors.length) {
      idempotency = null;
      desk.verdict = { state: "refused", plan: null, faults: error.errors, message: error.message, text: sheet.text };
      mark();
      redraw();
      desk.showInForm(error.errors[0].pointer);
    } else
      failure = error instanceof Problem ? error.message : "The service did not answer. Nothing is lost: submit again.";
    redraw();
  }

  async function over() {
    if (kept() && !(await confirmed("Throw this draft away and start over?", "Start over"))) return;
    dropDraft();
    again();
  }

  function redraw() {
    if (!gone) draw();
  }

  function draw() {
    const close = () => {
      restored = null;
      redraw();
    };
    patch(page.notice, draftNotes({ restored, close, other: othersShown ? other : null, resume }));
    patch(page.form, formOf(desk, Boolean(sheet.fault) || sending));
    patch(page.side, planPanel(desk));
    page.verdict.textContent = verdictWord(desk);
    patch(page.bar, submitBar(desk, { reason: whyNot(desk, sending), sending, failure, over, submit }));
    patch(page.tools, editorTools(sheet, editor));
    patch(
      page.parts,
      partLinks(desk, () => tab("form")),
    );
    patch(page.chooser, sideTabs(page.desk.dataset.tab, tab));
  }

  fill(
    place,
    el("div", { class: "page-head" }, el("h1", {}, "New search"), page.parts),
    page.notice,
    page.chooser,
    page.desk,
    page.bar,
    page.said,
  );
  let ended = false;
  sheet.open(text);
  draw();
  // The form is there at once; the editor's library is fetched meanwhile.
  loaded(() => import("./editor.js").then((part) => part.jsonEditor)).then(
    (jsonEditor) => {
      if (ended) return;
      editor = jsonEditor(page.host, sheet, () => ({ catalogue, sheet, datasets: data, desk }));
      mark();
      redraw();
    },
    (error) => fill(page.host, el("div", { class: "warn-box" }, error.message)),
  );

  const end = () => {
    ended = true;
    gone = true;
    asking.end();
    editor?.end();
  };
  end.restored = (at) => {
    restored = at;
    redraw();
  };
  return end;
}

/** What a verdict is in a line, for screen readers. */
function spoken({ state, plan, faults, message }) {
  if (state === "good") return `Good: ${inShort(plan)}`;
  return state === "refused" ? `${faults.length || 1} to mend` : message;
}

/** The places of the page: `{notice, form, side, verdict, host, tools, bar, chooser, parts, said, desk}`. */
function layout(sheet) {
  const page = {
    notice: el("div"),
    form: el("div", { class: "form-place" }),
    side: el("div", { class: "plan-place", "aria-live": "off" }),
    verdict: el("span", { class: "note small", id: "verdict" }),
    host: el("div", { class: "editor-host" }),
    tools: el("div", { class: "row editor-tools" }),
    bar: el("div", { class: "submit-bar" }),
    chooser: el("div"),
    parts: el("nav", { class: "row parts", "aria-label": "Parts of the form" }),
    said: el("div", { class: "visually-hidden", role: "status", "aria-live": "polite" }),
  };
  const plan = el(
    "section",
    { class: "card plan-card", "aria-label": "Plan" },
    el("div", { class: "head" }, el("h2", {}, "Plan"), page.verdict),
    page.side,
  );
  const json = el(
    "section",
    { class: "card editor-card", "aria-label": "JSON" },
    el("div", { class: "head" }, el("h2", {}, "JSON"), page.tools),
    page.host,
    el(
      "p",
      { class: "note small editor-note" },
      "The form and this text are one document. Ctrl-Space completes; Tab indents, Escape and then Tab leaves the editor.",
    ),
    copies(sheet),
  );
  page.desk = el(
    "div",
    { class: "desk", "data-tab": "form" },
    el("div", { class: "form-side" }, page.form),
    el("div", { class: "json-side" }, plan, json),
  );
  return page;
}

/** The document for use elsewhere. */
function copies(sheet) {
  return el(
    "div",
    { class: "row small copies" },
    el("span", { class: "note" }, "Copy as"),
    copyButton("curl", () => curl(sheet.text)),
    copyButton("Python", () => python(sheet.text)),
    copyButton("CLI", () => commandLine(sheet.text)),
    copyButton("JSON", () => sheet.text),
    el("button", { type: "button", onclick: () => download(sheet) }, "Download JSON"),
  );
}

function download(sheet) {
  const url = URL.createObjectURL(asBody(sheet.text));
  const name = String(sheet.at(["name"]) ?? "search").replace(/[^\w.-]+/g, "-") || "search";
  el("a", { href: url, download: `${name}.json` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
