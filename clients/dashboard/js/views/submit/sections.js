// The other parts of the form: data, training, objective, tuner and limits, and all hyperparameters in one place.
import { suited, unsuited } from "./adapt.js";
import { argumentField, faultNote, jsonField } from "./fields.js";
import { FIELDS, TUNERS, DEFAULT_TRIALS } from "./frame.js";
import { h, settled, typed } from "./h.js";
import { declared, dropUnused, means, uses } from "./holes.js";
import { leftOver } from "./models.js";
import { picked } from "./picker.js";
import { rangeEditor, rangeText, whenText } from "./ranges.js";
import { insert, pointerOf, put, renameKey, without } from "./text.js";
import { argumentFields, classField, fresh } from "./things.js";

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const fields = (desk, path, known, names, more = {}) =>
  names.map((name) =>
    argumentField(desk, [...path, name], known[name], { tunable: false, label: words(name), ...more }),
  );
export const words = (name) => name.replaceAll("_", " ").replace(/^./, (first) => first.toUpperCase());

export function nameSection(desk) {
  const id = "f/name",
    fault = faultNote(desk, "/name", id);
  return [
    h(
      "div",
      { class: "args" },
      h(
        "div",
        { class: "field arg", key: "/name" },
        h("div", { class: "top" }, h("label", { for: id }, "Name")),
        h("input", {
          id,
          type: "text",
          "data-pointer": "/name",
          maxlength: "128",
          autocomplete: "off",
          "aria-invalid": fault ? "true" : null,
          "aria-describedby": `${id}:hint${fault ? ` ${id}:fault` : ""}`,
          value: String(desk.sheet.at(["name"]) ?? ""),
          oninput: (event) => typed(event, (text) => desk.edit((all) => put(all, ["name"], text))),
          onblur: settled,
        }),
        fault,
        h("div", { class: "hint", id: `${id}:hint` }, "For people; several searches may share it."),
      ),
    ),
    tags(desk),
  ];
}

function tags(desk) {
  const value = desk.sheet.at(["tags"]);
  if (value !== undefined && !isObject(value)) return jsonField(desk, ["tags"], "tags");
  const list = Object.entries(value ?? {});
  const input = (label, text, pointer, act) =>
    h("input", {
      type: "text",
      size: "12",
      "aria-label": label,
      "data-pointer": pointer,
      autocomplete: "off",
      value: text,
      onchange: (event) => act(event.target.value),
    });
  return h(
    "div",
    { class: "field tags", role: "group", "aria-label": "Tags", "data-pointer": "/tags" },
    h("div", { class: "label" }, "Tags"),
    list.map(([key, text], i) =>
      h(
        "div",
        { class: "row", key: `tag${i}` },
        input(`Tag ${i + 1}`, key, pointerOf(["tags", key]), (next) =>
          desk.edit((all) => renameKey(all, ["tags", key], next)),
        ),
        "=",
        input(`Value of ${key}`, String(text), null, (next) => desk.edit((all) => put(all, ["tags", key], next))),
        h(
          "button",
          {
            type: "button",
            class: "quiet small",
            "aria-label": `Remove tag ${key}`,
            onclick: () => {
              desk.edit((all) => (list.length === 1 ? without(all, ["tags"]) : without(all, ["tags", key])));
              desk.focus("add/tags");
            },
          },
          "✕",
        ),
        faultNote(desk, pointerOf(["tags", key]), `ftag${i}`),
      ),
    ),
    h(
      "button",
      {
        type: "button",
        class: "quiet small",
        id: "add/tags",
        onclick: () => {
          let name = "tag";
          for (let i = 2; list.some(([key]) => key === name); i += 1) name = `tag${i}`;
          desk.edit((all) => put(all, ["tags", name], ""));
          desk.focusPointer(pointerOf(["tags", name]));
        },
      },
      "+ Add a tag",
    ),
  );
}

/** What is known of the chosen data set; undefined when it is none of those listed. */
export function chosenData(desk) {
  const { name, id } = desk.sheet.at(["dataset"]) ?? {};
  return id ? desk.datasets.find((one) => one.id === id) : desk.datasets.find((one) => one.name === name);
}

