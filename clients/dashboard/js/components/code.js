// Code to read and to copy: JSON and Python, with a little colour.
import { el } from "../dom.js";
import { copyButton } from "./controls.js";

const PARTS = {
  json: /(?<key>"(?:[^"\\]|\\.)*"(?=\s*:))|(?<text>"(?:[^"\\]|\\.)*")|(?<number>-?\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b)|(?<word>\b(?:true|false|null)\b)/g,
  python:
    /(?<note>#[^\n]*)|(?<text>"""[\s\S]*?"""|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(?<word>\b(?:import|from|as|def|return|for|in|if|else|elif|while|with|class|lambda|not|and|or|None|True|False|raise|try|except|assert)\b)|(?<number>\b\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?\b)/g,
};
const MOST = 200_000;

/** A block of code under a title with a button that copies it; `language` is "json", "python" or "text". */
export function codeBlock(title, text, { language = "text", copy = "Copy", more = [] } = {}) {
  return el(
    "section",
    { class: "card", "aria-label": title },
    el(
      "div",
      { class: "head" },
      el("h2", {}, title),
      el(
        "div",
        { class: "row" },
        copyButton(copy, () => text),
        more,
      ),
    ),
    codeOf(text, language),
  );
}

/** The code alone. */
export function codeOf(text, language) {
  return el("pre", { class: "code", tabindex: "0" }, el("code", {}, coloured(text, language)));
}

function coloured(text, language) {
  const pattern = PARTS[language];
  if (!pattern || text.length > MOST) return text;
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > from) nodes.push(text.slice(from, match.index));
    const kind = Object.keys(match.groups).find((name) => match.groups[name] !== undefined);
    nodes.push(el("span", { class: `tok-${kind}` }, match[0]));
    from = match.index + match[0].length;
  }
  nodes.push(text.slice(from));
  return nodes;
}
