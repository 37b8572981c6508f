// Rows of layers are moved by buttons, in and out of blocks, duplicated and removed.
import { h } from "../h.js";
import { dropUnused } from "../holes.js";
import { find, isObject, parse, pointerOf } from "../json.js";
import { insert, move, rawOf, without } from "../text.js";

export function moves(desk, path, title) {
  const pointer = pointerOf(path);
  const up = way(desk, path, -1),
    down = way(desk, path, 1);
  const button = (sign, label, act, more = {}) =>
    h(
      "button",
      { type: "button", class: "quiet icon", "aria-label": `${label} ${title}`, title: label, ...more, onclick: act },
      sign,
    );
  const list = path.slice(0, -1),
    index = Number(path.at(-1));
  return h(
    "span",
    { class: "moves" },
    button("↑", "Move up", () => go(desk, path, up, "up"), { disabled: !up, id: `up${pointer}` }),
    button("↓", "Move down", () => go(desk, path, down, "down"), { disabled: !down, id: `down${pointer}` }),
    button(h("i", { class: "copy-sign" }), "Duplicate", () => {
      desk.moved((one) => shifted(one, list, index + 1, 1));
      desk.edit((text) => insert(text, list, index + 1, copied(text, path, desk.sheet.at(list))));
      desk.say(`${title} duplicated.`);
      desk.focus(`head${pointerOf([...list, String(index + 1)])}`);
    }),
    button("✕", "Remove", () => {
      desk.moved((one) => shifted(one, list, index + 1, -1, index));
      desk.edit((text) => dropUnused(text, without(text, path)));
      desk.say(`${title} removed.`);
      const left = desk.sheet.at(list)?.length ?? 0;
      desk.focus(left ? `head${pointerOf([...list, String(Math.min(index, left - 1))])}` : `add${pointerOf(list)}`);
    }),
  );
}

function copied(text, path, list) {
  const value = rawOf(text, find(parse(text), path));
  const name = list[Number(path.at(-1))]?.name;
  if (typeof name !== "string" || !value.list) return value;
  const names = new Set(list.map((one) => one?.name));
  let next = `${name}_2`;
  for (let i = 3; names.has(next); i += 1) next = `${name}_${i}`;
  value.list = value.list.map(([key, one]) => (key === "name" ? [key, next] : [key, one]));
  return value;
}

/** Where a row goes one step up or down: over its neighbour, into a block beside it, or out of the block around it. */
function way(desk, path, by) {
  const list = path.slice(0, -1),
    index = Number(path.at(-1));
  const items = desk.sheet.at(list);
  const beside = items[index + by];
  if (beside === undefined) {
    const block = list.slice(0, -1);
    if (list.at(-1) !== "layers" || !/^[0-9]+$/.test(block.at(-1))) return null;
    const around = desk.sheet.at(block.slice(0, -1));
    if (!Array.isArray(around) || (block.at(-2) !== "layers" && !["augmentation", "head"].includes(block.at(-2))))
      return null;
    return { list: block.slice(0, -1), index: Number(block.at(-1)) + (by > 0 ? 1 : 0) };
  }
  if (list.at(-1) !== "nodes" && isObject(beside) && Array.isArray(beside.layers))
    return { list: [...list, String(index + by), "layers"], index: by > 0 ? 0 : beside.layers.length };
  return { list, index: by > 0 ? index + 2 : index - 1 };
}

function go(desk, from, to, button) {
  const title = document.getElementById(`head${pointerOf(from)}`)?.textContent ?? "";
  const place = relocate(desk, from, to);
  desk.say(`${title} moved ${button}.`);
  const again = document.getElementById(`${button}${place}`);
  desk.focus(again && !again.disabled ? `${button}${place}` : `head${place}`);
}

/** Moves a row and answers the pointer it has afterwards; what is open stays open. */
export function relocate(desk, from, to) {
  const list = from.slice(0, -1),
    index = Number(from.at(-1)),
    opened = [...desk.ui.open];
  const goal = to.list.map(String);
  if (pointerOf(goal.slice(0, list.length)) === pointerOf(list) && Number(goal[list.length]) > index)
    goal[list.length] = String(Number(goal[list.length]) - 1);
  const target = pointerOf(list) === pointerOf(to.list) && to.index > index ? to.index - 1 : to.index;
  const before = pointerOf(from),
    after = pointerOf([...goal, String(target)]);
  desk.moved((one) => {
    if (one === before || one.startsWith(`${before}/`)) return after + one.slice(before.length);
    const out = shifted(one, list, index + 1, -1);
    return shifted(out, goal, target, 1);
  });
  if (!opened.includes(before)) desk.ui.open.delete(after);
  desk.edit((text) => move(text, from, to.list, to.index));
  return after;
}

/** A pointer after items of a list from number `first` on have moved by some; null for what was inside `gone`. */
function shifted(pointer, list, first, by, gone = -1) {
  const prefix = `${pointerOf(list)}/`;
  if (!pointer.startsWith(prefix)) return pointer;
  const [number, ...rest] = pointer.slice(prefix.length).split("/");
  const index = Number(number);
  if (index === gone) return null;
  return index >= first ? [`${prefix}${index + by}`, ...rest].join("/") : pointer;
}
