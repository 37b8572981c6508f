// Asks before something that cannot be taken back.
import { el } from "../dom.js";

/** Resolves to true when the person agrees. `yes` is the label of the button that agrees. */
export function confirmed(question, yes) {
  return new Promise((resolve) => {
    const box = el(
      "dialog",
      { "aria-label": question },
      el("p", {}, question),
      el(
        "div",
        { class: "row" },
        el("button", { type: "button", onclick: () => box.close("no") }, "No"),
        el("button", { type: "button", class: "danger", onclick: () => box.close("yes") }, yes),
      ),
    );
    box.addEventListener("close", () => {
      resolve(box.returnValue === "yes");
      box.remove();
    });
    document.body.append(box);
    box.showModal();
  });
}
