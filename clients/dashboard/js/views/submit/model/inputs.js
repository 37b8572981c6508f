// What comes into a graph: inputs of the data set, and slices of a table's columns under names of their own.
import { argumentField } from "../fields/argument.js";
import { jsonField, leftOver } from "../fields/asjson.js";
import { faultNote } from "../fields/faults.js";
import { nameField } from "../fields/names.js";
import { pick, pickList } from "../fields/picks.js";
import { h } from "../h.js";
import { isObject, pointerOf } from "../json.js";
import { chosenData } from "../parts/data.js";
import { insert, put, without } from "../text.js";
import { dataInputs, renamed, takeable } from "./named.js";

const PATH = ["model", "inputs"];
const NODES = ["model", "nodes"];
/** So many columns are listed by number; wider rows are typed. */
const MOST_NUMBERS = 256;

export function graphInputs(desk) {
  const value = desk.sheet.at(PATH);
  return h(
    "fieldset",
    { class: "part inputs", key: "inputs", "data-pointer": "/model/inputs", tabindex: "-1" },
    h("legend", {}, "Inputs"),
    value === undefined ? all(desk) : Array.isArray(value) ? chosen(desk, value) : jsonField(desk, PATH, "inputs"),
  );
}

/** All the data set has; the usual. */
function all(desk) {
  const names = dataInputs(desk);
  return [
    h("p", { class: "hint" }, `All the data set has: ${names.join(", ")}.`),
    h(
      "button",
      {
        type: "button",
        class: "quiet add",
        id: "choose/inputs",
        onclick: () => {
          desk.edit((text) => put(text, PATH, names));
          desk.focus("add/model/inputs");
        },
      },
      "Choose inputs, or slices of columns",
    ),
  ];
}

function chosen(desk, list) {
  return [
    h(
      "p",
      { class: "hint" },
      "Inputs of the data set, and slices: some of a table's columns under a name of their own.",
    ),
    faultNote(desk, "/model/inputs", "f/model/inputs", false),
    plain(desk, list),
    list.map((one, i) => (isObject(one) ? slice(desk, one, i) : null)),
    h(
      "div",
      { class: "row" },
      adding("+ Add an input", "add/model/inputs", () => addedInput(desk, list)),
      adding("+ Add a slice", "add/slice", () => addedSlice(desk, list)),
      h(
        "button",
        {
          type: "button",
          class: "quiet small",
          onclick: () => {
            desk.edit((text) => without(text, PATH));
            desk.focus("choose/inputs");
          },
        },
        "All the data set has",
      ),
    ),
  ];
}

const adding = (text, id, act) => h("button", { type: "button", class: "quiet add", id, onclick: act }, text);

/** Inputs of the data set, side by side. */
function plain(desk, list) {
  const names = dataInputs(desk).map((name) => [name, name]);
  const shown = list.map((value, i) =>
    isObject(value)
      ? null
      : pick(desk, PATH, i, {
          value,
          item: "input",
          choices: names,
          taken: { label: `Remove input ${value}`, act: () => removed(desk, i) },
        }),
  );
  return shown.some(Boolean) ? h("div", { class: "arg picks" }, h("div", { class: "row" }, shown)) : null;
}

/** Some columns of a table under a name of their own. */
function slice(desk, one, index) {
  const place = [...PATH, String(index)],
    pointer = pointerOf(place);
  const inputs = dataInputs(desk);
  const several = inputs.length > 1 || "of" in one;
  return h(
    "div",
    { class: "item slice", key: pointer, role: "group", "aria-label": `Slice ${one.name ?? index + 1}` },
    h(
      "div",
      { class: "row" },
      h("b", {}, "Slice"),
      h("span", { class: "note small grow" }, "Some columns of a table."),
      removal(desk, index, String(one.name ?? "slice")),
    ),
    faultNote(desk, pointer, `f${pointer}`, false),
    h(
      "div",
      { class: "args" },
      nameField(desk, [...place, "name"], "name", (next) =>
        desk.edit((text) => renamed(desk, put(text, [...place, "name"], next), NODES, one.name, next)),
      ),
      several
        ? argumentField(
            desk,
            [...place, "of"],
            {
              kinds: ["enum"],
              choices: inputs,
              required: inputs.length > 1,
              help: "The input whose columns these are.",
            },
            { tunable: false, owner: "slice", plainHint: true },
          )
        : null,
    ),
    pickList(desk, [...place, "columns"], {
      label: "columns",
      item: "column",
      choices: columnsOf(desk, one.of ?? inputs[0]),
      hint: "By name, or by number from 0.",
    }),
    leftOver(desk, place, ["name", "of", "columns"]),
  );
}

/** The columns of an input: by name where a table is the only one, else by number; none when that is not known. */
function columnsOf(desk, name) {
  const data = chosenData(desk);
  const own = data?.inputs?.find((one) => one.name === name);
  const named = data?.columns?.length ? data.columns.map((one) => one.name) : (data?.feature_names ?? []);
  if (!own && named.length) return named.map((one) => [one, one]);
  const width = (own?.shape ?? data?.input_shape ?? []).at(-1) ?? 0;
  return width <= MOST_NUMBERS ? Array.from({ length: width }, (_, i) => [i, `number ${i}`]) : [];
}

function removal(desk, index, name) {
  return h(
    "button",
    { type: "button", class: "quiet small", "aria-label": `Remove input ${name}`, onclick: () => removed(desk, index) },
    "✕",
  );
}

function removed(desk, index) {
  const last = desk.sheet.at(PATH).length === 1;
  desk.edit((text) => without(text, last ? PATH : [...PATH, String(index)]));
  desk.focus(last ? "choose/inputs" : "add/model/inputs");
}

function addedInput(desk, list) {
  const names = dataInputs(desk);
  const next = names.find((name) => !list.includes(name)) ?? names[0];
  desk.edit((text) => insert(text, PATH, list.length, next));
  desk.focus(`f/model/inputs/${list.length}`);
}

function addedSlice(desk, list) {
  const taken = [...takeable(desk, NODES), ...dataInputs(desk)];
  let name = "slice";
  for (let i = 2; taken.includes(name); i += 1) name = `slice_${i}`;
  const inputs = dataInputs(desk);
  // Of several inputs the first that is a table or a row is the likely one.
  const of = inputs.find((one) => columnsOf(desk, one).length) ?? inputs[0];
  const columns = columnsOf(desk, of)
    .slice(0, 1)
    .map(([column]) => column);
  const made = { name, ...(inputs.length > 1 ? { of } : {}), columns };
  desk.edit((text) => insert(text, PATH, list.length, made));
  desk.focus(`f/model/inputs/${list.length}/name`);
}
