// Short messages in the corner; screen readers hear them.
import { el } from "../dom.js";

const SECONDS = { good: 4, "": 6, bad: 12 };

/** Shows `text` for some seconds, or until it is clicked; `kind` is "good", "bad" or nothing. */
export function tell(text, kind = "") {
  const message = el("div", { class: `toast ${kind}`, onclick: () => message.remove() }, text);
  document.getElementById("toasts").append(message);
  setTimeout(() => message.remove(), SECONDS[kind] * 1000);
}
