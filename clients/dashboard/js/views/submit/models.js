// The model: a list of layers, a backbone with a head, a graph, an estimator, or a builder.
import { argumentField, faultNote, jsonField } from "./fields.js";
import { FIELDS } from "./frame.js";
import { h, settled, typed } from "./h.js";
import { layerList } from "./layers.js";
import { pointerOf, put, without } from "./text.js";
import { argumentFields, argumentsAt, classField } from "./things.js";

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const KINDS = {
  sequential: "layers in a row",
  graph: "nodes that take each other's outputs",
  application: "pretrained backbone",
  sklearn: "scikit-learn estimator",
  builder: "builder of yours",
};

export function modelSection(desk) {
  const model = desk.sheet.at(["model"]);
  if (!isObject(model)) return [jsonField(desk, ["model"], "model", "A model is an object with a type.")];
  const form = { sequential, graph, application, sklearn, builder }[model.type];
  const fault = faultNote(desk, "/model", "f/model", false);
  const typeFault = faultNote(desk, "/model/type", "f/model/type");
  return [
    h(
      "p",
      { class: "note small", "data-pointer": "/model/type", tabindex: "-1", id: "f/model/type" },
      `Type ${String(model.type ?? "not given")}${KINDS[model.type] ? `: ${KINDS[model.type]}` : ""}. `,
      "Another type is another template: start over to choose one.",
    ),
    fault,
    typeFault,
    form
      ? form(desk, model)
      : jsonField(
          desk,
          ["model"],
          "model",
          "The form has no fields for a model of this type; it stays as it is written.",
        ),
  ];
}

/** What is in a part and was shown by nobody, as JSON. */
export function leftOver(desk, path, known) {
  const value = desk.sheet.at(path);
  return isObject(value)
    ? Object.keys(value)
        .filter((key) => !known.includes(key))
        .map((key) => jsonField(desk, [...path, key], key))
    : [];
}

function sequential(desk) {
  return [
    layerList(desk, ["model", "layers"], { label: "Layers", empty: "No layers yet." }),
    leftOver(desk, ["model"], ["type", "layers"]),
  ];
}

function graph(desk, model) {
  return [
    isObject(model.inputs) || model.inputs === undefined
      ? null
      : names(desk, ["model", "inputs"], "inputs", "Inputs of the data set by name; x when they have no names."),
    layerList(desk, ["model", "nodes"], { flavour: "nodes", label: "Nodes" }),
    names(
      desk,
      ["model", "outputs"],
      "outputs",
      "The node the model ends with; of several targets a JSON object with a node for each.",
    ),
    leftOver(desk, ["model"], ["type", "inputs", "nodes", "outputs"]),
  ];
}

function names(desk, path, label, help) {
  const value = desk.sheet.at(path);
  if (value !== undefined && !(Array.isArray(value) && value.every((one) => typeof one === "string")))
    return jsonField(desk, path, label, help);
  return argumentField(
    desk,
    path,
    { kinds: ["string_list"], required: path.at(-1) === "outputs", help },
    { tunable: false, owner: "model", label },
  );
}

function application(desk, model) {
  const path = ["model"];
  const extra = argumentsAt(desk, "application", model.application);
  const fits = (entry) => ["augmentation", "preprocessing", "regularization"].includes(entry.group);
  const entry = desk.catalogue.entry("application", model.application);
  return [
    h(
      "div",
      { class: "args" },
      classField(desk, path, "application", { label: "application", tunable: true, help: "The backbone." }),
      weights(desk, model),
      trainable(desk, model, entry),
      ["pooling", "image_size", "preprocess"].map((name) =>
        argumentField(desk, [...path, name], FIELDS.application[name], {
          owner: "backbone",
          tunable: name === "pooling",
        }),
      ),
      Object.entries(extra).map(([name, argument]) =>
        argumentField(desk, [...path, name], argument, { owner: "backbone" }),
      ),
    ),
    h("h3", {}, "Augmentation"),
    h("p", { class: "hint" }, "In front of the backbone, in training only."),
    layerList(desk, [...path, "augmentation"], { label: "Augmentation", fits, empty: "No augmentation." }),
    h("h3", {}, "Head"),
    h("p", { class: "hint" }, "Behind the backbone."),
    layerList(desk, [...path, "head"], { label: "Head", empty: "At least one layer is needed." }),
    leftOver(desk, path, [
      "type",
      "application",
      "weights",
      "trainable",
      "pooling",
      "image_size",
      "preprocess",
      "augmentation",
      "head",
      ...Object.keys(extra),
    ]),
  ];
}

