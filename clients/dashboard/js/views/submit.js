// A new search: started from a template, an old search or a file; then a form and a JSON editor that show one document, which
// the service checks after each pause in typing.
//
// Names other tests and people's habits rely on: the heading "New search"; the buttons of templates, named like them ("mlp");
// the fields "Name" and "Max trials"; the buttons "Submit search" and "Start over".
import { address, keep } from "../address.js";
import { Problem, all, get, getText, send } from "../api.js";
import { copyButton } from "../components/controls.js";
import { confirmed } from "../components/confirm.js";
import { tell } from "../components/toast.js";
import { el, fill } from "../dom.js";
import { time } from "../format.js";
import { suited, unsuited } from "./submit/adapt.js";
import { catalogue } from "./submit/catalogue.js";
import { commandLine, curl, python } from "./submit/copies.js";
import { dropDraft, freshKey, keepDraft, kept } from "./submit/draft.js";
import { jsonField } from "./submit/fields.js";
import { h, patch } from "./submit/h.js";
import { modelSection } from "./submit/models.js";
import { asBody, inShort, planPanel, planner } from "./submit/plan.js";
import { dataSection, nameSection, searchSection, spaceSection, trainingSection } from "./submit/sections.js";
import { sheet as newSheet } from "./submit/sheet.js";
import { startPage } from "./submit/start.js";
import { find, layOut, lineOf, parse, pathOf, pointerOf, put, valueOf } from "./submit/text.js";
import { nested } from "./submit/things.js";

const FOR_DATA = { table: "tabular", text: "text", image: "convnet", array: "mlp" };
const SECTIONS = [
  [
    "search",
    "Name and data",
    "What it is called and what it learns from.",
    (desk) => [nameSection(desk), dataSection(desk)],
    ["/name", "/tags", "/dataset"],
  ],
  [
    "model",
    "Model",
    "What is trained. Open a row to change it; press Tune to let the search vary a value.",
    modelSection,
    ["/model"],
  ],
  ["space", "Hyperparameters", "Everything that varies.", spaceSection, ["/hyperparameters"]],
  ["training", "Training", "How each trial is trained and measured.", trainingSection, ["/compile", "/fit"]],
  [
    "hunt",
    "Search",
    "What is best, how points are chosen, and when to stop.",
    searchSection,
    [
      "/objective",
      "/tuner",
      "/limits",
      "/constraints",
      "/parallelism",
      "/executions_per_trial",
      "/max_retries_per_trial",
      "/seed",
      "/priority",
    ],
  ],
];

export async function submitPage({ main, query, live }) {
  live(true);
  const known = Promise.all([get("/v1/catalog"), datasets(), get("/v1/templates"), get("/v1/searches", { limit: 20 })]);
  const [document_, data, templates, searches] = await known;
  const place = el("div");
  let end = () => {};
  fill(main, place);

  function start() {
    end();
    keep({ template: null, from: null, dataset: null });
    const draft = kept();
    const hall = el("div");
    fill(place, el("div", { class: "page-head" }, el("h1", {}, "New search")), hall);
    startPage(hall, {
      templates: templates.items,
      searches: searches.items,
      draft,
      begin: (how) => begin(how).catch((error) => tell(error.message, "bad")),
      resume: () => edit(draft.text, draft.origin, null),
      refuse: (text) => tell(text, "bad"),
    });
    end = () => {};
  }

  async function begin({ template, from, dataset, text, name }) {
    if (text !== undefined) {
      edit(laidOut(text), `file:${name}`, null);
      return;
    }
    keep({ template, from, dataset });
    const origin = template ? `template:${template}` : from ? `from:${from}` : `dataset:${dataset}`;
    const other = kept();
    edit(await beginning({ template, from, dataset }, data, templates.items), origin, other);
  }

  function edit(text, origin, other) {
    end();
    end = editing({
      place,
      text,
      origin,
      other,
      data,
      catalogue: catalogue(document_),
      again: start,
      resume: () => edit(other.text, other.origin, null),
    });
  }

  const asked = Object.fromEntries(
    ["template", "from", "dataset"].map((name) => [name, query.get(name)]).filter(([, value]) => value),
  );
  const [kind] = Object.keys(asked);
  const draft = kept();
  if (draft && (!kind || draft.origin === `${kind}:${asked[kind]}`)) {
    edit(draft.text, draft.origin, null);
    end.restored(draft.kept);
  } else if (kind) await begin(asked);
  else start();
  return () => end();
}

/** All data sets that may be named: the newest upload of each name, and the built-in ones (`bundled`). */
async function datasets() {
  const [stored, builtin] = await Promise.all([all("/v1/datasets", { limit: 200 }), get("/v1/datasets/builtin")]);
  const names = new Set();
  const mine = stored.filter((one) => !one.builtin && !names.has(one.name) && names.add(one.name));
  const found = new Map(stored.filter((one) => one.builtin).map((one) => [one.name, one]));
  return [...mine, ...builtin.items.map((one) => ({ ...found.get(one.name), ...one, bundled: true }))];
}

