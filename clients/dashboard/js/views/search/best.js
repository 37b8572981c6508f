// The best trial so far, with all it takes to have its model.
import { address } from "../../address.js";
import { get } from "../../api.js";
import { codeOf } from "../../components/code.js";
import { copyButton, downloadButton } from "../../components/controls.js";
import { pairs } from "../../components/pairs.js";
import { el, fill } from "../../dom.js";
import { duration, number } from "../../format.js";

export function bestCard({ search }) {
  const node = el("section", { class: "card wide best-card", "aria-label": "Best trial" });
  const base = `/v1/searches/${encodeURIComponent(search.id)}`;
  let drawnFor = "";

  async function refresh(now) {
    const sign = now.best ? `${now.best.trial_id} ${now.best.score}` : "none";
    if (sign === drawnFor) return;
    drawnFor = sign;
    if (!now.best) {
      fill(node, el("h2", {}, "Best trial"), el("p", { class: "note" }, "No trial has been scored yet."));
      return;
    }
    const [best] = (await get(`${base}/best`, { count: 1 })).items;
    if (!best) return;
    const open = node.querySelector("details")?.open ?? true;
    fill(
      node,
      el(
        "div",
        { class: "head" },
        el(
          "h2",
          {},
          "Best: ",
          el("a", { href: address(["trials", best.id]) }, `trial ${best.number}`),
          `, ${now.objective.name} ${number(best.score)}`,
          best.best_epoch === null ? "" : ` at epoch ${best.best_epoch}`,
        ),
        el(
          "div",
          { class: "row" },
          best.code ? copyButton("Copy Keras code", () => best.code) : null,
          now.dataset_id
            ? downloadButton(
                "Download model",
                `/v1/trials/${encodeURIComponent(best.id)}/model`,
                `trial-${best.number}.keras`,
                { primary: true },
              )
            : null,
        ),
      ),
      el(
        "div",
        { class: "best-parts" },
        el(
          "div",
          { class: "stack" },
          pairs("Hyperparameters", best.hyperparameters),
          pairs("Metrics at its best epoch", best.metrics),
          pairs("Cost", {
            parameters: number(best.parameters),
            "training time": duration(best.seconds),
            epochs: best.epochs,
          }),
        ),
        best.code
          ? el(
              "details",
              { open },
              el("summary", {}, "Keras code that rebuilds and trains it"),
              codeOf(best.code, "python"),
            )
          : el("p", { class: "note" }, "There is no code: it needs the data set, which is not here (any more)."),
      ),
    );
  }

  return { node, refresh };
}