function shape(one) {
  const rows = one.train_rows ? `${one.train_rows.toLocaleString("en")} rows` : "";
  const classesOf = one.num_classes ? `${one.num_classes} ${one.task === "multilabel" ? "labels" : "classes"}` : "";
  return [
    one.task,
    one.input_shape?.length ? one.input_shape.join(" × ") : one.kind === "text" ? "texts" : "",
    classesOf,
    rows,
  ]
    .filter(Boolean)
    .join(" · ");
}

export function dataSection(desk) {
  const path = ["dataset"];
  const value = desk.sheet.at(path);
  if (value !== undefined && !isObject(value)) return [jsonField(desk, path, "dataset")];
  const one = chosenData(desk),
    id = "f/dataset";
  const now = value?.id ? `id:${value.id}` : value?.name !== undefined ? `name:${value.name}` : "";
  const fault = desk
    .faultsAt("/dataset")
    .some(({ pointer }) => ["/dataset", "/dataset/name", "/dataset/id"].includes(pointer));
  const stored = desk.datasets.filter((each) => !each.bundled),
    bundled = desk.datasets.filter((each) => each.bundled && !stored.some((other) => other.name === each.name));
  const option = (each) => h("option", { value: `name:${each.name}` }, `${each.name}: ${shape(each)}`);
  const listed = desk.datasets.some((each) => now === `name:${each.name}`);
  const gone = now && !listed;
  return [
    h(
      "div",
      { class: "field arg", key: "/dataset" },
      h("label", { for: id }, "Data set"),
      h(
        "select",
        {
          id,
          "data-pointer": "/dataset",
          value: now,
          "aria-invalid": fault ? "true" : null,
          "aria-describedby": `${id}:hint${fault ? ` ${id}:fault` : ""}`,
          onchange: (event) => chose(desk, event.target.value.replace("name:", "")),
        },
        now === "" ? h("option", { value: "" }, "choose") : null,
        gone
          ? h(
              "option",
              { value: now },
              value.id ? `${one?.name ?? "one upload"} (${value.id})` : `${value.name} (not here)`,
            )
          : null,
        stored.length ? h("optgroup", { label: "Kept by the service" }, stored.map(option)) : null,
        bundled.length ? h("optgroup", { label: "Built in" }, bundled.map(option)) : null,
      ),
      fault
        ? h(
            "div",
            { class: "fault", id: `${id}:fault` },
            desk
              .faultsAt("/dataset")
              .filter(({ pointer }) => ["/dataset", "/dataset/name", "/dataset/id"].includes(pointer))
              .map(({ detail }) => h("div", {}, detail)),
          )
        : null,
      h(
        "div",
        { class: "hint", id: `${id}:hint` },
        one
          ? [
              one.description ?? one.source ?? "",
              one.needs_network ? " It is fetched from the internet at its first use." : "",
              one.test_rows ? ` ${one.test_rows.toLocaleString("en")} test rows.` : "",
            ]
          : gone
            ? [
                `No data set of this name is here. `,
                h("a", { href: "#/datasets" }, "Upload it"),
                ", or choose another.",
              ]
            : "",
      ),
    ),
    one && unsuited(desk.sheet.value, one.task, desk.catalogue.entry("loss", desk.sheet.at(["compile", "loss"]))?.group)
      ? h(
          "div",
          { class: "warn-box row", key: "suit" },
          h("span", { class: "grow" }, `The loss is not made for ${one.task}.`),
          h(
            "button",
            {
              type: "button",
              onclick: () => {
                desk.edit((text) => suited(text, one.task));
                desk.say("Last layer, loss, metrics and objective changed.");
                desk.focus(id);
              },
            },
            `Change last layer, loss and metrics for ${one.task}`,
          ),
        )
      : null,
    h(
      "details",
      {
        class: "more-of",
        open: desk.ui.open.has("data"),
        ontoggle: (event) => desk.remember("data", event.target.open),
      },
      h("summary", {}, "Scaling, preprocessing, test part"),
      h("div", { class: "args" }, fields(desk, path, FIELDS.dataset, ["scale", "test_split"])),
      preprocessing(desk, one),
    ),
    leftOver(desk, path, ["name", "id", "scale", "test_split", "preprocessing"]),
  ];
}

function chose(desk, name) {
  desk.edit((text) => {
    let next = put(text, ["dataset", "name"], name);
    if (desk.sheet.at(["dataset", "id"]) !== undefined) next = without(next, ["dataset", "id"]);
    return next;
  });
}

