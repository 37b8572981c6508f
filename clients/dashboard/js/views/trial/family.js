// The trials a trial goes on from and those that went on from it; the ones before and after it.
import { address } from "../../address.js";
import { state } from "../../components/controls.js";
import { trialLink } from "../../components/links.js";
import { el, fill, refill } from "../../dom.js";
import { number } from "../../format.js";

/** `around` (links to the neighbours), `node` (a card), `draw(trial)`; `siblings` is the store of the search's trials. */
export function trialFamily({ siblings, objective }) {
  const around = el("nav", { class: "row around", "aria-label": "Other trials of the search" });
  const node = el("section", { class: "card", "aria-label": "Goes on from", hidden: true });

  function neighbours(order, id) {
    const at = order.findIndex((one) => one.id === id);
    if (at < 0) return;
    const [before, after] = [order[at - 1], order[at + 1]];
    refill(around, [before?.id, after?.id], () => [
      neighbour(before, "← Previous", "prev"),
      neighbour(after, "Next →", "next"),
    ]);
  }

  function line(one) {
    const course = `${objective.name} ${number(one.score)}, ${one.epochs} epochs`;
    const name = trialLink(one.id, `trial ${one.number}`);
    return el("li", {}, name, " ", state(one.state), " ", el("span", { class: "note" }, course));
  }

  function parentPart(id) {
    const parent = siblings.get(id);
    const item = parent ? line(parent) : el("li", {}, trialLink(id, "its parent trial"));
    return [el("h2", {}, "Goes on from"), el("ul", { class: "plain" }, item)];
  }

  return {
    around,
    node,
    draw(trial) {
      const order = siblings.all().sort((a, b) => a.number - b.number);
      neighbours(order, trial.id);
      const children = order.filter((one) => one.parent_trial_id === trial.id);
      node.hidden = !trial.parent_trial_id && !children.length;
      if (node.hidden) return;
      fill(
        node,
        trial.parent_trial_id ? parentPart(trial.parent_trial_id) : null,
        children.length ? [el("h2", {}, "Went on as"), el("ul", { class: "plain" }, children.map(line))] : null,
      );
    },
  };
}

function neighbour(one, text, rel) {
  return one
    ? el("a", { class: "button", href: address(["trials", one.id]), rel }, text)
    : el("span", { class: "button", "aria-disabled": "true" }, text);
}
