// Links that many pages have.
import { address } from "../address.js";
import { el } from "../dom.js";

/** A link to a trial. */
export function trialLink(id, text) {
  return el("a", { href: address(["trials", id]) }, text);
}
