// The data set: which, and how it is seen.
import { suited, unsuited } from "../adapt.js";
import { fields } from "../fields/argument.js";
import { jsonField, leftOver } from "../fields/asjson.js";
import { FIELDS } from "../frame.js";
import { h } from "../h.js";
import { isObject } from "../json.js";
import { preprocessing } from "./preprocessing.js";
import { put, without } from "../text.js";

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
