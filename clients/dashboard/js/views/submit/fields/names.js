// A short name in a field of its own, taken over when the field is left: half a name would rename twice.
import { h } from "../h.js";
import { pointerOf } from "../json.js";
import { faultNote } from "./faults.js";

/** `write` gets the name; `value` and `id` where they are not those of the path. */
export function nameField(desk, path, label, write, { value = desk.sheet.at(path), id = `f${pointerOf(path)}` } = {}) {
  const pointer = pointerOf(path);
  const own = id === `f${pointer}`;
  const fault = own ? faultNote(desk, pointer, id) : null;
  return h(
    "div",
    { class: `field arg${fault ? " faulty" : ""}`, key: `name${label}` },
    h("div", { class: "top" }, h("label", { for: id }, label)),
    h("input", {
      id,
      type: "text",
      class: "mono",
      "data-pointer": own ? pointer : null,
      autocomplete: "off",
      spellcheck: "false",
      value: String(value ?? ""),
      "aria-invalid": fault ? "true" : null,
      "aria-describedby": fault ? `${id}:fault` : null,
      onchange: (event) => write(event.target.value.trim()),
    }),
    fault,
  );
}
