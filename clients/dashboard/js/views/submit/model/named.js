// Names in a graph: which there are at a place, and how they are changed wherever they are written.
import { isObject } from "../json.js";
import { chosenData } from "../parts/data.js";
import { put } from "../text.js";

/** The inputs of the data set by name; `x` when they have none. */
export function dataInputs(desk) {
  const names = (chosenData(desk)?.inputs ?? []).map(({ name }) => name);
  return names.length ? names : ["x"];
}

/** What the nodes of a list may take: what comes from outside, and each other. `list` is the path of the nodes. */
export function takeable(desk, list) {
  const nodes = desk.sheet.at(list);
  const names = (Array.isArray(nodes) ? nodes : [])
    .map((node) => node?.name)
    .filter((name) => typeof name === "string");
  return [...new Set([...sources(desk, list), ...names])];
}

function sources(desk, list) {
  if (list.length > 2) return ["input"];
  const given = desk.sheet.at(["model", "inputs"]);
  if (!Array.isArray(given)) return dataInputs(desk);
  return given.map((one) => (isObject(one) ? one.name : one)).filter((name) => typeof name === "string");
}

/** The text with a name changed where nodes of a list take it, and where outputs name it. */
export function renamed(desk, text, list, before, next) {
  let changed = text;
  const swap = (names, at) => {
    if (Array.isArray(names) && names.includes(before))
      changed = put(
        changed,
        at,
        names.map((one) => (one === before ? next : one)),
      );
  };
  const nodes = desk.sheet.at(list);
  (Array.isArray(nodes) ? nodes : []).forEach((node, i) => swap(node?.inputs, [...list, String(i), "inputs"]));
  const ends = [...list.slice(0, -1), "outputs"],
    outputs = desk.sheet.at(ends);
  swap(outputs, ends);
  if (isObject(outputs))
    for (const [key, one] of Object.entries(outputs)) if (one === before) changed = put(changed, [...ends, key], next);
  return changed;
}
