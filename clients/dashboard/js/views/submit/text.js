// Edits of a JSON text that change only what they mean to: the order of keys, how numbers are written (1.0 is not 1 to
// scikit-learn) and the layout of everything else stay as they are.
import { find, parse, pointerOf } from "./json.js";

const WIDTH = 124;

/** Text that is put into a document as it is written. */
export class Raw {
  constructor(text) {
    this.text = text;
  }
}

/** An object whose keys stay in their order, also those that look like numbers. */
class Entries {
  constructor(list) {
    this.list = list;
  }
}

function entriesOf(value) {
  if (value instanceof Entries) return value.list;
  return value !== null && typeof value === "object" && !(value instanceof Raw) && !Array.isArray(value)
    ? Object.entries(value).filter(([, one]) => one !== undefined)
    : null;
}

/** A value (in which Raw may occur) as JSON text: on one line while it fits, else an item a line. */
function print(value, indent = 0, room = WIDTH - indent - 1) {
  const short = oneLine(value);
  if (short.length <= room && !short.includes("\n")) return short;
  const deep = " ".repeat(indent + 2);
  if (value instanceof Raw) return value.text;
  if (Array.isArray(value)) {
    return value.length
      ? `[\n${value.map((item) => deep + print(item, indent + 2)).join(",\n")}\n${" ".repeat(indent)}]`
      : "[]";
  }
  const entries = entriesOf(value);
  if (entries?.length) {
    const lines = entries.map(([key, one]) => {
      const name = `${deep}${JSON.stringify(key)}: `;
      return name + print(one, indent + 2, WIDTH - name.length - 1);
    });
    return `{\n${lines.join(",\n")}\n${" ".repeat(indent)}}`;
  }
  return short;
}

function oneLine(value) {
  if (value instanceof Raw) return value.text;
  if (Array.isArray(value)) return `[${value.map(oneLine).join(", ")}]`;
  const entries = entriesOf(value);
  if (entries) {
    return `{${entries.map(([key, one]) => `${JSON.stringify(key)}: ${oneLine(one)}`).join(", ")}}`;
  }
  return JSON.stringify(value);
}

/** A node as a value whose scalars are still written as in the text: what `print` lays out anew. */
export function rawOf(text, node) {
  if (node.kind === "object") return new Entries(node.entries.map(({ key, node: inner }) => [key, rawOf(text, inner)]));
  if (node.kind === "array") return node.items.map((item) => rawOf(text, item));
  return new Raw(text.slice(node.from, node.to));
}

/** The document of a text laid out anew: parts on lines of their own, layers and hyperparameters each on one where they fit. */
export function layOut(text) {
  const root = parse(text);
  if (root.kind !== "object") return print(rawOf(text, root));
  const lines = root.entries.map(({ key, node }) => {
    const value = rawOf(text, node);
    const spread =
      ["model", "compile", "fit", "hyperparameters", "constraints"].includes(key) &&
      (node.items ?? node.entries)?.length;
    return `  ${JSON.stringify(key)}: ${print(value, 2, spread ? 0 : WIDTH - key.length - 7)}`;
  });
  return lines.length ? `{\n${lines.join(",\n")}\n}\n` : "{}\n";
}

/** The text with the value at `path` replaced or added (`undefined` removes it); parents that are missing are made. */
export function put(text, path, value) {
  const root = parse(text);
  if (value === undefined) return without(text, path);
  let depth = path.length;
  while (depth > 0 && find(root, path.slice(0, depth)) === undefined) depth -= 1;
  const node = find(root, path.slice(0, depth));
  if (depth === path.length) return tidy(replaced(text, node, print(value, indentAt(text, node.from))), node.from);
  const wrapped = path.slice(depth + 1).reduceRight((inner, key) => ({ [key]: inner }), value);
  if (node.kind !== "object") return put(text, path.slice(0, depth), { [path[depth]]: wrapped });
  return insertInto(text, node, node.entries.length, `${JSON.stringify(String(path[depth]))}: `, wrapped);
}

/** The text with a value as item `index` of the list at `path`; the list is made when it is missing. */
export function insert(text, path, index, value) {
  const node = find(parse(text), path);
  if (node?.kind !== "array") return put(text, path, [value]);
  return insertInto(text, node, Math.min(index, node.items.length), "", value);
}

