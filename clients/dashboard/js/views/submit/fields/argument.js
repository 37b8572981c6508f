// The field of one argument: a plain value, a hyperparameter or something reckoned in its place, an object, or JSON.
import { OBJECT_KINDS, spoken, spokenDefault } from "../catalogue.js";
import { jsonControl } from "./asjson.js";
import { computedControl } from "./computed.js";
import { plainControl } from "./controls.js";
import { faultNote } from "./faults.js";
import { tuneSwitch, tunedControl } from "./tuned.js";
import { wayMenu, wayOf } from "./ways.js";
import { h } from "../h.js";
import { hole } from "../holes.js";
import { isObject, pointerOf } from "../json.js";
import { put } from "../text.js";

/**
 * @param options.owner     what the argument belongs to, for names and for screen readers
 * @param options.label     what it is called, when not its own name
 * @param options.called    what a hyperparameter in its place is called, when not so
 * @param options.tunable   whether a hyperparameter may stand here
 * @param options.operand   whether this is a number of a product, a quotient or a list
 * @param options.ready     what has to happen to the text before the argument can be put into it
 * @param options.write     what happens instead of putting the value at the path
 * @param options.group     names of `choices` in groups: `[[group, [name]]]`
 * @param options.plainHint whether the hint says only what the argument is for, not what may be given
 */
export function argumentField(desk, path, argument, options = {}) {
  const place = placed(desk, path, argument, options);
  const { label, pointer, id, way, fault } = place;
  const control = controlOf(desk, path, argument, place);
  const tuned = way === "hp";
  const title =
    tuned || control.props?.["data-group"] ? h("span", { class: "label" }, label) : h("label", { for: id }, label);
  return h(
    "div",
    {
      class: `field arg${tuned ? " tuned" : ""}${fault ? " faulty" : ""}`,
      key: options.key ?? pointer,
    },
    h("div", { class: "top" }, title, switches(desk, path, argument, place)),
    control,
    fault,
    tuned ? null : hintOf(argument, place),
  );
}

/** What an argument's field is made from: its place, its names, and what stands there now. */
function placed(desk, path, argument, options) {
  const name = String(path.at(-1));
  const { owner = "", label = name, tunable = true, ready = (text) => text, plainHint = false, operand } = options;
  const pointer = pointerOf(path),
    id = `f${pointer}`;
  const way = wayOf(desk, path);
  // What is made of others shows what is wrong with them at their own fields.
  const inside = ["mul", "div", "list"].includes(way) || isNested(argument, desk.sheet.at(path));
  const fault = faultNote(desk, pointer, id, !inside);
  return {
    owner,
    label,
    tunable,
    ready,
    plainHint,
    operand,
    called: options.called ?? (label.includes(" ") ? name : label),
    group: options.group,
    pointer,
    id,
    fault,
    way,
    write: options.write ?? ((next) => desk.edit((text) => put(ready(text), path, next))),
    common: {
      id,
      "data-pointer": pointer,
      "aria-describedby":
        [way === "hp" ? "" : `${id}:hint`, fault ? `${id}:fault` : ""].filter(Boolean).join(" ") || null,
      "aria-invalid": fault ? "true" : null,
    },
  };
}

/** What the value is chosen, typed or made with. */
function controlOf(desk, path, argument, place) {
  const { way, common, owner, label } = place;
  const value = desk.sheet.at(path);
  if (way === "hp") return tunedControl(desk, path, argument, hole(value), common, owner, label);
  if (way !== null && way !== "value") return computedControl(desk, path, argument, { ...place, field: argumentField });
  if (isNested(argument, value)) return desk.nested(desk, path, argument, { owner, common });
  if (isObject(value)) return jsonControl(desk, path, common, label);
  return plainControl(desk, path, argument, place);
}

/** How the value is given, and whether it is tuned. */
function switches(desk, path, argument, place) {
  const { way, tunable, owner, label, called, ready, id, operand } = place;
  const value = desk.sheet.at(path);
  const what = owner ? `${label} of ${owner}` : label;
  const nested = isNested(argument, value);
  const menu = tunable && !nested ? wayMenu(desk, path, argument, { id, what, operand, ready }) : null;
  // The parts of what is reckoned are tuned, not the whole.
  const whole = ["mul", "div", "list"].includes(way);
  const tuned = way === "hp" ? hole(value) : null;
  const toggle =
    tunable && !nested && !whole ? tuneSwitch(desk, path, argument, { owner, label, called, tuned, ready, id }) : null;
  return menu || toggle ? h("span", { class: "switches" }, menu, toggle) : null;
}

/** What may be given, and what it is for. */
function hintOf(argument, { id, plainHint, operand }) {
  const usual = argument.required ? "" : spokenDefault(argument);
  const kind = [spoken(argument), usual ? `; ${usual} if empty` : argument.required ? "; needed" : ""];
  const said = plainHint
    ? argument.help
    : [h("span", { class: "kind" }, kind), argument.help ? ` · ${argument.help}` : ""];
  return h("div", { class: "hint", id: `${id}:hint` }, operand ? "" : said);
}

function isNested(argument, value) {
  return (
    argument.kinds.includes("layer") ||
    (isObject(value) && OBJECT_KINDS.some((kind) => argument.kinds.includes(kind) && kind in value))
  );
}

export const fields = (desk, path, known, names, more = {}) =>
  names.map((name) =>
    argumentField(desk, [...path, name], known[name], { tunable: false, label: words(name), ...more }),
  );

export const words = (name) => name.replaceAll("_", " ").replace(/^./, (first) => first.toUpperCase());
