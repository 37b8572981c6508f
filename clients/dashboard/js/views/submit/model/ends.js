// What a graph ends with: one node, or a node for each target of the data set.
import { jsonField } from "../fields/asjson.js";
import { faultNote } from "../fields/faults.js";
import { nameField } from "../fields/names.js";
import { pickList } from "../fields/picks.js";
import { argumentField } from "../fields/argument.js";
import { h } from "../h.js";
import { isObject, pointerOf } from "../json.js";
import { chosenData } from "../parts/data.js";
import { put, renameKey, without } from "../text.js";

const PATH = ["model", "outputs"];

export function graphOutputs(desk) {
  const value = desk.sheet.at(PATH);
  const nodes = (desk.sheet.at(["model", "nodes"]) ?? []).map?.((node) => node?.name) ?? [];
  const names = nodes.filter((name) => typeof name === "string");
  const shown = isObject(value)
    ? [faultNote(desk, "/model/outputs", "f/model/outputs", false), named(desk, value, names)]
    : value === undefined || Array.isArray(value)
      ? listed(desk, value ?? [], names)
      : jsonField(desk, PATH, "outputs");
  return h("fieldset", { class: "part", key: "outputs" }, h("legend", {}, "Outputs"), shown);
}

/** Nodes by themselves: the usual one output. */
function listed(desk, list, names) {
  const targets = (chosenData(desk)?.targets ?? []).map(({ name }) => name);
  return [
    pickList(desk, PATH, {
      label: "ends with",
      item: "node",
      choices: names.map((name) => [name, name]),
      hint: "The node the model ends with. A data set with several targets needs a node for each.",
    }),
    h(
      "button",
      {
        type: "button",
        class: "quiet small more",
        onclick: () => {
          const last = names.at(-1) ?? "";
          const pairs = targets.length
            ? targets.map((name, i) => [name, names.includes(name) ? name : (list[i] ?? last)])
            : (list.length ? list : [last]).map((node) => [node, node]);
          desk.edit((text) => put(text, PATH, Object.fromEntries(pairs)));
          desk.focus("add/model/outputs");
        },
      },
      targets.length ? "A node for each target" : "Give the outputs names",
    ),
  ];
}

/** Outputs by name, each with its node. */
function named(desk, value, names) {
  const entries = Object.entries(value);
  return [
    h("p", { class: "hint" }, "Each target of the data set by its name, and the node that predicts it."),
    entries.map(([name], i) => pair(desk, name, i, names)),
    h(
      "div",
      { class: "row" },
      h(
        "button",
        { type: "button", class: "quiet add", id: "add/model/outputs", onclick: () => added(desk, value, names) },
        "+ Add an output",
      ),
      h(
        "button",
        {
          type: "button",
          class: "quiet small",
          onclick: () => desk.edit((text) => put(text, PATH, [...new Set(Object.values(value))])),
        },
        "Without names",
      ),
    ),
  ];
}

function pair(desk, name, index, names) {
  const place = [...PATH, name];
  return h(
    "div",
    { class: "item output", key: `output${index}`, role: "group", "aria-label": `Output ${name}` },
    h(
      "div",
      { class: "row" },
      nameField(desk, place, "output", (next) => desk.edit((text) => renamedOutput(text, name, next)), {
        value: name,
        id: `name${pointerOf(place)}`,
      }),
      argumentField(
        desk,
        place,
        { kinds: ["enum"], choices: names, required: true, help: "" },
        { tunable: false, owner: name, label: "node", plainHint: true },
      ),
      h(
        "button",
        {
          type: "button",
          class: "quiet small",
          "aria-label": `Remove output ${name}`,
          onclick: () => {
            desk.edit((text) => without(text, place));
            desk.focus("add/model/outputs");
          },
        },
        "✕",
      ),
    ),
  );
}

/** The text with an output called otherwise, also where its loss and metrics are given. */
function renamedOutput(text, name, next) {
  const places = [PATH, ["compile", "loss", "outputs"], ["compile", "loss_weights"], ["compile", "metrics", "outputs"]];
  return places.reduce((all, place) => renameKey(all, [...place, name], next), text);
}

function added(desk, value, names) {
  const targets = (chosenData(desk)?.targets ?? []).map(({ name }) => name);
  let name = targets.find((one) => !(one in value)) ?? "output";
  for (let i = 2; name in value; i += 1) name = `output_${i}`;
  desk.edit((text) => put(text, [...PATH, name], names.includes(name) ? name : (names.at(-1) ?? "")));
  desk.focus(`name${pointerOf([...PATH, name])}`);
}