const PREPROCESSING = {
  numbers: "Columns of numbers",
  categories: "Columns of categories",
  text: "Texts",
  sequence: "Token sequences",
  window: "Windows of a time series",
};

function preprocessing(desk, one) {
  const path = ["dataset", "preprocessing"];
  const value = desk.sheet.at(path);
  if (value !== undefined && !isObject(value)) return jsonField(desk, path, "preprocessing");
  const suits =
    {
      table: ["numbers", "categories", "window"],
      text: ["text"],
      array: one?.max_token ? ["sequence", "window"] : ["window"],
      image: [],
    }[one?.kind ?? "array"] ?? [];
  const parts = Object.keys(PREPROCESSING).filter((name) => suits.includes(name) || (value && name in value));
  return [
    parts.map((name) => {
      const on = value !== undefined && name in value,
        optional = ["window", "sequence", "text"].includes(name);
      return h(
        "fieldset",
        { key: name, class: "part" },
        h(
          "legend",
          {},
          optional
            ? h(
                "label",
                {},
                h("input", {
                  type: "checkbox",
                  checked: on,
                  "data-pointer": pointerOf([...path, name]),
                  onchange: (event) =>
                    desk.edit((text) =>
                      event.target.checked
                        ? put(
                            text,
                            [...path, name],
                            name === "text" ? { max_tokens: 10000, sequence_length: 200 } : { length: 24 },
                          )
                        : Object.keys(value).length === 1
                          ? without(text, path)
                          : without(text, [...path, name]),
                    ),
                }),
                ` ${PREPROCESSING[name]}`,
              )
            : PREPROCESSING[name],
        ),
        on || !optional
          ? [
              h(
                "div",
                { class: "args" },
                fields(desk, [...path, name], FIELDS[name], Object.keys(FIELDS[name]), {
                  owner: PREPROCESSING[name].toLowerCase(),
                }),
              ),
              leftOver(desk, [...path, name], Object.keys(FIELDS[name])),
            ]
          : null,
      );
    }),
    leftOver(desk, path, Object.keys(PREPROCESSING)),
  ];
}

export function trainingSection(desk) {
  const compile = desk.sheet.at(["compile"]),
    type = desk.sheet.at(["model", "type"]);
  const parts = [];
  if (compile !== undefined && !isObject(compile)) parts.push(jsonField(desk, ["compile"], "compile"));
  else if (type !== "builder") {
    if (type !== "sklearn") {
      parts.push(
        h(
          "fieldset",
          { class: "part", key: "optimizer" },
          h("legend", {}, "Optimizer"),
          classField(desk, ["compile", "optimizer"], "optimizer", { label: "optimizer", tunable: true }),
          argumentFields(desk, ["compile", "optimizer"], "optimizer", { bare: true, owner: "optimizer" }),
        ),
        loss(desk),
      );
    }
    parts.push(
      metrics(desk, type === "sklearn"),
      leftOver(desk, ["compile"], ["optimizer", "loss", "metrics", "loss_weights"]),
      compile?.loss_weights === undefined ? null : jsonField(desk, ["compile", "loss_weights"], "loss_weights"),
    );
  }
  parts.push(fit(desk, type));
  return parts;
}

function loss(desk) {
  const path = ["compile", "loss"],
    value = desk.sheet.at(path);
  if (isObject(value) && "outputs" in value)
    return jsonField(desk, path, "loss", "One for each output; the form has no fields for that.");
  const task = chosenData(desk)?.task;
  const groups = desk.catalogue
    .groups("loss")
    .map(([group, members]) => [group, members.map((one) => ({ ...one, name: one.aliases[0] ?? one.name }))]);
  groups.sort(([a]) => (a === (task === "regression" ? "regression" : "classification") ? -1 : 1));
  return h(
    "fieldset",
    { class: "part", key: "loss" },
    h("legend", {}, "Loss"),
    classField(desk, path, "loss", { label: "loss", tunable: true, groups }),
    argumentFields(desk, path, "loss", { bare: true, owner: "loss" }),
  );
}

