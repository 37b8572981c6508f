// One line for each axis: whether it is shown, what is chosen of it, and where it stands. All that the mouse can do on the picture.
import { el, fill } from "../../../dom.js";
import { number } from "../../../format.js";

/**
 * Draws the lines into `panel`; the field that has the focus keeps it.
 *
 * @param axes    in their present order
 * @param hidden  names of axes that are not shown
 * @param brushed what is chosen, by name
 * @param choose  (name, intervals or null) => void
 * @param show    (name, yes) => whether that may be
 * @param move    (at, by) => void
 */
export function axisFields({ panel, axes, hidden, brushed, choose, show, move }) {
  const focused = document.activeElement?.dataset?.field;
  fill(
    panel,
    axes.map((axis, at) => {
      const intervals = brushed.get(axis.name);
      return el(
        "div",
        { class: `axis-line${hidden.has(axis.name) ? " off" : ""}`, role: "group", "aria-label": axis.label },
        shownBox(axis, !hidden.has(axis.name), show),
        axis.numeric ? bounds(axis, intervals, choose) : ticks(axis, intervals, choose),
        el(
          "span",
          { class: "row axis-moves" },
          mover(axis, "left", at === 0, () => move(at, -1)),
          mover(axis, "right", at === axes.length - 1, () => move(at, 1)),
        ),
      );
    }),
  );
  if (focused) panel.querySelector(`[data-field="${CSS.escape(focused)}"]`)?.focus();
}

function shownBox(axis, shown, show) {
  const box = el("input", {
    type: "checkbox",
    "data-field": `${axis.name} shown`,
    checked: shown,
    "aria-label": `Show the axis ${axis.label}`,
    onchange: () => {
      if (!show(axis.name, box.checked)) box.checked = !box.checked;
    },
  });
  return el("label", { class: "tickbox" }, box, el("b", {}, axis.label));
}

/** From and to, in the hyperparameter's own numbers. */
function bounds(axis, intervals, choose) {
  const changed = () => {
    const [from, to] = [low, high].map((field) => (field.value === "" ? null : axis.place(Number(field.value))));
    choose(axis.name, from === null && to === null ? null : [[from ?? 0, to ?? 1]]);
  };
  const bound = (side, end) =>
    el("input", {
      type: "number",
      step: "any",
      class: "bound",
      "data-field": `${axis.name} ${side}`,
      "aria-label": `${axis.label} ${side === 0 ? "from" : "to"}`,
      placeholder: number(end),
      value: intervals ? Number(axis.value(intervals[0][side]).toPrecision(5)) : "",
      onchange: changed,
    });
  const low = bound(0, axis.low),
    high = bound(1, axis.high);
  return el("span", { class: "row bounds" }, low, " to ", high);
}

/** A box for each value that has no order. */
function ticks(axis, intervals, choose) {
  const half = (0.5 / axis.ticks.length) * 0.9;
  const boxes = axis.ticks.map((tick, place) =>
    el("input", {
      type: "checkbox",
      "data-field": `${axis.name} ${place}`,
      checked: !intervals || intervals.some(([from, to]) => tick.place >= from && tick.place <= to),
      onchange: () => {
        const on = axis.ticks.filter((_, index) => boxes[index].checked);
        choose(axis.name, on.length === boxes.length ? null : on.map((each) => [each.place - half, each.place + half]));
      },
    }),
  );
  return el(
    "span",
    { class: "row ticks" },
    boxes.map((box, place) => el("label", { class: "tickbox" }, box, axis.written(axis.ticks[place].place))),
  );
}

function mover(axis, way, disabled, onclick) {
  const attributes = {
    type: "button",
    class: "quiet icon",
    disabled,
    "data-field": `${axis.name} ${way}`,
    "aria-label": `Move ${axis.label} ${way}`,
    onclick,
  };
  return el("button", attributes, way === "left" ? "←" : "→");
}
