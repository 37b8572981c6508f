// Lists of layers, with repeats and branches in them, and their cousins: nodes of a graph and steps before an estimator.
import { argumentField } from "../fields/argument.js";
import { jsonField } from "../fields/asjson.js";
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