function listOf(desk, path, own, { title, label, groups, value = (name) => name, skip = [] }) {
  const items = desk.sheet.at(path);
  if (items !== undefined && !Array.isArray(items))
    return h("fieldset", { class: "part", key: own }, h("legend", {}, label), jsonField(desk, path, own));
  const list = items ?? [];
  return h(
    "fieldset",
    { class: "part", key: own },
    h("legend", {}, label),
    faultNote(desk, pointerOf(path), `f${pointerOf(path)}`, false),
    list.map((item, i) => {
      const place = [...path, String(i)],
        pointer = pointerOf(place);
      const word = isObject(item) ? item[own] : item;
      const entry = desk.catalogue.entry(own, word);
      return h(
        "div",
        { class: "item", key: pointer },
        h(
          "div",
          { class: "row" },
          h("b", { class: "mono", id: `head${pointer}`, tabindex: "-1", "data-pointer": pointer }, String(word ?? "?")),
          h("span", { class: "note small grow" }, entry?.help ?? ""),
          h(
            "button",
            {
              type: "button",
              class: "quiet small",
              "aria-label": `Remove ${word}`,
              onclick: () => {
                desk.edit((text) => dropUnused(text, without(text, place)));
                desk.focus(`add${pointerOf(path)}`);
              },
            },
            "✕",
          ),
        ),
        faultNote(desk, pointer, `f${pointer}`, typeof item === "string"),
        typeof item === "string" && !Object.keys(entry?.arguments ?? {}).some((name) => name !== "name")
          ? null
          : argumentFields(desk, place, own, { bare: true, owner: String(word), skip }),
      );
    }),
    h(
      "button",
      {
        type: "button",
        class: "quiet add",
        id: `add${pointerOf(path)}`,
        "data-pointer": pointerOf(path),
        onclick: async () => {
          const made = await picked({ title, groups: groups() });
          if (!made) return;
          desk.edit((text) => insert(text, path, list.length, value(made.word ?? made.name)));
          desk.focus(`head${pointerOf([...path, String(list.length)])}`);
        },
      },
      `+ ${title}`,
    ),
  );
}

function metrics(desk, estimators) {
  const groups = () =>
    estimators
      ? [
          [
            "metrics of estimators",
            Object.entries(desk.catalogue.document.estimator_metrics ?? {}).map(([name, one]) => ({
              name,
              help: one.help,
            })),
          ],
        ]
      : desk.catalogue
          .groups("metric")
          .map(([group, members]) => [group, members.map((one) => ({ ...one, word: one.aliases[0] ?? one.name }))]);
  const value = desk.sheet.at(["compile", "metrics"]);
  if (isObject(value))
    return h(
      "fieldset",
      { class: "part", key: "metric" },
      h("legend", {}, "Metrics"),
      jsonField(desk, ["compile", "metrics"], "metrics", "One list for each output; the form has no fields for that."),
    );
  return listOf(desk, ["compile", "metrics"], "metric", { title: "Add a metric", label: "Metrics", groups });
}

function fit(desk, type) {
  const path = ["fit"],
    value = desk.sheet.at(path);
  if (value !== undefined && !isObject(value)) return jsonField(desk, path, "fit");
  const part = value ?? {};
  const field = (name, more) =>
    argumentField(desk, [...path, name], FIELDS.fit[name], { label: words(name), owner: "fit", ...more });
  const split = "cross_validation" in part ? "folds" : "validation_split" in part ? "split" : "own";
  const chose = (next) =>
    desk.edit((text) => {
      let changed = text;
      if (next !== "split" && "validation_split" in part)
        changed = dropUnused(changed, without(changed, [...path, "validation_split"]));
      if (next !== "folds" && "cross_validation" in part) changed = without(changed, [...path, "cross_validation"]);
      if (next === "split") changed = put(changed, [...path, "validation_split"], 0.2);
      if (next === "folds") changed = put(changed, [...path, "cross_validation"], { folds: 5 });
      return changed;
    });
  const epochs = type !== "sklearn";
  return [
    h(
      "fieldset",
      { class: "part", key: "fit" },
      h("legend", {}, "Fit"),
      faultNote(desk, "/fit", "f/fit", false),
      epochs ? h("div", { class: "args" }, field("epochs"), field("batch_size")) : null,
      h(
        "div",
        { class: "field", key: "validation" },
        h("label", { for: "validation" }, "Validation"),
        h(
          "select",
          { id: "validation", value: split, onchange: (event) => chose(event.target.value) },
          [
            ["split", "hold out a share of the training rows"],
            ["folds", "cross-validation"],
            ["own", "the data set's own validation part"],
          ].map(([name, text]) => h("option", { value: name }, text)),
        ),
      ),
      h(
        "div",
        { class: "args" },
        split === "split" ? field("validation_split") : null,
        split === "folds" && isObject(part.cross_validation)
          ? fields(desk, [...path, "cross_validation"], FIELDS.cross_validation, ["folds", "stratified"], {
              owner: "cross-validation",
            })
          : null,
        split === "own" ? null : field("split_by", { tunable: false }),
      ),
      h(
        "details",
        {
          class: "more-of",
          key: "morefit",
          open: desk.ui.open.has("fit"),
          ontoggle: (event) => desk.remember("fit", event.target.open),
        },
        h("summary", {}, "Shuffling and weights"),
        h(
          "div",
          { class: "args" },
          epochs ? [field("shuffle"), field("class_weight", { tunable: false })] : null,
          field("sample_weight", { tunable: false }),
        ),
      ),
      leftOver(desk, path, [...Object.keys(FIELDS.fit), "cross_validation", "callbacks"]),
    ),
    epochs
      ? listOf(desk, [...path, "callbacks"], "callback", {
          title: "Add a callback",
          label: "Callbacks",
          groups: () => desk.catalogue.groups("callback"),
          value: (name) => fresh(desk, "callback", name),
        })
      : null,
  ];
}