/** The text to begin with. Taken from the answer as it is written: 1.0 is not 1 to an estimator. */
async function beginning({ template, from, dataset }, data, templates) {
  if (from) {
    const answer = await getText(`/v1/searches/${encodeURIComponent(from)}`);
    const node = find(parse(answer), ["definition"]);
    return layOut(answer.slice(node.from, node.to));
  }
  const one = dataset && data.find(({ name }) => name === dataset);
  const wanted = template ?? FOR_DATA[one?.kind] ?? "mlp";
  const name = templates.some((each) => each.name === wanted) ? wanted : (template ?? templates[0].name);
  let text = layOut(await getText(`/v1/templates/${encodeURIComponent(name)}`));
  if (dataset) {
    text = put(put(text, ["dataset", "name"], dataset), ["name"], `${dataset}-${name}`);
    if (one && unsuited(valueOf(parse(text)), one.task, "classification")) text = suited(text, one.task);
  }
  return text;
}

function laidOut(text) {
  try {
    return layOut(text);
  } catch {
    return text;
  }
}

/** The form and the editor; answers a function that ends them. */
function editing({ place, text, origin, other, data, catalogue: found, again, resume }) {
  const sheet = newSheet();
  let idempotency = kept()?.sent ?? null;
  let sending = false,
    failure = "",
    gone = false,
    editor = null,
    restored = null,
    othersShown = Boolean(other),
    checked = null;

  const notice = el("div"),
    form = el("div", { class: "form-place" }),
    side = el("div", { class: "plan-place", "aria-live": "off" });
  const host = el("div", { class: "editor-host" }),
    tools = el("div", { class: "row editor-tools" }),
    bar = el("div", { class: "submit-bar" }),
    chooser = el("div"),
    parts = el("nav", { class: "row parts", "aria-label": "Parts of the form" });
  const said = el("div", { class: "visually-hidden", role: "status", "aria-live": "polite" });
  const desk_ = el(
    "div",
    { class: "desk", "data-tab": "form" },
    el("div", { class: "form-side" }, form),
    el(
      "div",
      { class: "json-side" },
      el(
        "section",
        { class: "card plan-card", "aria-label": "Plan" },
        el("div", { class: "head" }, el("h2", {}, "Plan"), el("span", { class: "note small", id: "verdict" })),
        side,
      ),
      el(
        "section",
        { class: "card editor-card", "aria-label": "JSON" },
        el("div", { class: "head" }, el("h2", {}, "JSON"), tools),
        host,
        el(
          "p",
          { class: "note small editor-note" },
          "The form and this text are one document. Ctrl-Space completes; Tab indents, Escape and then Tab leaves the editor.",
        ),
        el(
          "div",
          { class: "row small copies" },
          el("span", { class: "note" }, "Copy as"),
          copyButton("curl", () => curl(sheet.text)),
          copyButton("Python", () => python(sheet.text)),
          copyButton("CLI", () => commandLine(sheet.text)),
          copyButton("JSON", () => sheet.text),
          el("button", { type: "button", onclick: download }, "Download JSON"),
        ),
      ),
    ),
  );

  const desk = {
    sheet,
    catalogue: found,
    datasets: data,
    nested,
    ui: { open: new Set(), json: new Map(), dragging: null },
    verdict: { state: "asking", plan: null, faults: [], message: "" },
    edit(change) {
      if (sheet.fault) {
        tell(`The JSON has a fault in line ${desk.faultLine()}: mend it first.`, "bad");
        redraw();
        return;
      }
      sheet.edit(change);
    },
    redraw,
    toggle(key) {
      if (!desk.ui.open.delete(key)) desk.ui.open.add(key);
      redraw();
    },
    remember(key, open) {
      if (open) desk.ui.open.add(key);
      else desk.ui.open.delete(key);
    },
    /** Rows have moved: `where` says of a pointer where it is now, or null. */
    moved(where) {
      desk.ui.open = new Set(
        [...desk.ui.open]
          .map((key) => {
            const at = key.indexOf("/");
            if (at < 0) return key;
            const now = where(key.slice(at));
            return now === null ? null : key.slice(0, at) + now;
          })
          .filter((key) => key !== null),
      );
      desk.ui.json.clear();
      // Where the faults were nobody knows until the service has answered again.
      desk.verdict = {
        ...desk.verdict,
        faults: desk.verdict.faults.map((fault) => ({ ...fault, pointer: where(fault.pointer) ?? "" })),
      };
    },
    say(words) {
      said.textContent = words;
    },
    focus(id) {
      const node = document.getElementById(id);
      node?.focus();
      node?.scrollIntoView({ block: "nearest" });
    },
    focusPointer(pointer) {
      form.querySelector(`[data-pointer="${CSS.escape(pointer)}"]`)?.focus();
    },
    faultsAt(pointer, deep = true) {
      return desk.verdict.faults.filter(
        (fault) => fault.pointer === pointer || (deep && fault.pointer.startsWith(`${pointer}/`)),
      );
    },
    faultLine: () => (sheet.fault ? lineOf(sheet.text, sheet.fault.at) : 0),
    showInForm(pointer) {
      tab("form");
      const path = pathOf(pointer);
      for (let depth = 1; depth <= path.length; depth += 1)
        for (const key of ["", "more"]) desk.ui.open.add(key + pointerOf(path.slice(0, depth)));
      if (["scale", "test_split", "preprocessing"].includes(path[1])) desk.ui.open.add("data");
      if (["shuffle", "class_weight", "sample_weight"].includes(path[1])) desk.ui.open.add("fit");
      if (path[0] === "limits") desk.ui.open.add("limits");
      if (["parallelism", "executions_per_trial", "max_retries_per_trial", "seed", "priority"].includes(path[0]))
        desk.ui.open.add("runs");
      redraw();
      for (let depth = path.length; depth >= 0; depth -= 1) {
        const node = form.querySelector(`[data-pointer="${CSS.escape(pointerOf(path.slice(0, depth)))}"]`);
        if (node) {
          node.focus({ preventScroll: true });
          node.scrollIntoView({ block: "center" });
          return;
        }
      }
    },
    showInEditor(pointer) {
      tab("json");
      editor?.show(pointer);
    },
  };

  function tab(name) {
    desk_.dataset.tab = name;
    draw();
  }

  function download() {
    const url = URL.createObjectURL(asBody(sheet.text));
    const link = el("a", {
      href: url,
      download: `${String(sheet.at(["name"]) ?? "search").replace(/[^\w.-]+/g, "-") || "search"}.json`,
    });
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  }

  const asking = planner((verdict) => {
    if (gone) return;
    const before = desk.verdict;
    desk.verdict = verdict.state === "asking" ? { ...before, state: "asking" } : verdict;
    if (verdict.state !== "asking") {
      mark();
      const line =
        verdict.state === "good"
          ? `Good: ${inShort(verdict.plan)}`
          : verdict.state === "refused"
            ? `${verdict.faults.length || 1} to mend`
            : verdict.message;
      if (checked !== null && line !== checked) desk.say(line);
      checked = line;
    }
    redraw();
  });

  function mark() {
    editor?.mark(desk.verdict.faults, desk.verdict.plan?.warnings ?? []);
  }

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

  function why() {
    if (sending) return "Sending ...";
    if (sheet.fault) return `The JSON has a fault in line ${desk.faultLine()}.`;
    const { state, faults, plan, message } = desk.verdict;
    if (faults.length || state === "refused")
      return faults.length ? `${faults.length} ${faults.length === 1 ? "thing" : "things"} to mend` : message;
    if (state === "asking") return plan ? null : "Checking ...";
    return null;
  }

  async function submit() {
    if (why() !== null) return;
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
      sending = false;
      if (error instanceof Problem && error.errors.length) {
        idempotency = null;
        desk.verdict = { state: "refused", plan: null, faults: error.errors, message: error.message, text: sheet.text };
        mark();
        tab(desk_.dataset.tab);
        redraw();
        desk.showInForm(error.errors[0].pointer);
      } else
        failure =
          error instanceof Problem ? error.message : "The service did not answer. Nothing is lost: submit again.";
      redraw();
    }
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
    patch(notice, [
      restored
        ? h(
            "div",
            { class: "warn-box row", key: "restored", role: "status" },
            h("span", { class: "grow" }, `Your draft from ${time(restored)} is back.`),
            h(
              "button",
              {
                type: "button",
                class: "quiet",
                "aria-label": "Close this note",
                onclick: () => {
                  restored = null;
                  redraw();
                },
              },
              "✕",
            ),
          )
        : null,
      othersShown
        ? h(
            "div",
            { class: "warn-box row", key: "other", role: "status" },
            h("span", { class: "grow" }, `Another draft, from ${time(other.kept)}, is kept until you change this one.`),
            h("button", { type: "button", onclick: resume }, "Go on with it"),
          )
        : null,
    ]);
    patch(
      form,
      h(
        "fieldset",
        { class: "whole", disabled: Boolean(sheet.fault) || sending },
        h("legend", { class: "visually-hidden" }, "Definition"),
        sheet.value === null || typeof sheet.value !== "object" || Array.isArray(sheet.value)
          ? h("p", { class: "note" }, "A definition is one JSON object.")
          : [
              SECTIONS.map(([key, title, text, section]) =>
                h(
                  "section",
                  { class: `card part-card`, key, id: `section-${key}`, "aria-labelledby": `part-${key}` },
                  h(
                    "div",
                    { class: "part-head" },
                    h(
                      "h2",
                      { id: `part-${key}`, tabindex: "-1" },
                      title,
                      key === "space"
                        ? h("span", { class: "tag" }, String(sheet.value.hyperparameters?.length ?? 0))
                        : null,
                    ),
                    h("p", { class: "hint" }, text),
                  ),
                  section(desk),
                ),
              ),
              unknown(),
            ],
      ),
    );
    patch(side, planPanel(desk));
    const { state } = desk.verdict;
    document.getElementById("verdict").textContent = sheet.fault
      ? "not JSON"
      : ({ asking: "checking ...", good: "", refused: "", failed: "no answer", broken: "" }[state] ?? "");
    const reason = why();
    patch(bar, [
      h(
        "div",
        { class: "bar-said" },
        failure
          ? h("span", { class: "bad", role: "alert" }, failure)
          : h(
              "span",
              { class: reason && !sending && reason !== "Checking ..." ? "bad" : "note", id: "submit-why" },
              reason ??
                (desk.verdict.plan
                  ? inShort(desk.verdict.plan)
                  : state === "failed"
                    ? "Not checked: the service did not answer."
                    : ""),
            ),
      ),
      desk.verdict.faults.length && !sheet.fault
        ? h(
            "button",
            { type: "button", key: "show", onclick: () => desk.showInForm(desk.verdict.faults[0].pointer) },
            "Show",
          )
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
    ]);
    patch(tools, [
      h(
        "button",
        {
          type: "button",
          class: "quiet",
          "aria-label": "Undo",
          title: "Undo (Ctrl-Z)",
          disabled: !editor?.undoable(),
          onclick: () => editor.undo(),
        },
        "↶",
      ),
      h(
        "button",
        {
          type: "button",
          class: "quiet",
          "aria-label": "Redo",
          title: "Redo (Ctrl-Y)",
          disabled: !editor?.redoable(),
          onclick: () => editor.redo(),
        },
        "↷",
      ),
      h(
        "button",
        {
          type: "button",
          class: "quiet",
          disabled: Boolean(sheet.fault),
          title: "Lay the text out anew; nothing else changes",
          onclick: () => sheet.edit(layOut),
        },
        "Tidy",
      ),
    ]);
    patch(
      parts,
      SECTIONS.map(([key, title, , , first]) => {
        const faults = first.reduce((sum, pointer) => sum + desk.faultsAt(pointer).length, 0);
        return h(
          "button",
          {
            type: "button",
            class: "quiet small",
            onclick: () => {
              tab("form");
              document.getElementById(`part-${key}`)?.focus({ preventScroll: true });
              document.getElementById(`section-${key}`)?.scrollIntoView({ block: "start" });
            },
          },
          title,
          faults ? h("span", { class: "count", "aria-label": `${faults} to mend` }, String(faults)) : null,
        );
      }),
    );
    patch(
      chooser,
      h(
        "div",
        { class: "side-tabs", role: "tablist", "aria-label": "What to see" },
        [
          ["form", "Form"],
          ["json", "JSON"],
          ["plan", "Plan"],
        ].map(([name, title]) =>
          h(
            "button",
            {
              type: "button",
              role: "tab",
              "aria-selected": String(desk_.dataset.tab === name),
              onclick: () => tab(name),
            },
            title,
          ),
        ),
      ),
    );
  }

  const KNOWN = [
    "name",
    "tags",
    "dataset",
    "model",
    "compile",
    "fit",
    "hyperparameters",
    "constraints",
    "objective",
    "tuner",
    "limits",
    "parallelism",
    "executions_per_trial",
    "max_retries_per_trial",
    "priority",
    "seed",
  ];
  function unknown() {
    const keys = Object.keys(sheet.value).filter((key) => !KNOWN.includes(key));
    return keys.length
      ? h(
          "section",
          { class: "card part-card", key: "other" },
          h("h2", {}, "Other fields"),
          keys.map((key) => jsonField(desk, [key], key)),
        )
      : null;
  }

  fill(place, el("div", { class: "page-head" }, el("h1", {}, "New search"), parts), notice, chooser, desk_, bar, said);
  let ended = false;
  sheet.open(text);
  draw();
  // The form is there at once; the editor's library is fetched meanwhile.
  import("./submit/editor.js").then(({ jsonEditor }) => {
    if (ended) return;
    editor = jsonEditor(host, sheet, () => ({ catalogue: found, sheet, datasets: data, desk }));
    mark();
    redraw();
  });

  const close = () => {
    ended = true;
    gone = true;
    asking.end();
    editor?.end();
  };
  close.restored = (at) => {
    restored = at;
    redraw();
  };
  return close;
}
