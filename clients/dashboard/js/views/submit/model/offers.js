// What may be added to a list of layers, nodes or steps.
import { fresh } from "../fields/things.js";
import { declared, freshName } from "../holes.js";
import { find, parse } from "../json.js";
import { insert } from "../text.js";

/** Kinds of lists: what their items are called, which word names them, and what else an item may hold. */
export const FLAVOURS = {
  layers: { item: "layer", words: ["layer"], blocks: true, title: "Add a layer" },
  nodes: { item: "node", words: ["layer"], blocks: false, title: "Add a node", nodes: true },
  steps: {
    item: "step",
    words: ["step", "estimator"],
    blocks: false,
    title: "Add a step or an estimator",
    branch: true,
  },
};

export const NODE_KEYS = ["name", "inputs", "repeat", "if", "outputs", "nodes", "layers"];

export function offers(desk, kind, fits) {
  const groups = kind.words.flatMap((own) =>
    desk.catalogue
      .groups(own, (entry) => fits(entry) && (kind.nodes || (entry.inputs ?? [1])[0] === 1))
      .map(([group, members]) => [
        kind.words.length > 1 ? `${own}: ${group}` : group,
        members.map((one) => ({ ...one, own })),
      ]),
  );
  const blocks = [
    {
      name: "Repeat",
      own: "repeat",
      help: "Layers that follow each other as often as a number or a hyperparameter says.",
    },
    { name: "If", own: "if", help: "Layers that are there only where a hyperparameter says so." },
  ];
  if (kind.blocks) return [...groups, ["blocks", blocks]];
  if (kind.nodes)
    return [
      ...groups,
      [
        "blocks",
        [
          { name: "Chain of layers", own: "layers", help: "Several layers as one node." },
          {
            name: "Group of nodes",
            own: "nodes",
            help: "Nodes of their own between one input and one output; may be repeated.",
          },
        ],
      ],
    ];
  return groups;
}

/** A new item and the hyperparameters it needs. */
export function begun(desk, kind, { own, name }, path) {
  const value = desk.sheet.value;
  const list = declared(value);
  if (own === "repeat") {
    const called = freshName(value, "repeats", "", false);
    return {
      item: { repeat: { hp: called }, layers: [] },
      more: [{ name: called, type: "int", min_value: 1, max_value: 3 }],
    };
  }
  if (own === "if") {
    const called = freshName(value, "use", "", false);
    return { item: { if: { hp: called }, layers: [] }, more: [{ name: called, type: "boolean" }] };
  }
  if (kind.nodes) {
    const names = new Set((desk.sheet.at(path) ?? []).map((node) => node?.name));
    const base = String(name)
      .replace(/[^A-Za-z0-9_]/g, "_")
      .toLowerCase();
    let called = base;
    for (let i = 2; names.has(called); i += 1) called = `${base}_${i}`;
    const last = (desk.sheet.at(path) ?? []).at(-1)?.name;
    const inputs = [last ?? (path.length > 2 ? "input" : "x")];
    if (own === "layers") return { item: { name: called, inputs, layers: [] }, more: [] };
    if (own === "nodes") return { item: { name: called, inputs, nodes: [], outputs: [] }, more: [] };
    return { item: { name: called, ...fresh(desk, "layer", name), inputs }, more: [] };
  }
  return { item: fresh(desk, own, name), more: [], list };
}

export function declaredToo(text, more) {
  const count = declared({ hyperparameters: find(parse(text), ["hyperparameters"])?.items }).length;
  return more.reduce((all, one, i) => insert(all, ["hyperparameters"], count + i, one), text);
}
