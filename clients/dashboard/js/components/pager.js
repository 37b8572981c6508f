// Some of many at a time: which ones, of how many, and buttons to the ones before and after.
import { el, fillHeld } from "../dom.js";
import { number } from "../format.js";

/**
 * `node`, and `update({from, total})`, which hides it while all fit on one page. `what` names them ("running trials"), `size` is how many
 * are shown at a time; `chose` gets the place of the first one.
 */
export function pager({ what, size, chose }) {
  const node = el("span", { class: "row pager", role: "group", "aria-label": what, hidden: true });
  const step = (label, sign, to, disabled) =>
    el(
      "button",
      // Not disabled for real at the ends: the focus would be lost there.
      {
        type: "button",
        class: "quiet icon",
        "aria-label": `${label} ${what}`,
        "aria-disabled": String(disabled),
        onclick: () => {
          if (!disabled) chose(to);
        },
      },
      sign,
    );
  return {
    node,
    update({ from, total }) {
      node.hidden = total <= size;
      const last = Math.min(from + size, total);
      fillHeld(
        node,
        step("Previous", "←", Math.max(0, from - size), from === 0),
        el("span", { role: "status" }, `${number(from + 1)} to ${number(last)} of ${number(total)} ${what}`),
        step("Next", "→", from + size, last === total),
      );
    },
  };
}
