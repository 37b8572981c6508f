// The field of one argument: a plain value, a hyperparameter in its place, a fact of the data, an object, or JSON.
import { OBJECT_KINDS, spoken, spokenDefault } from "../catalogue.js";
import { jsonControl } from "./asjson.js";
import { factControl, plainControl } from "./controls.js";
import { faultNote } from "./faults.js";
import { tuneSwitch, tunedControl } from "./tuned.js";
import { h } from "../h.js";
import { hole } from "../holes.js";
import { isObject, pointerOf } from "../json.js";
import { put } from "../text.js";

/**
 * @param options.owner   what the argument belongs to, for names and for screen readers
 * @param options.label   what it is called, when not its own name
 * @param options.tunable whether a hyperparameter may stand here
 * @param options.ready   what has to happen to the text before the argument can be put into it
 * @param options.write   what happens instead of putting the value at the path
 * @param options.group   names of `choices` in groups: `[[group, [name]]]`
 */
export function argumentField(desk, path, argument, options = {}) {
  const name = String(path.at(-1));
  const { owner = "", label = name, tunable = true, ready = (text) => text, plainHint = false } = options;
  const pointer = pointerOf(path),
    id = `f${pointer}`;
  const value = desk.sheet.at(path);
  const tuned = hole(value);
  const fault = faultNote(desk, pointer, id);
  const write = options.write ?? ((next) => desk.edit((text) => put(ready(text), path, next)));
  const described = [`${id}:hint`, fault ? `${id}:fault` : ""].filter(Boolean).join(" ");
  const common = { id, "data-pointer": pointer, "aria-describedby": described, "aria-invalid": fault ? "true" : null };
  const said = spoken(argument),
    usual = argument.required ? "" : spokenDefault(argument);
  const hint = h(
    "div",
    { class: "hint", id: `${id}:hint` },
    plainHint
      ? argument.help
      : [
          h("span", { class: "kind" }, said, usual ? `; ${usual} if empty` : argument.required ? "; needed" : ""),
          argument.help ? ` · ${argument.help}` : "",
        ],
  );
  const canTune = tunable && !isNested(argument, value);
  const toggle = canTune ? tuneSwitch(desk, path, argument, { owner, label, tuned, ready, id }) : null;

  let control;
  if (tuned !== null) control = tunedControl(desk, path, argument, tuned, common, owner, label);
  else if (isObject(value) && typeof value.data === "string" && Object.keys(value).length === 1)
    control = factControl(desk, path, argument, value.data, common);
  else if (isObject(value) && !isNested(argument, value)) control = jsonControl(desk, path, common, label);
  else if (argument.kinds.includes("layer") || (isObject(value) && isNested(argument, value)))
    control = desk.nested(desk, path, argument, { owner, common });
  else control = plainControl(desk, path, argument, { common, write, label, group: options.group, ready });

  const text =
    tuned !== null || control.props?.["data-group"]
      ? h("span", { class: "label" }, label)
      : h("label", { for: id }, label);
  return h(
    "div",
    { class: `field arg${tuned !== null ? " tuned" : ""}${fault ? " faulty" : ""}`, key: options.key ?? pointer },
    h("div", { class: "top" }, text, toggle),
    control,
    fault,
    tuned === null ? hint : null,
  );
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