function weights(desk, model) {
  if (isObject(model.weights))
    return jsonField(
      desk,
      ["model", "weights"],
      "weights",
      'An uploaded file: {"weights": name}. An earlier trial: {"trial": id}.',
    );
  return argumentField(
    desk,
    ["model", "weights"],
    {
      kinds: ["enum", "null"],
      choices: ["imagenet"],
      required: false,
      default: null,
      help: "What the backbone begins with; none is random. Uploaded files and earlier trials are named in JSON.",
    },
    { owner: "backbone", tunable: false },
  );
}

function trainable(desk, model, entry) {
  const path = ["model", "trainable"],
    pointer = pointerOf(path),
    id = `kind${pointer}`;
  const value = model.trainable;
  const kind =
    value === undefined
      ? ""
      : typeof value === "boolean"
        ? String(value)
        : isObject(value) && "last" in value
          ? "last"
          : isObject(value) && "from" in value
            ? "from"
            : "other";
  if (kind === "other") return jsonField(desk, path, "trainable");
  const start = {
    "": undefined,
    true: true,
    false: false,
    last: { last: 20 },
    from: { from: entry?.layers?.at(-1) ?? "" },
  };
  return h(
    "div",
    { class: "field arg", key: pointer },
    h("div", { class: "top" }, h("label", { for: id }, "trainable")),
    h(
      "select",
      {
        id,
        "data-pointer": pointer,
        value: kind,
        onchange: (event) =>
          desk.edit((text) =>
            event.target.value === "" ? without(text, path) : put(text, path, start[event.target.value]),
          ),
      },
      [
        ["", "as usual: frozen with given weights"],
        ["true", "all of it"],
        ["false", "none of it"],
        ["last", "the last layers"],
        ["from", "from a layer on"],
      ].map(([name, text]) => h("option", { value: name }, text)),
    ),
    faultNote(desk, pointer, id, false),
    kind === "last"
      ? argumentField(
          desk,
          [...path, "last"],
          {
            kinds: ["int"],
            minimum: 0,
            maximum: 5000,
            required: true,
            facts: false,
            help: "How many of the backbone's layers learn along.",
          },
          { owner: "backbone", label: "last layers" },
        )
      : null,
    kind === "from"
      ? argumentField(
          desk,
          [...path, "from"],
          entry?.layers
            ? {
                kinds: ["enum"],
                choices: entry.layers,
                required: true,
                help: "This layer and all after it learn along.",
              }
            : { kinds: ["string"], required: true, help: "The name of a layer of the backbone." },
          { owner: "backbone", label: "from layer" },
        )
      : null,
  );
}

function sklearn(desk, model) {
  if ("steps" in model) {
    return [
      h(
        "p",
        { class: "hint" },
        "Steps that prepare the rows, and the estimator last; of several estimators each needs a condition.",
      ),
      layerList(desk, ["model", "steps"], { flavour: "steps", label: "Steps" }),
      leftOver(desk, ["model"], ["type", "steps"]),
    ];
  }
  return [
    classField(desk, ["model"], "estimator", { label: "estimator", tunable: true }),
    argumentFields(desk, ["model"], "estimator", { skip: ["type"] }),
  ];
}

function builder(desk, model) {
  const known = Object.entries(desk.catalogue.document.builders ?? {});
  const parts = [];
  if ("code" in model) {
    const pointer = "/model/code",
      id = `f${pointer}`,
      fault = faultNote(desk, pointer, id);
    parts.push(
      desk.catalogue.document.code
        ? null
        : h(
            "div",
            { class: "warn-box" },
            "This service takes no code; ask its operator, or name a registered builder.",
          ),
      h(
        "div",
        { class: "field arg", key: pointer },
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
          oninput: (event) => typed(event, (text) => desk.edit((all) => put(all, ["model", "code"], text))),
          onblur: settled,
        }),
        fault,
      ),
      argumentField(
        desk,
        ["model", "entry"],
        { kinds: ["string"], required: true, help: "The name of the function or class in it." },
        { tunable: false },
      ),
    );
  } else {
    parts.push(
      argumentField(
        desk,
        ["model", "builder"],
        {
          kinds: ["enum"],
          choices: known.map(([name]) => name),
          required: true,
          help: desk.catalogue.document.builders?.[model.builder]?.help ?? "Registered by the operator.",
        },
        { tunable: false },
      ),
    );
  }
  parts.push(
    "arguments" in model
      ? jsonField(desk, ["model", "arguments"], "arguments", "Plain JSON keyword arguments of the builder.")
      : null,
  );
  return [
    h("div", { class: "args" }, parts),
    leftOver(desk, ["model"], ["type", "code", "entry", "builder", "arguments"]),
  ];
}
