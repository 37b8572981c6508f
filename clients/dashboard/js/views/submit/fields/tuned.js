// A hyperparameter in the place of a value: the switch that makes it, and what is shown instead of the value.
import { rangeEditor, rangeText } from "./range.js";
import { h } from "../h.js";
import { declared, declaredAs, defaultOf, fits, fix, means, tune } from "../holes.js";
import { pointerOf } from "../json.js";

export function tuneSwitch(desk, path, argument, { owner, label, called, tuned, ready, id }) {
  const what = owner ? `${label} of ${owner}` : label;
  return h(
    "button",
    {
      type: "button",
      role: "switch",
      class: "tune",
      "aria-checked": String(tuned !== null),
      "aria-label": `Tune ${what}`,
      id: `${id}:tune`,
      title: tuned === null ? "Let the search vary this" : "Use one value again",
      onclick: () => {
        if (tuned === null) {
          desk.ui.open.add(`range${pointerOf(path)}`);
          desk.edit((text) => tune(ready(text), path, argument, { name: called, owner }));
          desk.say(`${label} is tuned now.`);
        } else {
          const was = declaredAs(desk.sheet.value, tuned);
          desk.edit((text) => fix(text, path, defaultOf(was) ?? argument.default));
          desk.say(`${label} is one value again.`);
        }
        desk.focus(`${id}:tune`);
      },
    },
    "Tune",
  );
}

export function tunedControl(desk, path, argument, name, common, owner, label) {
  const list = declared(desk.sheet.value);
  const index = list.findIndex((one) => means(name, String(one.name)));
  const others = list.map((one) => String(one.name)).filter((one, i) => i === index || fits(list[i], argument));
  const key = `range${pointerOf(path)}`,
    open = desk.ui.open.has(key);
  return h(
    "div",
    { class: "hp", role: "group", "aria-label": `${label} is tuned` },
    h(
      "div",
      { class: "row" },
      h(
        "select",
        {
          ...common,
          class: "mono",
          "aria-label": `Hyperparameter for ${owner ? `${label} of ${owner}` : label}`,
          value: index < 0 ? name : list[index].name,
          onchange: (event) => desk.edit((text) => fix(text, path, { hp: event.target.value })),
        },
        [...new Set(index < 0 ? [name, ...others] : others)].map((one) => h("option", { value: one }, one)),
      ),
      h("span", { class: "note small range" }, index < 0 ? "is not declared" : rangeText(list[index])),
      index < 0
        ? h(
            "button",
            {
              type: "button",
              class: "quiet",
              onclick: () =>
                desk.edit((text) => tune(fix(text, path, argument.default ?? null), path, argument, { name, owner })),
            },
            "Declare it",
          )
        : h(
            "button",
            {
              type: "button",
              class: "quiet small",
              "aria-expanded": String(open),
              "aria-controls": open ? `${key}:editor` : null,
              "aria-label": `Range of ${list[index].name}`,
              onclick: () => desk.toggle(key),
            },
            open ? "Close" : "Range",
          ),
    ),
    index >= 0 && open
      ? h("div", { class: "range-editor", id: `${key}:editor` }, rangeEditor(desk, index, `at${pointerOf(path)}`))
      : null,
  );
}
