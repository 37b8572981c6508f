// A JSON text as a tree that remembers where everything stands.

/** Where a text stops being JSON: `at` is the position. */
export class JsonFault extends Error {
  constructor(message, at) {
    super(message);
    this.at = at;
  }
}

/**
 * The tree of a text. A node is `{kind, from, to}` with kind `object` (`entries: [{key, from, node}]`), `array` (`items`),
 * `string`, `number`, `boolean` or `null` (`value`). Throws JsonFault.
 */
export function parse(text) {
  let at = 0;
  const space = () => {
    while (at < text.length && " \n\r\t".includes(text[at])) at += 1;
  };
  const wrong = (what, where = at) => {
    throw new JsonFault(what, Math.min(where, text.length));
  };

  function string() {
    const from = at;
    at += 1;
    while (at < text.length && text[at] !== '"') {
      if (text[at] === "\n") wrong("this text has no closing quote", from);
      at += text[at] === "\\" ? 2 : 1;
    }
    if (at >= text.length) wrong("this text has no closing quote", from);
    at += 1;
    try {
      return JSON.parse(text.slice(from, at));
    } catch {
      return wrong("this text has a backslash or a character JSON does not know", from);
    }
  }

  function node(depth) {
    if (depth > 200) wrong("nested too deep");
    space();
    const from = at,
      begin = text[at];
    if (begin === "{") {
      const entries = [];
      for (list("}"); text[at] !== "}"; next("}")) {
        const keyFrom = at;
        if (text[at] !== '"') wrong("a name in double quotes belongs here");
        const key = string();
        if (entries.some((entry) => entry.key === key)) wrong(`"${key}" is here twice`, keyFrom);
        space();
        if (text[at] !== ":") wrong("a colon belongs here");
        at += 1;
        entries.push({ key, from: keyFrom, node: node(depth + 1) });
      }
      at += 1;
      return { kind: "object", from, to: at, entries };
    }
    if (begin === "[") {
      const items = [];
      for (list("]"); text[at] !== "]"; next("]")) items.push(node(depth + 1));
      at += 1;
      return { kind: "array", from, to: at, items };
    }
    if (begin === '"') {
      const value = string();
      return { kind: "string", from, to: at, value };
    }
    const word = /[-+.\w]*/y;
    word.lastIndex = at;
    const raw = word.exec(text)[0];
    if (raw === "") wrong(at >= text.length ? "the text ends here, before it is complete" : "a value belongs here");
    at += raw.length;
    if (raw === "true" || raw === "false") return { kind: "boolean", from, to: at, value: raw === "true" };
    if (raw === "null") return { kind: "null", from, to: at, value: null };
    if (isNumber(raw)) return { kind: "number", from, to: at, value: Number(raw) };
    return wrong("this is neither a number nor true, false or null; texts stand in double quotes", from);
  }

  function list(end) {
    at += 1;
    space();
    if (at >= text.length) wrong(`a ${end} is missing`);
  }
  function next(end) {
    space();
    if (text[at] === end) return;
    if (text[at] !== ",") wrong(at >= text.length ? `a ${end} is missing` : `a comma or a ${end} belongs here`);
    at += 1;
    space();
    if (text[at] === end) wrong("there is nothing after this comma", at - 1);
  }

  const root = node(0);
  space();
  if (at < text.length) wrong("there is something behind the end of the document");
  return root;
}

/** Whether a text is a JSON number. */
export function isNumber(text) {
  return /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$/.test(text);
}

/** Plain JSON of a node. */
export function valueOf(node) {
  if (node === undefined) return undefined;
  if (node.kind === "object")
    return Object.fromEntries(node.entries.map(({ key, node: inner }) => [key, valueOf(inner)]));
  if (node.kind === "array") return node.items.map(valueOf);
  return node.value;
}

/** The node inside another by a key or a number; undefined when there is none. */
function inside(node, step) {
  if (node?.kind === "object") return node.entries.find(({ key }) => key === String(step))?.node;
  if (node?.kind === "array") return /^[0-9]+$/.test(String(step)) ? node.items[Number(step)] : undefined;
  return undefined;
}

/** The node at a path of keys and numbers; undefined when there is none. */
export function find(root, path) {
  return path.reduce(inside, root);
}

/** `/model/layers/0` as a path, and back. */
export function pathOf(pointer) {
  return pointer === ""
    ? []
    : pointer
        .split("/")
        .slice(1)
        .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

export function pointerOf(path) {
  return path.map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** Where a pointer leads in a text: its node, or the nearest that exists around it, as `{from, to, exact}`. */
export function placeOf(root, pointer) {
  let node = root,
    exact = true,
    key = null;
  for (const step of pathOf(pointer)) {
    const entry = node.kind === "object" ? node.entries.find((one) => one.key === step) : undefined;
    const next = inside(node, step);
    if (next === undefined) {
      exact = false;
      break;
    }
    key = entry ?? null;
    node = next;
  }
  // The whole of a long part would be underlined from end to end: its name, or its first character, says enough.
  const long = node.kind === "object" || node.kind === "array";
  if (long && key) return { from: key.from, to: key.from + JSON.stringify(key.key).length, exact };
  return { from: node.from, to: long ? node.from + 1 : node.to, exact };
}

/** The number of the line a position is on, from 1. */
export function lineOf(text, position) {
  return text.slice(0, position).split("\n").length;
}

export const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
