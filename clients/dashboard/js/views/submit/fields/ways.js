// The ways a number may be written at a place: as it is, as a hyperparameter, from the data, reckoned, or each item by itself.
import { beginning } from "../catalogue.js";
import { listsAround } from "../expanded.js";
import { h } from "../h.js";
import { declaredAs, defaultOf, dropUnused, hole } from "../holes.js";
import { isObject, pointerOf } from "../json.js";
import { put } from "../text.js";

const WAYS = {
  value: "a value",
  hp: "tuned",
  data: "from the data",
  mul: "a product",
  div: "a quotient",
  item: "item of a list",
  list: "one by one",
};

/** How the value at a path is written; null when it is another object. */
export function wayOf(desk, path) {
  const value = desk.sheet.at(path);
  if (hole(value) !== null) return "hp";
  if (Array.isArray(value)) return value.some(isObject) || desk.ui.open.has(listKey(path)) ? "list" : "value";
  if (!isObject(value)) return "value";
  const [key, ...more] = Object.keys(value);
  if (more.length) return null;
  if (key === "data" || key === "item") return typeof value[key] === "string" ? key : null;
  return ["mul", "div"].includes(key) && Array.isArray(value[key]) && value[key].length === 2 ? key : null;
}

/** The key under which the desk remembers that a list of plain numbers is shown item by item. */
const listKey = (path) => `list${pointerOf(path)}`;

/** The ways that make sense at a place; `operand` is a number of a product, a quotient or a list. */
function offered(desk, path, { kinds, facts }, operand) {
  const layers = path[0] === "model" && path.slice(0, -1).some((step) => /^[0-9]+$/.test(step));
  if (facts === false || !(layers || path[0] === "fit")) return [];
  const whole = kinds.includes("int");
  const list = kinds.includes("int_list") || kinds.includes("float_list");
  return [
    // One whole number, or one list of them, may come from the data.
    layers && (operand || whole !== kinds.includes("int_list")) && (whole || kinds.includes("int_list")) ? "data" : "",
    ...(whole ? ["mul", "div"] : []),
    (whole || kinds.includes("float")) && listsAround(desk.sheet.value, path).length ? "item" : "",
    layers && list ? "list" : "",
  ].filter(Boolean);
}

/** A small menu beside the label: how the value is written. Null where there is one way only. */
export function wayMenu(desk, path, argument, { id, what, operand, ready }) {
  const now = wayOf(desk, path);
  const others = offered(desk, path, argument, operand);
  if (now === null || (!others.length && !["mul", "div", "item", "list"].includes(now))) return null;
  const names = [...new Set(["value", ...(now === "hp" ? ["hp"] : []), ...others, now])];
  return h(
    "select",
    {
      class: "quiet way",
      id: `${id}:way`,
      "aria-label": `How ${what} is given`,
      value: now,
      onchange: (event) => {
        rewritten(desk, path, argument, now, event.target.value, ready);
        desk.say(`${what} is ${WAYS[event.target.value]} now.`);
        desk.focus(`${id}:way`);
      },
    },
    names.map((name) => h("option", { value: name }, WAYS[name])),
  );
}

function rewritten(desk, path, argument, before, way, ready) {
  const key = listKey(path);
  if (way === "list") desk.ui.open.add(key);
  else desk.ui.open.delete(key);
  const value = desk.sheet.at(path);
  const next = asWay(desk, path, argument, { value, before, way });
  if (next === value) desk.redraw();
  else desk.edit((text) => dropUnused(text, put(ready(text), path, next)));
}

/** A value written another way; what it was made of stays where it can. */
function asWay(desk, path, argument, { value, before, way }) {
  const first = ["mul", "div"].includes(before) ? value[before][0] : before === "list" ? value[0] : value;
  const start = argument.default === undefined ? beginning(argument, String(path.at(-1))) : argument.default;
  const plain = typeof start === "number" || Array.isArray(start) ? start : argument.required ? 1 : undefined;
  const operand = typeof first === "number" || isObject(first) ? first : typeof plain === "number" ? plain : 1;
  switch (way) {
    case "data":
      return { data: argument.kinds.includes("int") ? "num_classes" : "image_shape" };
    case "mul":
    case "div":
      return { [way]: ["mul", "div"].includes(before) ? value[before] : [operand, 2] };
    case "item":
      return { item: listsAround(desk.sheet.value, path)[0] };
    case "list":
      return Array.isArray(value) ? value : Array(argument.min_items ?? 1).fill(operand);
    default:
      if (before === "hp") return defaultOf(declaredAs(desk.sheet.value, hole(value))) ?? plain;
      if (before === "list" && !value.some(isObject)) return value;
      return typeof first === "number" ? first : plain;
  }
}
