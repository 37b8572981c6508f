// The final training of this trial, with its confusion matrix.
import { address } from "../../address.js";
import { get } from "../../api.js";
import { state } from "../../components/controls.js";
import { el, fill } from "../../dom.js";
import { values } from "../../format.js";

/** A card that hides itself while there is none: `node`, `find(trialId)`. */
export function finalCard() {
  const node = el("section", { class: "card", "aria-label": "Final training", hidden: true });

  async function find(id) {
    const final = (await get("/v1/final", { limit: 100 })).items.find((one) => one.source.trial_id === id);
    if (!final) return;
    const full = final.state === "COMPLETED" ? await get(`/v1/final/${encodeURIComponent(final.id)}`) : final;
    const tested = full.report?.test;
    const counted = Object.values(tested?.outputs ?? {}).some((one) => one.confusion_matrix);
    node.hidden = false;
    fill(
      node,
      el(
        "div",
        { class: "head" },
        el("h2", {}, "Final training"),
        el("a", { href: address(["final", final.id]) }, "Report"),
      ),
      el(
        "p",
        {},
        state(final.state),
        " ",
        tested ? el("span", { class: "note" }, `on the test part: ${values(tested.metrics)}`) : null,
      ),
      counted ? ["light", "dark"].map((theme) => matrix(final.id, theme)) : null,
    );
  }

  return { node, find };
}

/** The matrix in the colours of one theme; the sheet shows the one that fits. */
function matrix(id, theme) {
  return el("img", {
    class: `matrix ${theme}`,
    loading: "lazy",
    alt: "Confusion matrix on the test part: true against predicted classes",
    src: `/v1/searches/${encodeURIComponent(id)}/plots/confusion-matrix?format=svg&theme=${theme}`,
  });
}
