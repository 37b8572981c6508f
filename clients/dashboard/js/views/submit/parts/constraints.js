// Rules over several hyperparameters that every point keeps.
import { ends, numeric } from "../expanded.js";
import { argumentField } from "../fields/argument.js";
import { jsonField, leftOver } from "../fields/asjson.js";
import { faultNote } from "../fields/faults.js";
import { pickList } from "../fields/picks.js";
import { RULE_LIMITS } from "../frame.js";
import { h } from "../h.js";
import { isObject, pointerOf } from "../json.js";
import { picked } from "../picker.js";
import { insert, put, without } from "../text.js";

const PATH = ["constraints"];
const KINDS = {
  product: { title: "Product", help: "Numbers multiplied stay within limits: units_0 × units_1 at most 65536." },
  sum: { title: "Sum", help: "Numbers added up stay within limits." },
  less: { title: "Order", help: "Each number is smaller than the next: min_filters < max_filters." },
  parameters: { title: "Model size", help: "The built model has at most so many weights." },
};
const SIGNS = { product: "times", sum: "plus", less: "<" };
/** So many names a rule needs. */
const FEWEST = { product: 1, sum: 1, less: 2, parameters: 0 };

export function constraints(desk) {
  const value = desk.sheet.at(PATH);
  if (value !== undefined && !Array.isArray(value)) return jsonField(desk, PATH, "constraints");
  const list = value ?? [];
  return h(
    "fieldset",
    { class: "part", key: "constraints" },
    h("legend", {}, "Constraints"),
    h("p", { class: "hint" }, "Rules that every point keeps; one that breaks a rule is drawn again instead of run."),
    faultNote(desk, "/constraints", "f/constraints", false),
    list.map((rule, i) => ruleCard(desk, rule, i)),
    h(
      "button",
      {
        type: "button",
        class: "quiet add",
        id: "add/constraints",
        "data-pointer": "/constraints",
        onclick: () => added(desk, list.length),
      },
      "+ Add a constraint",
    ),
  );
}

async function added(desk, count) {
  const names = numeric(desk.sheet.value).length;
  const offered = Object.entries(KINDS)
    .filter(([kind]) => FEWEST[kind] <= names && !(kind === "parameters" && estimators(desk)))
    .map(([kind, { title, help }]) => ({ name: title, help, kind }));
  const made = await picked({ title: "Add a constraint", groups: [["rules", offered]] });
  if (!made) return;
  desk.edit((text) => insert(text, PATH, count, begun(desk, made.kind)));
  desk.say(`${made.name} added.`);
  desk.focus(`head/constraints/${count}`);
}

const estimators = (desk) => desk.sheet.at(["model", "type"]) === "sklearn";
const kindOf = (rule) => (isObject(rule) ? Object.keys(KINDS).filter((kind) => kind in rule) : []);

/** A rule to begin with, that leaves the whole space as it is; `names` are kept when they are given. */
function begun(desk, kind, names) {
  if (kind === "parameters") return { parameters: { max: 5000000 } };
  const known = numeric(desk.sheet.value);
  const chosen = names ?? known.slice(0, 2).map(({ name }) => name);
  if (kind === "less") return { less: chosen };
  const highest = chosen.map((name) => ends(known.find((one) => one.name === name)?.one ?? {})[1]);
  const max = highest.reduce((all, one) => (kind === "sum" ? all + one : all * one), kind === "sum" ? 0 : 1);
  return { [kind]: chosen, max: Number(max.toPrecision(12)) };
}

function ruleCard(desk, rule, index) {
  const place = [...PATH, String(index)],
    pointer = pointerOf(place);
  const kinds = kindOf(rule);
  if (kinds.length !== 1)
    return jsonField(desk, place, `constraint ${index + 1}`, "A rule of none of the known kinds.");
  const [kind] = kinds;
  return h(
    "div",
    { class: "item rule", key: pointer, role: "group", "aria-label": `Constraint ${index + 1}` },
    ruleHead(desk, place, kind, index),
    faultNote(desk, pointer, `f${pointer}`, false),
    kind === "parameters" ? modelSize(desk, place) : overNames(desk, place, kind),
    leftOver(desk, place, kind === "less" || kind === "parameters" ? [kind] : [kind, "min", "max"]),
  );
}

function ruleHead(desk, place, kind, index) {
  const pointer = pointerOf(place),
    id = `head${pointer}`;
  return h(
    "div",
    { class: "row" },
    h(
      "select",
      {
        id,
        "data-pointer": pointer,
        "aria-label": `Kind of constraint ${index + 1}`,
        value: kind,
        onchange: (event) => desk.edit((text) => put(text, place, changed(desk, place, kind, event.target.value))),
      },
      Object.entries(KINDS)
        .filter(([name]) => name === kind || !(name === "parameters" && estimators(desk)))
        .map(([name, { title }]) => h("option", { value: name }, title)),
    ),
    h("span", { class: "note small grow" }, KINDS[kind].help),
    h(
      "button",
      {
        type: "button",
        class: "quiet small",
        "aria-label": `Remove constraint ${index + 1}`,
        onclick: () => {
          const last = desk.sheet.at(PATH).length === 1;
          desk.edit((text) => without(text, last ? PATH : place));
          desk.focus("add/constraints");
        },
      },
      "✕",
    ),
  );
}

/** The rule as one of another kind: names stay, and limits where both have them. */
function changed(desk, place, before, kind) {
  const rule = desk.sheet.at(place);
  const names = Array.isArray(rule[before]) ? rule[before] : undefined;
  const made = begun(desk, kind, names);
  const limited = ["product", "sum"];
  if (!limited.includes(before) || !limited.includes(kind)) return made;
  return { [kind]: made[kind], min: rule.min, max: rule.max };
}

function overNames(desk, place, kind) {
  const choices = numeric(desk.sheet.value).map(({ name }) => [name, name]);
  const limit = (name, label) =>
    argumentField(desk, [...place, name], RULE_LIMITS.number, { tunable: false, label, owner: "constraint" });
  return [
    pickList(desk, [...place, kind], {
      label: { product: "Factors", sum: "Summands", less: "From small to large" }[kind],
      item: "hyperparameter",
      choices,
      between: SIGNS[kind],
    }),
    kind === "less" ? null : h("div", { class: "args" }, limit("min", "At least"), limit("max", "At most")),
  ];
}

function modelSize(desk, place) {
  const path = [...place, "parameters"];
  if (!isObject(desk.sheet.at(path))) return jsonField(desk, path, "parameters");
  return [
    h(
      "div",
      { class: "args" },
      argumentField(desk, [...path, "max"], RULE_LIMITS.parameters, {
        tunable: false,
        label: "At most",
        owner: "constraint",
      }),
    ),
    leftOver(desk, path, ["max"]),
  ];
}
