// The model: which type it is, and what it is made of.
import { confirmed } from "../../../components/confirm.js";
import { jsonField, leftOver } from "../fields/asjson.js";
import { faultNote } from "../fields/faults.js";
import { h } from "../h.js";
import { isObject } from "../json.js";
import { chosenData } from "../parts/data.js";
import { application } from "./application.js";
import { typesOf } from "./begin.js";
import { builder } from "./builder.js";
import { sklearn } from "./estimator.js";
import { graph } from "./graph.js";
import { layerList } from "./layers.js";
import { retyped } from "./retyped.js";

const FORMS = { sequential, graph, application, sklearn, builder };

export function modelSection(desk) {
  const model = desk.sheet.at(["model"]);
  if (!isObject(model))
    return [typeField(desk, {}), jsonField(desk, ["model"], "model", "A model is an object with a type.")];
  const form = Object.hasOwn(FORMS, model.type) ? FORMS[model.type] : null;
  return [
    typeField(desk, model),
    undoNote(desk),
    faultNote(desk, "/model", "f/model", false),
    form
      ? form(desk, model)
      : jsonField(desk, ["model"], "model", "There are no fields for a model of this type: write it here as JSON."),
  ];
}

/** Which type; another one begins with a small model of that type. */
function typeField(desk, { type }) {
  const id = "f/model/type",
    fault = faultNote(desk, "/model/type", id),
    known = typesOf(desk.catalogue);
  const names = [...new Set([...(type === undefined ? [""] : []), ...Object.keys(known), String(type ?? "")])];
  return h(
    "div",
    { class: `field arg type${fault ? " faulty" : ""}`, key: "type" },
    h("div", { class: "top" }, h("label", { for: id }, "Type")),
    h(
      "select",
      {
        id,
        "data-pointer": "/model/type",
        "aria-invalid": fault ? "true" : null,
        "aria-describedby": `${id}:hint${fault ? ` ${id}:fault` : ""}`,
        value: String(type ?? ""),
        onchange: (event) => replaced(desk, event.target.value),
      },
      names.map((name) => h("option", { value: name }, known[name] ? `${name}: ${known[name]}` : name || "choose")),
    ),
    fault,
    h(
      "div",
      { class: "hint", id: `${id}:hint` },
      "Another type begins with a small model of that type, which takes the place of this one.",
    ),
  );
}

async function replaced(desk, type) {
  const question = `Replace the model by a small one of type ${type}? What only the old one used goes with it; Undo brings all of it back.`;
  if (!(await confirmed(question, "Replace"))) {
    desk.redraw();
    return;
  }
  const before = desk.sheet.text;
  const known = { catalogue: desk.catalogue, data: chosenData(desk) };
  desk.edit((text) => retyped(text, type, known), { step: true });
  desk.ui.replaced = { before, after: desk.sheet.text, type };
  desk.say(`The model is of type ${type} now.`);
  desk.redraw();
  desk.focus("f/model/type");
}

/** A way back, until something else is changed. */
function undoNote(desk) {
  const { before, after, type } = desk.ui.replaced ?? {};
  if (after === undefined || after !== desk.sheet.text) return null;
  return h(
    "div",
    { class: "warn-box row", key: "undo" },
    h("span", { class: "grow" }, `The model was replaced by a small one of type ${type}.`),
    h(
      "button",
      {
        type: "button",
        onclick: () => {
          desk.edit(() => before, { step: true });
          desk.say("The model is back.");
          desk.focus("f/model/type");
        },
      },
      "Bring the old one back",
    ),
  );
}

function sequential(desk) {
  return [
    layerList(desk, ["model", "layers"], { label: "Layers", empty: "No layers yet." }),
    leftOver(desk, ["model"], ["type", "layers"]),
  ];
}
