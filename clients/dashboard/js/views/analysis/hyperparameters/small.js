// One hyperparameter as a small picture, with its verdict and its share of importance.
import { get } from "../../../api.js";
import { figure } from "../../../charts/figure.js";
import { shapeWords, trendOption } from "../../../charts/trend.js";
import { el, fill } from "../../../dom.js";
import { number } from "../../../format.js";
import { base, question, tooFew } from "../common.js";

/** How many trials a trend takes. */
export const FEWEST = 2;
const POINTS = 400;

/** A card: `node`, `asked` (its question), `say(share, method)`, `end()`. `state` says of which metric, and is read at each question. */
export function smallCard({ search, hyperparameter, state, open }) {
  const { name } = hyperparameter;
  const verdict = el("p", { class: "says" }),
    share = el("span", { class: "tag", hidden: true });
  const drawing = figure({
    title: name,
    size: "small",
    describe: (trend) => `${trend.metric.name} against ${trend.name}: ${shapeWords(trend.metrics[0], trend.values)}.`,
    option: (trend, ink) =>
      trend.trials < FEWEST ? null : trendOption(trend, ink, { log: hyperparameter.sampling === "log", small: true }),
    empty: (trend) => tooFew(trend?.trials ?? 0, FEWEST, "The trend"),
    controls: [share],
    under: (trend) => {
      fill(
        verdict,
        el("b", {}, shapeWords(trend.metrics[0], trend.values)),
        "; best trial at ",
        el("b", {}, number(trend.best_value)),
      );
      return [verdict];
    },
  });
  drawing.node.querySelector(".controls").append(opener(name, open));
  drawing.node.addEventListener("click", (event) => {
    if (event.target.closest(".picture")) open(name);
  });
  const asked = question({
    search,
    pause: 5000,
    ask: () =>
      get(`${base(search)}/trends/hyperparameters/${encodeURIComponent(name)}`, {
        metric: state.metric,
        at: state.at,
        baseline: state.baseline || null,
        points: POINTS,
      }),
    show: (trend) => drawing.update(trend),
    fail: (error) => drawing.fail(error.message),
  });
  drawing.busy("");
  return {
    node: drawing.node,
    asked,
    say(value, method) {
      share.hidden = false;
      share.textContent = `${Math.round(value * 100)} %`;
      share.title =
        method === "fanova"
          ? "Share of the variance that it explains by itself (fANOVA)"
          : "Share of what sets the best trials apart (PED-ANOVA)";
    },
    end() {
      drawing.end();
      asked.end();
    },
  };
}

function opener(name, open) {
  return el(
    "button",
    {
      type: "button",
      class: "opener",
      "data-hp": name,
      "aria-label": `Open ${name}`,
      onclick: () => open(name),
    },
    "Open",
  );
}
