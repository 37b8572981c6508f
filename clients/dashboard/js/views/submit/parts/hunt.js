// The search itself: what is best, how points are chosen, when to stop.
import { argumentField, fields } from "../fields/argument.js";
import { jsonField, leftOver } from "../fields/asjson.js";
import { faultNote } from "../fields/faults.js";
import { FIELDS } from "../frame.js";
import { h } from "../h.js";
import { isObject } from "../json.js";
import { limits } from "./limits.js";
import { loggedNames } from "./logged.js";
import { tuner } from "./tuner.js";
import { put } from "../text.js";

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
