// Lists of layers, with repeats and branches in them, and their cousins: nodes of a graph and steps before an estimator.
// Rows are added, duplicated, removed, and moved by buttons and by dragging, in and out of blocks.
import { argumentField, faultNote, jsonField } from "./fields.js";
import { REPEAT } from "./frame.js";
import { h, settled, typed } from "./h.js";
import { declared, dropUnused, freshName } from "./holes.js";
import { picked } from "./picker.js";
import { conditionRow, firstCondition } from "./ranges.js";
import { find, insert, move, parse, pointerOf, put, rawOf, without } from "./text.js";
import { argumentFields, classField, classes, fresh, givenOf } from "./things.js";

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

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
const NODE_KEYS = ["name", "inputs", "repeat", "if", "outputs", "nodes", "layers"];

/** The list at `path`; `fits` says which layers may be added. */
export function layerList(
  desk,
  path,
  { flavour = "layers", fits = () => true, label, empty = "Nothing here yet." } = {},
) {
  const kind = FLAVOURS[flavour];
  const items = desk.sheet.at(path);
  const pointer = pointerOf(path);
  if (items !== undefined && !Array.isArray(items)) return jsonField(desk, path, label);
  const list = items ?? [];
  const add = `add${pointer}`;
  return h(
    "div",
    {
      class: "layers",
      key: `list${pointer}`,
      role: "group",
      "aria-label": label,
      "data-list": pointer,
      "data-flavour": flavour,
    },
    h(
      "ol",
      { ondragover: (event) => over(desk, event), ondragleave: leave, ondrop: (event) => drop(desk, event) },
      list.map((item, i) => row(desk, [...path, String(i)], item, i, kind, fits)),
      list.length ? null : h("li", { class: "note small none" }, empty),
    ),
    faultNote(desk, pointer, `f${pointer}`, false),
    h(
      "button",
      {
        type: "button",
        class: "quiet add",
        id: add,
        "data-pointer": pointer,
        onclick: async () => {
          const made = await picked({ title: kind.title, groups: offers(desk, kind, fits) });
          if (!made) return;
          const value = begun(desk, kind, made, path);
          desk.edit((text) => declaredToo(insert(text, path, list.length, value.item), value.more));
          const place = pointerOf([...path, String(list.length)]);
          desk.ui.open.add(place);
          desk.say(`${made.name} added.`);
          desk.focus(`head${place}`);
        },
      },
      `+ ${kind.title}`,
    ),
  );
}

