// A metric against one hyperparameter, as a figure.
import { address } from "../../../address.js";
import { figure } from "../../../charts/figure.js";
import { shapeWords, trendOption } from "../../../charts/trend.js";
import { number } from "../../../format.js";
import { picture, tooFew } from "../common.js";
import { FEWEST } from "./small.js";

/** What the API tells of one metric of a trend. */
export function shapeOf(trend, metric) {
  return trend.metrics.find((each) => each.name === metric);
}

/** The figure; `alone` when it is the only one on the page, and large. */
export function trendFigure({ search, name, hyperparameter, metric, state, alone }) {
  return figure({
    title: `${metric} against ${name}`,
    size: alone ? "tall" : "",
    describe: (trend) => {
      const shape = shapeOf(trend, metric);
      return `${shape.name} against ${trend.name}, ${trend.trials} trials: ${shapeWords(shape, shape.values)}; best at ${number(shape.best_value)}.`;
    },
    option: (trend, ink) =>
      trend.trials < FEWEST
        ? null
        : trendOption(trend, ink, {
            metric: trend.metrics.findIndex((each) => each.name === metric),
            log: hyperparameter?.sampling === "log",
            chart: state.chart,
            yLog: state.y === "log",
            colour: metric.startsWith("val_") || alone ? "c1" : "c2",
          }),
    table: (trend) => ({
      columns: [name, "trials", "mean", "median", "lower quartile", "upper quartile", "best"],
      rows: shapeOf(trend, metric).values.map((group) => [
        group.low !== null && group.low !== group.high ? `${number(group.low)} – ${number(group.high)}` : group.value,
        group.count,
        group.mean,
        group.median,
        group.q25,
        group.q75,
        group.best,
      ]),
    }),
    picture: () => {
      const { at, chart, min, max, baseline } = state;
      return picture(search, "hyperparameter", { name, metric, at, chart, min, max, baseline });
    },
    under: (trend) => (alone ? null : shapeWords(shapeOf(trend, metric), [])),
    empty: (trend) => tooFew(trend?.trials ?? 0, FEWEST, "The trend"),
    clicked: (event) => {
      if (event.data?.trial) location.hash = address(["trials", event.data.trial.trial_id]);
    },
  });
}
