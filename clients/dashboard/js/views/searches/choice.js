// The searches that are chosen to be compared.
import { address } from "../../address.js";
import { el, fill } from "../../dom.js";

const MOST = 20;

/** `node`, `has(id)`, `choose(search, on)`, `drop(id)`; `cleared` is called when the choice was taken back. */
export function choiceBar({ cleared }) {
  const chosen = new Map();
  const node = el("div", { class: "compare-bar", role: "status" });

  function draw() {
    const count = chosen.size,
      ready = count > 1 && count <= MOST;
    if (!count) {
      fill(node);
      return;
    }
    const says =
      count === 1
        ? "1 chosen: choose another to compare"
        : ready
          ? `${count} chosen`
          : `${count} chosen: compare at most ${MOST}`;
    const compare = () =>
      el("a", { class: "button", href: address(["compare"], { id: [...chosen.keys()] }) }, `Compare ${count}`);
    fill(
      node,
      el("span", { class: "note" }, says),
      ready ? compare() : null,
      el("button", { type: "button", class: "quiet", onclick: clear }, "Clear"),
    );
  }

  function clear() {
    chosen.clear();
    draw();
    cleared();
  }

  return {
    node,
    has: (id) => chosen.has(id),
    choose(search, on) {
      if (on) chosen.set(search.id, search.name);
      else chosen.delete(search.id);
      draw();
    },
    drop(id) {
      if (chosen.delete(id)) draw();
    },
  };
}
