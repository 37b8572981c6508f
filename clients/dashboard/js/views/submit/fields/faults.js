// What the service says of a field.
import { h } from "../h.js";

/** The faults of a field, and of what is inside it, as a list that its input is described by. */
export function faultNote(desk, pointer, id, deep = true) {
  const faults = desk.faultsAt(pointer, deep);
  return faults.length
    ? h(
        "div",
        { class: "fault", id: `${id}:fault` },
        faults.map(({ detail }) => h("div", {}, detail)),
      )
    : null;
}
