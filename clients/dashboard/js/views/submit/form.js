// The form: its parts in order, and the links that lead to them.
import { jsonField } from "./fields/asjson.js";
import { h } from "./h.js";
import { isObject } from "./json.js";
import { modelSection } from "./model/model.js";
import { dataSection } from "./parts/data.js";
import { searchSection } from "./parts/hunt.js";
import { nameSection } from "./parts/name.js";
import { spaceSection } from "./parts/space.js";
import { trainingSection } from "./parts/training.js";

/** Each part: its key, title and sentence, what it shows, and the fields of the definition it has. */
const PARTS = [
  {
    key: "search",
    title: "Name and data",
    text: "What it is called and what it learns from.",
    shows: (desk) => [nameSection(desk), dataSection(desk)],
    fields: ["name", "tags", "dataset"],
  },
  {
    key: "model",
    title: "Model",
    text: "What is trained. Open a row to change it; press Tune to let the search vary a value.",
    shows: modelSection,
    fields: ["model"],
  },
  {
    key: "space",
    title: "Hyperparameters",
    text: "Everything that varies, and rules over it.",
    shows: spaceSection,
    fields: ["hyperparameters", "constraints"],
  },
  {
    key: "training",
    title: "Training",
    text: "How each trial is trained and measured.",
    shows: trainingSection,
    fields: ["compile", "fit"],
  },
  {
    key: "hunt",
    title: "Search",
    text: "What is best, how points are chosen, and when to stop.",
    shows: searchSection,
    fields: [
      "objective",
      "tuner",
      "limits",
      "parallelism",
      "executions_per_trial",
      "max_retries_per_trial",
      "seed",
      "priority",
    ],
  },
];
const KNOWN = PARTS.flatMap(({ fields }) => fields);

/** The whole form; it cannot be used while `locked`. */
export function formOf(desk, locked) {
  const definition = desk.sheet.value;
  return h(
    "fieldset",
    { class: "whole", disabled: locked },
    h("legend", { class: "visually-hidden" }, "Definition"),
    isObject(definition)
      ? [PARTS.map((part) => card(desk, part)), unknown(desk)]
      : h("p", { class: "note" }, "A definition is one JSON object."),
  );
}

/** One part on a card of its own. */
function card(desk, { key, title, text, shows }) {
  const count = desk.sheet.value.hyperparameters?.length ?? 0;
  return h(
    "section",
    { class: "card part-card", key, id: `section-${key}`, "aria-labelledby": `part-${key}` },
    h(
      "div",
      { class: "part-head" },
      h(
        "h2",
        { id: `part-${key}`, tabindex: "-1" },
        title,
        key === "space" ? h("span", { class: "tag" }, String(count)) : null,
      ),
      h("p", { class: "hint" }, text),
    ),
    shows(desk),
  );
}

/** Fields that no definition has: shown, since the service refuses them. */
function unknown(desk) {
  const keys = Object.keys(desk.sheet.value).filter((key) => !KNOWN.includes(key));
  if (!keys.length) return null;
  return h(
    "section",
    { class: "card part-card", key: "other" },
    h("h2", {}, "Other fields"),
    keys.map((key) => jsonField(desk, [key], key)),
  );
}

/** A link to each part, with the number of things to mend there; `show` brings the form to the front. */
export function partLinks(desk, show) {
  return PARTS.map(({ key, title, fields }) => {
    const faults = fields.reduce((sum, name) => sum + desk.faultsAt(`/${name}`).length, 0);
    return h(
      "button",
      {
        type: "button",
        class: "quiet small",
        onclick: () => {
          show();
          document.getElementById(`part-${key}`)?.focus({ preventScroll: true });
          document.getElementById(`section-${key}`)?.scrollIntoView({ block: "start" });
        },
      },
      title,
      faults ? h("span", { class: "count", "aria-label": `${faults} to mend` }, String(faults)) : null,
    );
  });
}
