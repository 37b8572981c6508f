// The JSON editor: CodeMirror in a shadow root, whose styles are adopted sheets, which the content policy allows.
import {
  Annotation,
  Decoration,
  EditorState,
  EditorView,
  HighlightStyle,
  autocompletion,
  bracketMatching,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  defaultKeymap,
  drawSelection,
  foldGutter,
  foldKeymap,
  highlightActiveLine,
  history,
  historyKeymap,
  indentOnInput,
  indentWithTab,
  isolateHistory,
  json,
  keymap,
  lineNumbers,
  lintGutter,
  lintKeymap,
  redo,
  redoDepth,
  setDiagnostics,
  syntaxHighlighting,
  tags,
  undo,
  undoDepth,
} from "../../../vendor/codemirror.js";
import { completions } from "./complete.js";
import { lineOf, placeOf } from "./json.js";
import { difference } from "./text.js";

const ours = Annotation.define();

const look = EditorView.theme({
  "&": { height: "100%", color: "var(--ink)", backgroundColor: "transparent", fontSize: "13px" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.5" },
  ".cm-content": { caretColor: "var(--accent)", padding: "8px 0" },
  ".cm-cursor": { borderLeftColor: "var(--accent)", borderLeftWidth: "2px" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--soft)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--accent) 8%, transparent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "color-mix(in srgb, var(--accent) 26%, transparent)",
  },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": {
    backgroundColor: "color-mix(in srgb, var(--ok) 28%, transparent)",
  },
  ".cm-foldPlaceholder": { background: "var(--sunk)", border: "1px solid var(--line)", color: "var(--soft)" },
  ".cm-tooltip": {
    background: "var(--card)",
    border: "1px solid var(--line)",
    borderRadius: "8px",
    color: "var(--ink)",
    boxShadow: "var(--shadow)",
    maxWidth: "420px",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", maxHeight: "16em" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { background: "var(--accent-wash)", color: "var(--ink)" },
  ".cm-completionDetail": { color: "var(--soft)", fontStyle: "normal", marginLeft: "10px" },
  ".cm-completionInfo": { padding: "8px 10px", fontFamily: "var(--sans)", maxWidth: "320px" },
  ".cm-diagnostic": { padding: "6px 10px", borderLeftWidth: "4px", fontFamily: "var(--sans)" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--bad)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--wait)" },
  ".cm-lintRange-error": {
    backgroundImage: "none",
    borderBottom: "2px solid var(--bad)",
    backgroundColor: "var(--bad-wash)",
  },
  ".cm-lintRange-warning": { backgroundImage: "none", borderBottom: "2px solid var(--wait)" },
  ...Object.fromEntries(
    Array.from({ length: 24 }, (_, i) => [
      `.cm-in${i * 2}`,
      { textIndent: `-${i * 2 + 2}ch`, paddingLeft: `calc(${i * 2 + 2}ch + 6px)` },
    ]),
  ),
  ".cm-panels": { background: "var(--sunk)", color: "var(--ink)", borderColor: "var(--line)" },
  ".cm-panel.cm-panel-lint ul [aria-selected]": { background: "var(--accent-wash)", color: "var(--ink)" },
});

const words = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--c1)" },
  { tag: tags.string, color: "var(--c3)" },
  { tag: tags.number, color: "var(--c2)" },
  { tag: [tags.bool, tags.null], color: "var(--c4)" },
  { tag: [tags.punctuation, tags.bracket, tags.separator], color: "var(--soft)" },
]);

/** Lines that are too long go on below their own beginning. By classes: the content policy allows no style of a single line. */
const hanging = EditorView.decorations.compute(["doc"], ({ doc }) => {
  const marks = [];
  for (let number = 1; number <= doc.lines && number <= 5000; number += 1) {
    const { from, text } = doc.line(number);
    marks.push(
      Decoration.line({ class: `cm-in${Math.min(46, 2 * Math.floor(/^ */.exec(text)[0].length / 2))}` }).range(from),
    );
  }
  return Decoration.set(marks);
});

/**
 * Puts the editor of a sheet into a place.
 *
 * @param known what completion knows: `() => ({catalogue, sheet, datasets, names})`
 */
export function jsonEditor(place, sheet, known) {
  const root = place.shadowRoot ?? place.attachShadow({ mode: "open" });
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: sheet.text,
      extensions: [
        lineNumbers(),
        lintGutter(),
        foldGutter(),
        history(),
        drawSelection(),
        indentOnInput(),
        bracketMatching(),
        closeBrackets(),
        highlightActiveLine(),
        json(),
        syntaxHighlighting(words),
        look,
        EditorView.lineWrapping,
        hanging,
        autocompletion({
          override: [(context) => completions(context, known())],
          activateOnTyping: true,
          icons: false,
        }),
        EditorView.contentAttributes.of({
          "aria-label": "Definition as JSON",
          spellcheck: "false",
          autocorrect: "off",
          autocapitalize: "off",
          tabindex: "0",
        }),
        keymap.of([
          ...closeBracketsKeymap,
          ...completionKeymap,
          ...defaultKeymap,
          ...historyKeymap,
          ...foldKeymap,
          ...lintKeymap,
          indentWithTab,
        ]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !update.transactions.some((one) => one.annotation(ours)))
            sheet.typed(update.state.doc.toString());
        }),
      ],
    }),
  });
  place.view = view; // for tests: what is on the screen is only the part in sight

  const deaf = sheet.listen(({ by, step }) => {
    const text = view.state.doc.toString();
    if (by === "editor" || text === sheet.text) return;
    view.dispatch({
      changes: difference(text, sheet.text),
      annotations: [ours.of(true), ...(by === "form" && !step ? [] : [isolateHistory.of("full")])],
    });
  });

  return {
    view,
    undo: () => undo(view),
    redo: () => redo(view),
    undoable: () => undoDepth(view.state) > 0,
    redoable: () => redoDepth(view.state) > 0,
    focus: () => view.focus(),
    /** Underlines faults and warnings at their pointers, or what keeps the text from being JSON. */
    mark(faults, warnings) {
      const marks = [];
      const mark =
        (severity) =>
        ({ pointer, detail, message }) => {
          const { from, to } = placeOf(sheet.root, pointer ?? "");
          marks.push({ from, to: Math.max(to, from + 1), severity, message: detail ?? message });
        };
      if (sheet.fault)
        marks.push({
          from: sheet.fault.at,
          to: Math.min(sheet.fault.at + 1, view.state.doc.length),
          severity: "error",
          message: sheet.fault.message,
        });
      else if (sheet.root) {
        faults.forEach(mark("error"));
        warnings.forEach(mark("warning"));
      }
      const most = view.state.doc.length;
      view.dispatch(
        setDiagnostics(
          view.state,
          marks.map((one) => ({ ...one, from: Math.min(one.from, most), to: Math.min(one.to, most) })),
        ),
      );
    },
    /** Shows the place of a pointer (of the fault of the text when it is null) and puts the cursor there. */
    show(pointer) {
      const { from, to } =
        pointer === null || !sheet.root || sheet.fault
          ? { from: sheet.fault?.at ?? 0, to: sheet.fault?.at ?? 0 }
          : placeOf(sheet.root, pointer);
      const most = view.state.doc.length;
      view.dispatch({
        selection: { anchor: Math.min(from, most), head: Math.min(to, most) },
        effects: EditorView.scrollIntoView(Math.min(from, most), { y: "center" }),
      });
      view.focus();
    },
    line: (position) => lineOf(view.state.doc.toString(), position),
    end() {
      deaf();
      view.destroy();
    },
  };
}
