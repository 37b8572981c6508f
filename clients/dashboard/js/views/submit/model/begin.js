// A small model of a type to begin with, made for the data set: it trains as it stands.
import { SUITED } from "../adapt.js";
import { freshName } from "../holes.js";

/** A backbone that is small, and has weights for small images. */
const BACKBONE = "MobileNetV2";
const SMALLEST_IMAGE = 32;
const CODE = `import keras


def build(hp):
    model = keras.Sequential([
        keras.layers.Flatten(),
        keras.layers.Dense(hp.Int("units", 32, 256, step=32), activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
`;

/** What may be chosen, each with what it is; types that the service offers nothing for are left out. */
export function typesOf({ document }) {
  const some = (section) => Object.keys(document[section] ?? {}).length > 0;
  return {
    sequential: "layers in a row",
    graph: "nodes that take each other's outputs",
    ...(some("applications") ? { application: "a pretrained backbone with layers around it" } : {}),
    ...(some("estimators") ? { sklearn: "an estimator of scikit-learn" } : {}),
    ...(some("builders") || document.code ? { builder: "a Python function that makes the model" } : {}),
  };
}

/**
 * A model and the hyperparameters it needs: `{model, hyperparameters}`.
 *
 * @param definition  without the model that was there before
 * @param data        what is known of the data set; undefined when it is not here
 */
export function smallModel(type, definition, { catalogue, data }) {
  const task = SUITED[data?.task] ? data.task : "classification";
  const made = { sequential, graph, application, sklearn, builder }[type];
  return made(definition, { document: catalogue.document, data, task });
}

const named = (definition, name, range) => ({ name: freshName(definition, name, "model", false), ...range });
const UNITS = { type: "int", min_value: 32, max_value: 256, step: 32, default: 64 };

/** The layer that predicts. */
function last({ units, activation }) {
  return { layer: "Dense", units: { data: units }, ...(activation ? { activation } : {}) };
}

/** Whether examples are tokens, which want an embedding first. */
function tokens({ dataset }, data) {
  if (data?.kind === "text") return (dataset?.preprocessing?.text?.output ?? "int") === "int";
  return Boolean(data?.max_token) && (dataset?.scale ?? data.scale) === "none";
}

function flattening(definition, data) {
  return tokens(definition, data)
    ? [
        { layer: "Embedding", input_dim: { data: "vocabulary_size" }, output_dim: 32 },
        { layer: "GlobalAveragePooling1D" },
      ]
    : [{ layer: "Flatten" }];
}

function sequential(definition, { data, task }) {
  const units = named(definition, "units", UNITS);
  const hidden = { layer: "Dense", units: { hp: units.name }, activation: "relu" };
  const layers = [...flattening(definition, data), hidden, last(SUITED[task])];
  return { model: { type: "sequential", layers }, hyperparameters: [units] };
}

/** A node for each input, one for all of them together, and one for each target. */
function graph(definition, { data, task }) {
  const units = named(definition, "units", UNITS);
  const inputs = data?.inputs?.length ? data.inputs.map(({ name }) => name) : ["x"];
  const several = inputs.length > 1;
  const flat = inputs.map((name) => ({
    name: several ? `flat_${name}` : "flat",
    inputs: [name],
    layers: flattening(definition, several ? undefined : data),
  }));
  const flats = flat.map(({ name }) => name);
  const joined = several ? [{ name: "joined", layer: "Concatenate", inputs: flats }] : [];
  const body = {
    name: "hidden",
    layer: "Dense",
    units: { hp: units.name },
    activation: "relu",
    inputs: [several ? "joined" : "flat"],
  };
  const taken = [...inputs, ...flats, "joined", "hidden"];
  const ends = endsOf(data, task, taken);
  const nodes = [...flat, ...joined, body, ...ends.map(({ node }) => node)];
  const outputs = ends[0].target ? Object.fromEntries(ends.map(({ target, node }) => [target, node.name])) : ["out"];
  return { model: { type: "graph", nodes, outputs }, hyperparameters: [units] };
}

function endsOf(data, task, taken) {
  const { layer, ...more } = last(SUITED[task]);
  if (!(data?.targets?.length > 1)) return [{ node: { name: "out", layer, ...more, inputs: ["hidden"] } }];
  return data.targets.map(({ name, task: own, num_classes: classes, shape }) => {
    const { activation } = SUITED[own] ?? SUITED.regression;
    const node = {
      name: taken.includes(name) ? `${name}_out` : name,
      layer: "Dense",
      units: own === "regression" ? (shape ?? []).reduce((all, one) => all * one, 1) : classes,
      ...(activation ? { activation } : {}),
      inputs: ["hidden"],
    };
    return { target: name, node };
  });
}

function application(definition, { document, data, task }) {
  const rate = named(definition, "dropout", { type: "float", min_value: 0, max_value: 0.5, step: 0.1, default: 0.2 });
  const shape = data?.input_shape ?? [];
  const small = shape.length < 2 || Math.min(shape[0], shape[1]) < SMALLEST_IMAGE;
  return {
    model: {
      type: "application",
      application: BACKBONE in document.applications ? BACKBONE : Object.keys(document.applications)[0],
      weights: null,
      ...(small ? { image_size: [96, 96] } : {}),
      head: [{ layer: "Dropout", rate: { hp: rate.name } }, last(SUITED[task])],
    },
    hyperparameters: [rate],
  };
}

function sklearn(definition, { document, task }) {
  const wanted = task === "regression" ? "RandomForestRegressor" : "RandomForestClassifier";
  const known = wanted in document.estimators;
  const trees = named(definition, "trees", { type: "int", min_value: 50, max_value: 400, step: 50, default: 100 });
  return {
    model: {
      type: "sklearn",
      estimator: known ? wanted : Object.keys(document.estimators)[0],
      ...(known ? { n_estimators: { hp: trees.name } } : {}),
    },
    hyperparameters: known ? [trees] : [],
  };
}

function builder(_, { document }) {
  const [name] = Object.keys(document.builders ?? {});
  const model = name ? { type: "builder", builder: name } : { type: "builder", code: CODE, entry: "build" };
  return { model, hyperparameters: [] };
}
