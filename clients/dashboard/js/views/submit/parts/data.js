// The data set: which, and how it is seen.
import { suited, unsuited } from "../adapt.js";
import { fields } from "../fields/argument.js";
import { jsonField, leftOver } from "../fields/asjson.js";
import { fold } from "../fields/fold.js";
import { FIELDS } from "../frame.js";
import { h } from "../h.js";
import { isObject } from "../json.js";
import { put, without } from "../text.js";
import { preprocessing } from "./preprocessing.js";

const PATH = ["dataset"];
const ID = "f/dataset";

/** What is known of the chosen data set; undefined when it is none of those listed. */
export function chosenData(desk) {
  const { name, id } = desk.sheet.at(PATH) ?? {};
  return id ? desk.datasets.find((one) => one.id === id) : desk.datasets.find((one) => one.name === name);
}

export function dataSection(desk) {
  const value = desk.sheet.at(PATH);
  if (value !== undefined && !isObject(value)) return [jsonField(desk, PATH, "dataset")];
  const one = chosenData(desk);
  return [
    choice(desk, value, one),
    suitOffer(desk, one),
    fold(
      desk,
      "data",
      "Scaling, preprocessing, test part",
      h("div", { class: "args" }, fields(desk, PATH, FIELDS.dataset, ["scale", "test_split"])),
      preprocessing(desk, one),
    ),
    leftOver(desk, PATH, ["name", "id", "scale", "test_split", "preprocessing"]),
  ];
}

/** Which data set. */
function choice(desk, value, one) {
  const now = value?.id ? `id:${value.id}` : value?.name !== undefined ? `name:${value.name}` : "";
  const faults = desk
    .faultsAt("/dataset")
    .filter(({ pointer }) => ["/dataset", "/dataset/name", "/dataset/id"].includes(pointer));
  return h(
    "div",
    { class: "field arg", key: "/dataset" },
    h("label", { for: ID }, "Data set"),
    h(
      "select",
      {
        id: ID,
        "data-pointer": "/dataset",
        value: now,
        "aria-invalid": faults.length ? "true" : null,
        "aria-describedby": `${ID}:hint${faults.length ? ` ${ID}:fault` : ""}`,
        onchange: (event) => chose(desk, event.target.value.replace("name:", "")),
      },
      options(desk, value, one, now),
    ),
    faults.length
      ? h(
          "div",
          { class: "fault", id: `${ID}:fault` },
          faults.map(({ detail }) => h("div", {}, detail)),
        )
      : null,
    h("div", { class: "hint", id: `${ID}:hint` }, about(value, one)),
  );
}

function options(desk, value, one, now) {
  const stored = desk.datasets.filter((each) => !each.bundled),
    bundled = desk.datasets.filter((each) => each.bundled && !stored.some((other) => other.name === each.name));
  const option = (each) => h("option", { value: `name:${each.name}` }, `${each.name}: ${shape(each)}`);
  const listed = desk.datasets.some((each) => now === `name:${each.name}`);
  const written = value?.id ? `${one?.name ?? "one upload"} (${value.id})` : `${value?.name} (not here)`;
  return [
    now === "" ? h("option", { value: "" }, "choose") : null,
    now && !listed ? h("option", { value: now }, written) : null,
    stored.length ? h("optgroup", { label: "Kept by the service" }, stored.map(option)) : null,
    bundled.length ? h("optgroup", { label: "Built in" }, bundled.map(option)) : null,
  ];
}

function shape(one) {
  const rows = one.train_rows ? `${one.train_rows.toLocaleString("en")} rows` : "";
  const classesOf = one.num_classes ? `${one.num_classes} ${one.task === "multilabel" ? "labels" : "classes"}` : "";
  const example = one.input_shape?.length ? one.input_shape.join(" × ") : one.kind === "text" ? "texts" : "";
  return [one.task, example, classesOf, rows].filter(Boolean).join(" · ");
}

/** A sentence on the chosen data set, or where to get one of that name. */
function about(value, one) {
  if (one)
    return [
      one.description ?? one.source ?? "",
      one.needs_network ? " It is fetched from the internet at its first use." : "",
      one.test_rows ? ` ${one.test_rows.toLocaleString("en")} test rows.` : "",
    ];
  if (value?.id === undefined && value?.name === undefined) return "";
  return ["No data set of this name is here. ", h("a", { href: "#/datasets" }, "Upload it"), ", or choose another."];
}

/** Offers to make loss, metrics and last layer suit the targets, where they do not. */
function suitOffer(desk, one) {
  const group = desk.catalogue.entry("loss", desk.sheet.at(["compile", "loss"]))?.group;
  if (!one || !unsuited(desk.sheet.value, one.task, group)) return null;
  return h(
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
          desk.focus(ID);
        },
      },
      `Change last layer, loss and metrics for ${one.task}`,
    ),
  );
}

function chose(desk, name) {
  desk.edit((text) => {
    const next = put(text, [...PATH, "name"], name);
    return desk.sheet.at([...PATH, "id"]) === undefined ? next : without(next, [...PATH, "id"]);
  });
}
