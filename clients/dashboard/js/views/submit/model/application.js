// A pretrained backbone with layers around it.
import { argumentField } from "../fields/argument.js";
import { jsonField, leftOver } from "../fields/asjson.js";
import { faultNote } from "../fields/faults.js";
import { argumentsAt, classField } from "../fields/things.js";
import { FIELDS } from "../frame.js";
import { h } from "../h.js";
import { isObject, pointerOf } from "../json.js";
import { layerList } from "./layers.js";
import { put, without } from "../text.js";

export function application(desk, model) {
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