/** The names the model will log, each with the direction that is better. */
export function loggedNames(desk) {
  const { compile, model, fit: part } = desk.sheet.value ?? {};
  const estimators = model?.type === "sklearn";
  if (model?.type === "builder")
    return Object.entries(model.found?.metrics ?? {}).flatMap(([name, direction]) => [
      { name: `val_${name}`, direction },
      { name, direction },
    ]);
  const list = (Array.isArray(compile?.metrics) ? compile.metrics : [])
    .map((one) => desk.catalogue.logged(one, estimators))
    .filter(Boolean);
  if (isObject(compile?.loss) && isObject(compile.loss.outputs)) {
    for (const output of Object.keys(compile.loss.outputs)) {
      list.push({ name: `${output}_loss`, direction: "min" });
      for (const metric of compile?.metrics?.outputs?.[output] ?? []) {
        const said = desk.catalogue.logged(metric, false);
        if (said) list.push({ ...said, name: `${output}_${said.name}` });
      }
    }
  }
  if (estimators && !list.length) list.push({ name: "score", direction: "max" });
  if (!estimators) list.push({ name: "loss", direction: "min" });
  const measured =
    part?.validation_split !== undefined ||
    part?.cross_validation !== undefined ||
    (chosenData(desk)?.validation_rows ?? 0) > 0;
  return [...list.map((one) => ({ ...one, name: `val_${one.name}` })), ...(measured && list.length ? list : list)];
}

export function searchSection(desk) {
  const names = loggedNames(desk);
  const objective = desk.sheet.at(["objective"]);
  const usual = names.find(({ name }) => name === objective?.name)?.direction;
  const way = { min: "smaller is better", max: "larger is better" };
  return [
    objective !== undefined && !isObject(objective)
      ? jsonField(desk, ["objective"], "objective")
      : h(
          "fieldset",
          { class: "part", key: "objective" },
          h("legend", {}, "Objective"),
          h(
            "div",
            { class: "args" },
            names.length
              ? argumentField(
                  desk,
                  ["objective", "name"],
                  {
                    kinds: ["enum"],
                    choices: names.map(({ name }) => name),
                    required: true,
                    help: "What trials are compared by; val_ is measured on rows that are not trained on.",
                  },
                  { label: "Metric", tunable: false, plainHint: true },
                )
              : argumentField(
                  desk,
                  ["objective", "name"],
                  {
                    kinds: ["string"],
                    required: true,
                    help: "What the compiled model logs; val_ is measured on rows that are not trained on.",
                  },
                  { label: "Metric", tunable: false, plainHint: true },
                ),
            direction(desk, usual, way),
          ),
          faultNote(desk, "/objective", "f/objective", false),
          leftOver(desk, ["objective"], ["name", "direction"]),
        ),
    tuner(desk),
    limits(desk),
    h(
      "details",
      {
        class: "more-of",
        key: "runs",
        open: desk.ui.open.has("runs"),
        ontoggle: (event) => desk.remember("runs", event.target.open),
      },
      h("summary", {}, "Parallelism, repeats, seed"),
      h("div", { class: "args" }, fields(desk, [], FIELDS.search, Object.keys(FIELDS.search))),
    ),
    desk.sheet.at(["constraints"]) === undefined
      ? h(
          "button",
          {
            key: "constraints",
            type: "button",
            class: "quiet small",
            onclick: () => {
              desk.edit((text) => put(text, ["constraints"], [{ parameters: { max: 5000000 } }]));
              desk.focus("f/constraints");
            },
          },
          "+ Add constraints",
        )
      : jsonField(
          desk,
          ["constraints"],
          "constraints",
          'Rules over several hyperparameters: {"product": [names], "max": n}, {"sum": ...}, {"less": [names]}, {"parameters": {"max": n}}.',
        ),
  ];
}

