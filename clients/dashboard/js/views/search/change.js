// What may change while a search has not ended: limits, parallelism, priority, tags.
import { send } from "../../api.js";
import { formDialog } from "../../components/dialog.js";
import { tell } from "../../components/toast.js";
import { el } from "../../dom.js";

const LIMITS = [
  ["max_trials", "Trials, at most", { min: 1, max: 10000, step: 1 }],
  ["max_epochs", "Epochs over all trials, at most", { min: 1, step: 1 }],
  ["max_seconds", "Seconds running, at most", { min: 1, step: "any" }],
  ["max_device_seconds", "Device seconds, at most", { min: 1, step: "any" }],
  ["target", "Ends at this score", { step: "any" }],
  ["patience_trials", "Ends after trials without a better score", { min: 1, step: 1 }],
];

/** Opens the window; `changed` gets the search as the API answers it. */
export function changeDialog({ search, changed }) {
  const fields = LIMITS.map(([name, label, more]) =>
    field(name, label, search.limits[name], { ...more, placeholder: "no limit" }),
  );
  const tags = el(
    "textarea",
    { id: "change-tags", name: "tags", rows: 3, placeholder: "team: vision", spellcheck: "false" },
    Object.entries(search.tags)
      .map(([key, value]) => `${key}: ${value}`)
      .join("\n"),
  );
  formDialog({
    title: "Change the search",
    yes: "Change",
    fields: [
      el(
        "div",
        { class: "pairs" },
        fields,
        field("parallelism", "Trials at a time", search.parallelism, { min: 1, max: 1024, step: 1, required: true }),
        field("priority", "Priority (larger goes first)", search.priority, {
          min: -1000,
          max: 1000,
          step: 1,
          required: true,
        }),
      ),
      el("div", { class: "field" }, el("label", { for: "change-tags" }, "Tags, one “key: value” a line"), tags),
    ],
    save: async (form) => {
      const patch = difference(search, form);
      if (!Object.keys(patch).length) return true;
      changed(await send("PATCH", `/v1/searches/${encodeURIComponent(search.id)}`, patch));
      tell("Changed.", "good");
      return true;
    },
  });
}

function field(name, label, value, more) {
  const id = `change-${name}`;
  return el(
    "div",
    { class: "field" },
    el("label", { for: id }, label),
    el("input", { id, name, type: "number", value, ...more }),
  );
}

function difference(search, form) {
  const patch = {},
    limits = {};
  for (const [name] of LIMITS) {
    const text = form.get(name).trim(),
      value = text === "" ? null : Number(text);
    if (value !== search.limits[name]) limits[name] = value;
  }
  if (Object.keys(limits).length) patch.limits = limits;
  for (const name of ["parallelism", "priority"])
    if (Number(form.get(name)) !== search[name]) patch[name] = Number(form.get(name));
  const tags = {};
  for (const line of form
    .get("tags")
    .split("\n")
    .map((one) => one.trim())
    .filter(Boolean)) {
    const at = line.indexOf(":");
    tags[(at < 0 ? line : line.slice(0, at)).trim()] = at < 0 ? "" : line.slice(at + 1).trim();
  }
  if (JSON.stringify(tags) !== JSON.stringify(search.tags)) patch.tags = tags;
  return patch;
}
