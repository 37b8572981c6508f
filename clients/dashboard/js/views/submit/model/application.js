// A pretrained backbone with layers around it.
import { argumentField } from "../fields/argument.js";
import { jsonField, leftOver } from "../fields/asjson.js";
import { faultNote } from "../fields/faults.js";
import { argumentsAt, classField } from "../fields/things.js";
import { FIELDS } from "../frame.js";
import { h } from "../h.js";
import { dropUnused, hole } from "../holes.js";
import { isObject, pointerOf } from "../json.js";
import { layerList } from "./layers.js";
import { put } from "../text.js";

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

/** A choice between ways to say something, with the fields of the way below it. */
function wayField(desk, path, { label, ways, now, begin, help }, ...below) {
  const pointer = pointerOf(path),
    id = `kind${pointer}`,
    fault = faultNote(desk, pointer, id, false);
  return h(
    "div",
    { class: `field arg${fault ? " faulty" : ""}`, key: pointer },
    h("div", { class: "top" }, h("label", { for: id }, label)),
    h(
      "select",
      {
        id,
        "data-pointer": pointer,
        "aria-invalid": fault ? "true" : null,
        "aria-describedby": `${id}:hint${fault ? ` ${id}:fault` : ""}`,
        value: now,
        onchange: (event) => desk.edit((text) => dropUnused(text, put(text, path, begin[event.target.value]))),
      },
      Object.entries(ways).map(([name, text]) => h("option", { value: name }, text)),
    ),
    fault,
    h("div", { class: "hint", id: `${id}:hint` }, help),
    below,
  );
}

const WEIGHTS = {
  random: "random",
  imagenet: "ImageNet's",
  weights: "an uploaded file",
  trial: "an earlier trial",
};

/** What the backbone begins with. */
function weights(desk, model) {
  const path = ["model", "weights"],
    value = model.weights;
  const now =
    value === undefined || value === null ? "random" : value === "imagenet" ? value : (Object.keys(value)[0] ?? "");
  if (!(now in WEIGHTS)) return jsonField(desk, path, "weights");
  const named = (name, label, help) =>
    argumentField(
      desk,
      [...path, name],
      { kinds: ["string"], required: true, help },
      { tunable: false, owner: "weights", label, plainHint: true },
    );
  return wayField(
    desk,
    path,
    {
      label: "weights",
      ways: WEIGHTS,
      now,
      begin: { random: null, imagenet: "imagenet", weights: { weights: "" }, trial: { trial: "" } },
      help: "What the backbone begins with.",
    },
    now === "weights" ? named("weights", "file", "The name or id of uploaded weights.") : null,
    now === "trial" ? named("trial", "trial", "The id of a trial of yours: its best weights are taken.") : null,
  );
}

const TRAINABLE = {
  usual: "as usual: frozen with given weights",
  true: "all of it",
  false: "none of it",
  last: "the last layers",
  from: "from a layer on",
};

/** Which of the backbone's layers learn along. */
function trainable(desk, model, entry) {
  const path = ["model", "trainable"],
    value = model.trainable;
  if (hole(value) !== null)
    return argumentField(desk, path, { kinds: ["bool"], required: false, help: "" }, { owner: "backbone" });
  const now = value === undefined ? "usual" : isObject(value) ? Object.keys(value)[0] : String(value);
  if (!(now in TRAINABLE)) return jsonField(desk, path, "trainable");
  return wayField(
    desk,
    path,
    {
      label: "trainable",
      ways: TRAINABLE,
      now,
      begin: { true: true, false: false, last: { last: 20 }, from: { from: entry?.layers?.at(-1) ?? "" } },
      help: "Which of the backbone's layers learn along.",
    },
    now === "last" ? lastLayers(desk, path) : null,
    now === "from" ? fromLayer(desk, path, entry) : null,
  );
}

function lastLayers(desk, path) {
  const argument = { kinds: ["int"], minimum: 0, maximum: 5000, required: true, facts: false, help: "So many." };
  return argumentField(desk, [...path, "last"], argument, { owner: "backbone", label: "last layers" });
}

function fromLayer(desk, path, entry) {
  const argument = entry?.layers
    ? { kinds: ["enum"], choices: entry.layers, required: true, help: "This layer and all after it." }
    : { kinds: ["string"], required: true, help: "The name of a layer of the backbone." };
  return argumentField(desk, [...path, "from"], argument, { owner: "backbone", label: "from layer" });
}