function direction(desk, usual, way) {
  const id = "f/objective/direction",
    now = desk.sheet.at(["objective", "direction"]) ?? "",
    fault = faultNote(desk, "/objective/direction", id);
  return h(
    "div",
    { class: "field arg", key: "direction" },
    h("div", { class: "top" }, h("label", { for: id }, "Direction")),
    h(
      "select",
      {
        id,
        "data-pointer": "/objective/direction",
        value: now,
        "aria-invalid": fault ? "true" : null,
        "aria-describedby": fault ? `${id}:fault` : null,
        onchange: (event) =>
          desk.edit((text) => put(text, ["objective", "direction"], event.target.value || undefined)),
      },
      h("option", { value: "" }, usual ? `as the metric says: ${way[usual]}` : "as the metric says"),
      Object.entries(way).map(([name, text]) => h("option", { value: name }, text)),
      now && !way[now] ? h("option", { value: now }, String(now)) : null,
    ),
    fault,
  );
}

function tuner(desk) {
  const path = ["tuner"],
    value = desk.sheet.at(path);
  if (value !== undefined && !isObject(value)) return jsonField(desk, path, "tuner");
  const type = value?.type,
    known = desk.catalogue.document.tuners ?? {};
  return h(
    "fieldset",
    { class: "part", key: "tuner", "data-pointer": "/tuner", tabindex: "-1" },
    h("legend", {}, "Tuner"),
    faultNote(desk, "/tuner", "f/tuner", false),
    faultNote(desk, "/tuner/type", "f/tuner/type"),
    h(
      "div",
      { class: "tuners", role: "radiogroup", "aria-label": "Tuner" },
      Object.entries(known).map(([name, entry]) =>
        h(
          "label",
          { class: `choice${name === type ? " chosen" : ""}` },
          h("input", {
            type: "radio",
            name: "tuner",
            value: name,
            "data-pointer": name === type ? "/tuner/type" : null,
            checked: name === type,
            "aria-label": name,
            "aria-describedby": `tuner:${name}`,
            onchange: () => desk.edit((text) => retuned(desk, text, name)),
          }),
          h("b", {}, name),
          h("span", { class: "small note", id: `tuner:${name}` }, `${entry.help} ${TUNERS[name] ?? ""}`),
        ),
      ),
    ),
    type in known
      ? h(
          "div",
          { class: "args" },
          Object.entries(known[type].arguments).map(([name, argument]) =>
            argumentField(desk, [...path, name], argument, { tunable: false, label: words(name), owner: "tuner" }),
          ),
        )
      : null,
    leftOver(desk, path, ["type", ...Object.keys(known[type]?.arguments ?? {})]),
  );
}

function retuned(desk, text, name) {
  const before = desk.sheet.at(["tuner"]) ?? {};
  const known = desk.catalogue.document.tuners[name].arguments;
  const kept = Object.fromEntries(Object.entries(before).filter(([key]) => key in known));
  let next = put(text, ["tuner"], { type: name, ...kept });
  const limits = desk.sheet.at(["limits"]);
  if (["random", "bayesian", "perturb"].includes(name) && (limits === undefined || !Object.keys(limits ?? {}).length))
    next = put(next, ["limits", "max_trials"], DEFAULT_TRIALS);
  return next;
}