function insertInto(text, node, index, name, value) {
  const members = membersOf(node);
  const indent = indentAt(text, node.from);
  if (!members.length) {
    const inner = name ? { [JSON.parse(name.slice(0, -2))]: value } : [value];
    return tidy(replaced(text, node, print(inner, indent)), node.from);
  }
  const spread = text.slice(node.from, members[0].from).includes("\n");
  const gap = spread ? `\n${" ".repeat(indentAt(text, members[0].from))}` : " ";
  const line = name + print(value, spread ? indentAt(text, members[0].from) : indent, spread ? undefined : 1e6);
  const at = index === 0 ? members[0].from : members[index - 1].to;
  const added = index === 0 ? `${line},${gap}` : `,${gap}${line}`;
  return tidy(text.slice(0, at) + added + text.slice(at), node.from);
}

/** The text without what is at `path`. */
export function without(text, path) {
  const root = parse(text);
  const parent = find(root, path.slice(0, -1));
  const members = parent && (parent.kind === "object" || parent.kind === "array") ? membersOf(parent) : [];
  const index = members.findIndex((member, i) =>
    parent.kind === "object" ? member.key === String(path.at(-1)) : i === Number(path.at(-1)),
  );
  if (index < 0) return text;
  if (members.length === 1) return replaced(text, parent, parent.kind === "object" ? "{}" : "[]");
  const [from, to] = index === 0 ? [members[0].from, members[1].from] : [members[index - 1].to, members[index].to];
  return text.slice(0, from) + text.slice(to);
}

/** The text with the key at the end of `path` called otherwise; its place among its neighbours stays. */
export function renameKey(text, path, key) {
  const parent = find(parse(text), path.slice(0, -1));
  const entry = parent?.entries?.find((one) => one.key === String(path.at(-1)));
  if (!entry || parent.entries.some((one) => one.key === key)) return text;
  const end = text.indexOf('"', entry.from) === entry.from ? entry.from + quoted(text, entry.from) : entry.from;
  return text.slice(0, entry.from) + JSON.stringify(key) + text.slice(end);
}

function quoted(text, from) {
  let at = from + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1 - from;
}

/**
 * The text with the item at `from` moved to place `index` of the list `to` (both counted before the move), written as it was.
 * Nothing moves into itself.
 */
export function move(text, from, to, index) {
  const root = parse(text);
  const node = find(root, from);
  if (!node || pointerOf(to).startsWith(`${pointerOf(from)}/`) || pointerOf(to) === pointerOf(from)) return text;
  const value = rawOf(text, node);
  const list = from.slice(0, -1),
    place = Number(from.at(-1));
  const there = to.map(String);
  if (pointerOf(list) === pointerOf(to))
    return insert(without(text, from), there, index > place ? index - 1 : index, value);
  // What goes out of a list shifts the numbers of what comes after it, also where they are part of the way to the goal.
  const depth = list.length;
  if (pointerOf(there.slice(0, depth)) === pointerOf(list) && Number(there[depth]) > place)
    there[depth] = String(Number(there[depth]) - 1);
  return insert(without(text, from), there, index, value);
}

function membersOf(node) {
  return node.kind === "object"
    ? node.entries.map(({ key, from, node: inner }) => ({ key, from, to: inner.to }))
    : node.items;
}

function replaced(text, node, by) {
  return text.slice(0, node.from) + by + text.slice(node.to);
}

function indentAt(text, position) {
  const begin = text.lastIndexOf("\n", position - 1) + 1;
  return /^ */.exec(text.slice(begin))[0].length;
}

/** Lays out the outermost part that stands wholly on the line of `position` when that line has become too long. */
function tidy(text, position) {
  const begin = text.lastIndexOf("\n", position - 1) + 1;
  const end = text.indexOf("\n", position) < 0 ? text.length : text.indexOf("\n", position);
  if (end - begin <= WIDTH + 1) return text;
  let found = null;
  (function look(node, key) {
    if (node.to <= begin || node.from >= end || found) return;
    const members =
      node.kind === "object"
        ? node.entries.map((entry) => [entry.node, entry.from])
        : (node.items ?? []).map((item) => [item, item.from]);
    if (
      node.from >= begin &&
      node.to <= end &&
      members.length &&
      !(node.from === begin && node.to === end && key === null)
    ) {
      found = node;
      return;
    }
    for (const [inner] of members) look(inner, "");
  })(parse(text), null);
  if (!found) return text;
  return replaced(text, found, print(rawOf(text, found), indentAt(text, found.from), WIDTH - (found.from - begin)));
}

/** The smallest single change that makes one text another: `{from, to, insert}`. */
export function difference(before, after) {
  let from = 0;
  const most = Math.min(before.length, after.length);
  while (from < most && before[from] === after[from]) from += 1;
  let tail = 0;
  while (tail < most - from && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  return { from, to: before.length - tail, insert: after.slice(from, after.length - tail) };
}