function offers(desk, kind, fits) {
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
function begun(desk, kind, { own, name }, path) {
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

function declaredToo(text, more) {
  const count = declared({ hyperparameters: find(parse(text), ["hyperparameters"])?.items }).length;
  return more.reduce((all, one, i) => insert(all, ["hyperparameters"], count + i, one), text);
}

function row(desk, path, item, index, kind, fits) {
  const pointer = pointerOf(path);
  const known = isObject(item) && (kind.words.some((word) => word in item) || "layers" in item || "nodes" in item);
  if (!known) return h("li", { class: "layer", key: pointer }, jsonField(desk, path, `${kind.item} ${index + 1}`));
  const own = kind.words.find((word) => word in item);
  const block = own === undefined;
  const open = block || desk.ui.open.has(pointer);
  const faults = desk.faultsAt(pointer).length;
  const title = titleOf(desk, item, own, kind, index);
  return h(
    "li",
    { class: `layer${block ? " block" : ""}${faults ? " faulty" : ""}`, key: pointer, "data-row": pointer },
    h(
      "div",
      { class: "layer-head" },
      h(
        "span",
        {
          class: "grip",
          draggable: true,
          "aria-hidden": "true",
          title: "Drag to move",
          ondragstart: (event) => drag(desk, event, path),
          ondragend: () => dragged(desk),
        },
        "⠿",
      ),
      block
        ? h("span", { class: "name", id: `head${pointer}`, tabindex: "-1" }, title)
        : h(
            "button",
            {
              type: "button",
              class: "name",
              id: `head${pointer}`,
              "data-pointer": pointer,
              "aria-expanded": String(open),
              onclick: () => desk.toggle(pointer),
            },
            h("b", {}, title),
            open ? null : h("span", { class: "given" }, summary(desk, item, own, kind)),
          ),
      faults ? h("span", { class: "bad small" }, `${faults} ${faults === 1 ? "fault" : "faults"}`) : null,
      moves(desk, path, title),
    ),
    block ? faultNote(desk, pointer, `f${pointer}`, false) : null,
    open ? h("div", { class: "layer-body" }, body(desk, path, item, own, kind, fits)) : null,
  );
}

function titleOf(desk, item, own, kind, index) {
  if (own)
    return kind.nodes
      ? String(item.name ?? `node ${index + 1}`)
      : classes(desk, item[own]).join(" or ") || `${kind.item} ${index + 1}`;
  if (kind.nodes) return String(item.name ?? `node ${index + 1}`);
  return "repeat" in item ? "Repeat" : "If";
}

function summary(desk, item, own, kind) {
  const more = [];
  if (kind.nodes)
    more.push(
      h("span", {}, classes(desk, item[own]).join(" or ")),
      Array.isArray(item.inputs) ? h("span", {}, `from ${item.inputs.join(", ")}`) : null,
    );
  if (item.if?.hp)
    more.push(
      h(
        "span",
        { class: "when" },
        `if ${item.if.hp}${Array.isArray(item.if.in) ? ` is ${item.if.in.join(" or ")}` : ""}`,
      ),
    );
  return [
    more,
    givenOf(desk, item, own, [...NODE_KEYS]).map(([key, text, tuned]) =>
      h("span", { class: tuned ? "is-tuned" : "" }, `${key} ${text}`),
    ),
  ];
}

function body(desk, path, item, own, kind, fits) {
  const parts = [];
  if (kind.nodes) parts.push(nodeFields(desk, path, item));
  if (!kind.nodes && "repeat" in item)
    parts.push(argumentField(desk, [...path, "repeat"], REPEAT, { owner: "repeat", label: "times" }));
  if (!kind.nodes && "if" in item) parts.push(branchField(desk, path, item));
  if (own) {
    const groups = desk.catalogue.groups(
      own,
      (entry) => kind.words.length > 1 || (fits(entry) && (kind.nodes || (entry.inputs ?? [1])[0] === 1)),
    );
    parts.push(
      classField(desk, path, own, { label: own, groups, tunable: kind.branch === true }),
      argumentFields(desk, path, own, { skip: [...NODE_KEYS] }),
    );
  }
  if (
    kind.branch &&
    !("if" in item) &&
    declared(desk.sheet.value).some(({ type }) => ["choice", "boolean"].includes(type))
  ) {
    const parent = declared(desk.sheet.value).find(({ type }) => ["choice", "boolean"].includes(type));
    parts.push(
      h(
        "button",
        {
          type: "button",
          class: "quiet small",
          onclick: () => desk.edit((text) => put(text, [...path, "if"], firstCondition(parent))),
        },
        "Only if ...",
      ),
    );
  }
  if ("layers" in item)
    parts.push(
      layerList(desk, [...path, "layers"], {
        fits,
        label: `Layers of ${titleOf(desk, item, own, kind, 0)}`,
        empty: "No layers yet: add one, or drag one here.",
      }),
    );
  if ("nodes" in item)
    parts.push(layerList(desk, [...path, "nodes"], { flavour: "nodes", label: `Nodes of ${item.name}` }));
  const known = [...NODE_KEYS, ...(own ? [own, ...Object.keys(item)] : [])];
  for (const key of Object.keys(item)) if (!known.includes(key)) parts.push(jsonField(desk, [...path, key], key));
  return parts;
}

function branchField(desk, path, item) {
  const list = declared(desk.sheet.value);
  return isObject(item.if)
    ? conditionRow(
        desk,
        [...path, "if"],
        item.if,
        `f${pointerOf([...path, "if"])}`,
        "Only where",
        list,
        "layers" in item ? null : () => desk.edit((text) => dropUnused(text, without(text, [...path, "if"]))),
      )
    : jsonField(desk, [...path, "if"], "if");
}

function nodeFields(desk, path, item) {
  const list = (key, label, hint) => {
    const pointer = pointerOf([...path, key]),
      id = `f${pointer}`,
      value = item[key];
    if (value !== undefined && !(Array.isArray(value) && value.every((one) => typeof one === "string")))
      return jsonField(desk, [...path, key], label);
    const fault = faultNote(desk, pointer, id);
    return h(
      "div",
      { class: "field arg", key },
      h("div", { class: "top" }, h("label", { for: id }, label)),
      h("input", {
        id,
        type: "text",
        class: "mono",
        "data-pointer": pointer,
        autocomplete: "off",
        spellcheck: "false",
        "aria-invalid": fault ? "true" : null,
        "aria-describedby": `${id}:hint${fault ? ` ${id}:fault` : ""}`,
        value: (value ?? []).join(", "),
        oninput: (event) =>
          typed(event, (text) =>
            desk.edit((all) =>
              put(
                all,
                [...path, key],
                text
                  .split(",")
                  .map((one) => one.trim())
                  .filter(Boolean),
              ),
            ),
          ),
        onblur: settled,
      }),
      fault,
      h("div", { class: "hint", id: `${id}:hint` }, hint),
    );
  };
  const pointer = pointerOf([...path, "name"]),
    id = `f${pointer}`,
    fault = faultNote(desk, pointer, id);
  return h(
    "div",
    { class: "args" },
    h(
      "div",
      { class: "field arg", key: "name" },
      h("div", { class: "top" }, h("label", { for: id }, "name")),
      h("input", {
        id,
        type: "text",
        class: "mono",
        "data-pointer": pointer,
        autocomplete: "off",
        spellcheck: "false",
        value: String(item.name ?? ""),
        "aria-invalid": fault ? "true" : null,
        "aria-describedby": fault ? `${id}:fault` : null,
        onchange: (event) => desk.edit((text) => renamedNode(desk, text, path, event.target.value.trim())),
      }),
      fault,
    ),
    list("inputs", "inputs", "Names of nodes or inputs, between commas."),
    "repeat" in item
      ? argumentField(desk, [...path, "repeat"], REPEAT, { owner: String(item.name), label: "repeat" })
      : null,
    "nodes" in item ? list("outputs", "output", "The node this group ends with.") : null,
    "if" in item ? h("div", { key: "if", class: "wide" }, branchField(desk, path, item)) : null,
  );
}

/** A node called otherwise, also where its neighbours and the outputs name it. */
function renamedNode(desk, text, path, next) {
  const before = desk.sheet.at([...path, "name"]);
  let changed = put(text, [...path, "name"], next);
  const siblings = path.slice(0, -1),
    owner = siblings.slice(0, -1);
  const swap = (list, at) => {
    if (Array.isArray(list) && list.includes(before))
      changed = put(
        changed,
        at,
        list.map((one) => (one === before ? next : one)),
      );
  };
  (desk.sheet.at(siblings) ?? []).forEach((node, i) => swap(node?.inputs, [...siblings, String(i), "inputs"]));
  const outputs = desk.sheet.at([...owner, "outputs"]);
  swap(outputs, [...owner, "outputs"]);
  if (isObject(outputs))
    for (const [key, one] of Object.entries(outputs))
      if (one === before) changed = put(changed, [...owner, "outputs", key], next);
  return changed;
}

function moves(desk, path, title) {
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
function relocate(desk, from, to) {
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

function drag(desk, event, path) {
  desk.ui.dragging = path;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", path.join("/"));
  event.target.closest("li").classList.add("dragging");
}

function dragged(desk) {
  desk.ui.dragging = null;
  for (const one of document.querySelectorAll(".dragging, .drop-before, .drop-after"))
    one.classList.remove("dragging", "drop-before", "drop-after");
}

/** Where a dragged row would land: before or after the row under the pointer, or in an empty list. */
function landing(desk, event) {
  const from = desk.ui.dragging;
  if (!from) return null;
  const holder = event.target.closest(".layers");
  const fromFlavour = document.querySelector(`[data-list="${CSS.escape(pointerOf(from.slice(0, -1)))}"]`)?.dataset
    .flavour;
  if (!holder || holder.dataset.flavour !== fromFlavour) return null;
  const list = holder.dataset.list
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  if (fromFlavour !== "layers" && pointerOf(list) !== pointerOf(from.slice(0, -1))) return null;
  if (`${holder.dataset.list}/`.startsWith(`${pointerOf(from)}/`)) return null;
  const under = event.target.closest("li.layer");
  if (!under || !holder.contains(under)) return { list, index: (desk.sheet.at(list) ?? []).length, under: null };
  const box = under.getBoundingClientRect();
  const after = event.clientY > box.top + box.height / 2;
  return { list, index: Number(under.dataset.row.split("/").at(-1)) + (after ? 1 : 0), under, after };
}

function over(desk, event) {
  const goal = landing(desk, event);
  if (!goal) return;
  event.preventDefault();
  event.stopPropagation();
  for (const one of document.querySelectorAll(".drop-before, .drop-after"))
    one.classList.remove("drop-before", "drop-after");
  goal.under?.classList.add(goal.after ? "drop-after" : "drop-before");
}

function leave(event) {
  event.target.closest?.("li")?.classList.remove("drop-before", "drop-after");
}

function drop(desk, event) {
  const goal = landing(desk, event);
  if (!goal) return;
  event.preventDefault();
  event.stopPropagation();
  const from = desk.ui.dragging;
  dragged(desk);
  const place = relocate(desk, from, goal);
  desk.focus(`head${place}`);
}