function limits(desk) {
  const path = ["limits"],
    value = desk.sheet.at(path);
  if (value !== undefined && !isObject(value)) return jsonField(desk, path, "limits");
  const names = Object.keys(FIELDS.limits);
  const first = ["max_trials", "max_seconds"];
  const others = names.filter((name) => !first.includes(name));
  const open = desk.ui.open.has("limits") || others.some((name) => value && name in value);
  return h(
    "fieldset",
    { class: "part", key: "limits" },
    h("legend", {}, "Limits"),
    h("p", { class: "hint" }, "The search ends at the first of these; a finite space or a tuner's plan ends it too."),
    faultNote(desk, "/limits", "f/limits", false),
    h("div", { class: "args" }, fields(desk, path, FIELDS.limits, open ? names : first)),
    open
      ? null
      : h(
          "button",
          {
            type: "button",
            class: "quiet small more",
            key: "morelimits",
            onclick: () => {
              desk.toggle("limits");
              desk.focus("f/limits/max_epochs");
            },
          },
          `${others.length} more limits`,
        ),
    leftOver(desk, path, names),
  );
}

export function spaceSection(desk) {
  const value = desk.sheet.at(["hyperparameters"]);
  if (value !== undefined && !Array.isArray(value)) return [jsonField(desk, ["hyperparameters"], "hyperparameters")];
  const list = declared(desk.sheet.value),
    all = uses(desk.sheet.value);
  if (!list.length)
    return [
      faultNote(desk, "/hyperparameters", "f/hyperparameters", false),
      h(
        "p",
        { class: "note", "data-pointer": "/hyperparameters", tabindex: "-1" },
        "Nothing varies yet. Press Tune beside a value of the model, the optimizer or the fit.",
      ),
    ];
  return [
    faultNote(desk, "/hyperparameters", "f/hyperparameters", false),
    h(
      "ul",
      { class: "space", "data-pointer": "/hyperparameters", tabindex: "-1" },
      list.map((one, i) => entry(desk, one, i, all)),
    ),
  ];
}

function entry(desk, one, index, all) {
  const pointer = `/hyperparameters/${index}`,
    open = desk.ui.open.has(pointer);
  const places = all.filter(({ name, path }) => means(name, String(one.name)) && pointerOf(path) !== pointer);
  const faults = desk.faultsAt(pointer).length;
  const fixed = places.filter(({ as }) => as !== "when");
  return h(
    "li",
    { class: `hp-entry${faults ? " faulty" : ""}`, key: pointer },
    h(
      "div",
      { class: "hp-head" },
      h(
        "button",
        {
          type: "button",
          class: "name",
          "aria-expanded": String(open),
          "data-pointer": pointer,
          id: `head${pointer}`,
          onclick: () => desk.toggle(pointer),
        },
        h("b", { class: "mono" }, String(one.name ?? "without a name")),
        h("span", { class: "tag" }, String(one.type ?? "?")),
        h("span", { class: "range" }, rangeText(one)),
        h("span", { class: "when" }, whenText(one)),
      ),
      faults ? h("span", { class: "bad small" }, `${faults} ${faults === 1 ? "fault" : "faults"}`) : null,
    ),
    h(
      "div",
      { class: "used small" },
      fixed.length
        ? [
            "used in ",
            fixed
              .slice(0, 6)
              .map((use, i) => [
                i ? ", " : "",
                h(
                  "button",
                  { type: "button", class: "quiet small link", onclick: () => desk.showInForm(pointerOf(use.path)) },
                  placeName(desk, use.path),
                ),
              ]),
          ]
        : [
            h("span", {}, places.length ? "only in conditions " : "not used anywhere "),
            h(
              "button",
              {
                type: "button",
                class: "quiet small",
                onclick: () => {
                  desk.edit((text) => without(text, ["hyperparameters", String(index)]));
                  desk.focusPointer("/hyperparameters");
                },
              },
              "Remove",
            ),
          ],
    ),
    open ? h("div", { class: "range-editor" }, rangeEditor(desk, index, "space")) : null,
  );
}

/** A place of a document for people: `units of Dense`, `optimizer learning_rate`. */
export function placeName(desk, path) {
  let owner = "";
  for (let depth = 2; depth < path.length; depth += 1) {
    const one = desk.sheet.at(path.slice(0, depth));
    const word = isObject(one)
      ? [one.name, one.layer, one.step, one.estimator, one.optimizer, one.loss, one.callback, one.metric].find(
          (each) => typeof each === "string",
        )
      : null;
    if (word) owner = word;
  }
  const last = path.at(-1);
  if (last === "if") return "a branch";
  if (last === "repeat") return "a repeat";
  return owner && owner !== last
    ? `${last} of ${owner}`
    : [...new Set(path.slice(-2).filter((step) => !/^[0-9]+$/.test(step)))].join(" ");
}
