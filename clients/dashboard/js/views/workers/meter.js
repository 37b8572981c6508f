// A name, the present value, and how it was over the last minutes.
import { spark } from "../../charts/spark.js";
import { el, refill } from "../../dom.js";
import { bytes } from "../../format.js";

/** A name, the present value, and how it was over the last minutes between nothing and `high`. */
export function meter(name) {
  const label = el("span", { class: "small note" }, name),
    value = el("b"),
    line = el("div", { class: "line" });
  let called = name;
  return {
    node: el("div", { class: "meter" }, el("div", {}, label, value), line),
    rename(next) {
      called = next;
      label.textContent = next;
    },
    update({ said, values, high, told }) {
      value.textContent = said;
      refill(line, [values, high, called], () => {
        const known = values.filter(Number.isFinite);
        const words = known.length
          ? `${called} over the last minutes: between ${told(Math.min(...known))} and ${told(Math.max(...known))}, now ${said}`
          : `${called}: unknown`;
        return spark(
          values.map((one) => one ?? NaN),
          words,
          { low: 0, high: high ?? null },
        );
      });
    },
  };
}

/** Bytes of bytes; a dash where one is not known. */
export function of(used, total) {
  return used === null || total === null ? "–" : `${bytes(used)} of ${bytes(total)}`;
}
