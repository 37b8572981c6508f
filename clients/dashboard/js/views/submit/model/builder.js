// A builder: a function that makes compiled models.
import { argumentField } from "../fields/argument.js";
import { jsonField, leftOver } from "../fields/asjson.js";
import { faultNote } from "../fields/faults.js";
import { h, settled, typed } from "../h.js";
import { put } from "../text.js";

const PATH = ["model"];

export function builder(desk, model) {
  return [
    h(
      "div",
      { class: "args" },
      "code" in model ? [codeNote(desk), codeField(desk, model), entryField(desk)] : nameField(desk, model),
      "arguments" in model ? argumentsField(desk) : null,
    ),
    "arguments" in model ? null : argumentsButton(desk),
    leftOver(desk, PATH, ["type", "code", "entry", "builder", "arguments"]),
  ];
}

function nameField(desk, model) {
  const known = desk.catalogue.document.builders ?? {};
  const help = known[model.builder]?.help ?? "Registered by the operator.";
  return argumentField(
    desk,
    [...PATH, "builder"],
    { kinds: ["enum"], choices: Object.keys(known), required: true, help },
    { tunable: false },
  );
}

function codeNote(desk) {
  if (desk.catalogue.document.code) return null;
  return h(
    "div",
    { class: "warn-box wide" },
    "This service takes no code; ask its operator, or name a registered builder.",
  );
}

function codeField(desk, model) {
  const pointer = "/model/code",
    id = `f${pointer}`,
    fault = faultNote(desk, pointer, id);
  return h(
    "div",
    { class: "field arg wide", key: pointer },
    h("label", { for: id }, "code"),
    h("textarea", {
      id,
      class: "mono",
      rows: "14",
      spellcheck: "false",
      "data-pointer": pointer,
      value: String(model.code),
      "aria-invalid": fault ? "true" : null,
      "aria-describedby": fault ? `${id}:fault` : null,
      oninput: (event) => typed(event, (text) => desk.edit((all) => put(all, [...PATH, "code"], text))),
      onblur: settled,
    }),
    fault,
  );
}

function entryField(desk) {
  return argumentField(
    desk,
    [...PATH, "entry"],
    { kinds: ["string"], required: true, help: "The name of the function or class in it." },
    { tunable: false },
  );
}

/** Whatever the function takes: only it knows, so these are JSON. */
function argumentsField(desk) {
  const note =
    'What the function takes besides hp, by name: {"num_classes": 10}. Only the function knows, so this is JSON.';
  return jsonField(desk, [...PATH, "arguments"], "arguments", note);
}

function argumentsButton(desk) {
  return h(
    "button",
    {
      type: "button",
      class: "quiet add",
      onclick: () => {
        desk.edit((text) => put(text, [...PATH, "arguments"], {}));
        desk.focus("f/model/arguments");
      },
    },
    "+ Give arguments",
  );
}
