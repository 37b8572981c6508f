// A window over the page with a form in it. Escape and the button put it away; focus goes back where it was.
import { el, fill } from "../dom.js";
import { Problem } from "../api.js";

/**
 * Opens a form. `save` is called when it is sent and answers true (or nothing) when the window may close; a refusal of the
 * API is shown in it, each fault beside the field whose `name` ends its pointer.
 */
export function formDialog({ title, fields, yes, save }) {
  const fault = el("div", { class: "fault-box", role: "alert", hidden: true });
  const sends = el("button", { type: "submit", class: "primary" }, yes);
  const form = el(
    "form",
    { class: "stack", onsubmit: send },
    el("h2", {}, title),
    fields,
    fault,
    el("div", { class: "row" }, el("button", { type: "button", onclick: () => box.close() }, "Close"), sends),
  );
  const box = el("dialog", { class: "form-dialog", "aria-label": title }, form);

  async function send(event) {
    event.preventDefault();
    sends.disabled = true;
    fault.hidden = true;
    try {
      if ((await save(new FormData(form))) !== false) box.close();
    } catch (error) {
      fault.hidden = false;
      const more =
        error instanceof Problem ? error.errors.map((one) => el("div", {}, `${one.pointer}: ${one.detail}`)) : [];
      fill(fault, error.message, more);
    }
    sends.disabled = false;
  }

  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
  return box;
}
