// Lists of layers, with repeats and branches in them, and their cousins: nodes of a graph and steps before an estimator.
import { argumentField } from "../fields/argument.js";
import { jsonField, leftOver } from "../fields/asjson.js";
import { conditionRow, firstCondition } from "../fields/conditions.js";
import { faultNote } from "../fields/faults.js";
import { argumentFields, classField, classes, givenOf } from "../fields/things.js";
import { REPEAT } from "../frame.js";
import { h } from "../h.js";
import { declared, dropUnused } from "../holes.js";
import { isObject, pointerOf } from "../json.js";
import { drag, dragged, drop, leave, over } from "./dragging.js";
import { moves } from "./moving.js";
import { nodeFields } from "./nodes.js";
import { FLAVOURS, NODE_KEYS, begun, declaredToo, offers } from "./offers.js";
import { picked } from "../picker.js";
import { insert, put, without } from "../text.js";

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

/** What is inside an open row. */
function body(desk, path, item, own, kind, fits) {
  const title = titleOf(desk, item, own, kind, 0);
  const known = [...NODE_KEYS, ...(own ? [own, ...Object.keys(item)] : [])];
  return [
    kind.nodes ? nodeFields(desk, path, item) : blockFields(desk, path, item),
    own ? classFields(desk, path, own, kind, fits) : null,
    kind.branch && !("if" in item) ? branchOffer(desk, path) : null,
    "layers" in item ? innerLayers(desk, path, title, fits) : null,
    "nodes" in item ? layerList(desk, [...path, "nodes"], { flavour: "nodes", label: `Nodes of ${item.name}` }) : null,
    leftOver(desk, path, known),
  ];
}

/** How often a block is there, or where. */
function blockFields(desk, path, item) {
  return [
    "repeat" in item ? argumentField(desk, [...path, "repeat"], REPEAT, { owner: "repeat", label: "times" }) : null,
    "if" in item ? branchField(desk, path, item) : null,
  ];
}

/** Which class, and its arguments. */
function classFields(desk, path, own, kind, fits) {
  const groups = desk.catalogue.groups(
    own,
    (entry) => kind.words.length > 1 || (fits(entry) && (kind.nodes || (entry.inputs ?? [1])[0] === 1)),
  );
  return [
    classField(desk, path, own, { label: own, groups, tunable: kind.branch === true }),
    argumentFields(desk, path, own, { skip: [...NODE_KEYS] }),
  ];
}

function innerLayers(desk, path, title, fits) {
  const words = { label: `Layers of ${title}`, empty: "No layers yet: add one, or drag one here." };
  return layerList(desk, [...path, "layers"], { fits, ...words });
}

/** Makes a step or a node conditional, where there is something to depend on. */
export function branchOffer(desk, path) {
  const parent = declared(desk.sheet.value).find(({ type }) => ["choice", "boolean"].includes(type));
  if (!parent) return null;
  return h(
    "button",
    {
      type: "button",
      class: "quiet small more",
      onclick: () => {
        desk.edit((text) => put(text, [...path, "if"], firstCondition(parent)));
        desk.focus(`f${pointerOf([...path, "if"])}`);
      },
    },
    "Only if ...",
  );
}

export function branchField(desk, path, item) {
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
