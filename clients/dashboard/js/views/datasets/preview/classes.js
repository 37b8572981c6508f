// How many rows each class (or label) has, as bars.
import { figure } from "../../../charts/figure.js";
import { axis, room, tip, tooltip } from "../../../charts/parts.js";
import { number, percent } from "../../../format.js";

const MOST_BARS = 100;

/** The figure; its data are a target's classes with their counts in a part. */
export function classFigure(target, part) {
  const what = target.task === "multilabel" ? "labels" : "classes";
  return figure({
    title: `Rows of each of ${number(target.classes.length)} ${what}${target.name ? `, ${target.name}` : ""}`,
    describe: (classes) => {
      const sorted = [...classes].sort((a, b) => b.count - a.count);
      return `${classes.length} ${what} in the ${part} part. Most rows: ${sorted[0].name} (${sorted[0].count}); fewest: ${sorted.at(-1).name} (${sorted.at(-1).count}).`;
    },
    table: (classes) => ({
      columns: [target.task === "multilabel" ? "label" : "class", "rows"],
      rows: classes.map((one) => [one.name, one.count]),
    }),
    under: (classes) => {
      const least = Math.min(...classes.map((one) => one.count)),
        most = Math.max(...classes.map((one) => one.count));
      return classes.length > MOST_BARS
        ? `The ${MOST_BARS} largest are drawn; the table has more.`
        : most > 3 * Math.max(least, 1)
          ? `The largest has ${number(Math.round((most / Math.max(least, 1)) * 10) / 10)} times the rows of the smallest: look beyond accuracy.`
          : null;
    },
    option: (classes, ink) => {
      const shown =
        classes.length > MOST_BARS ? [...classes].sort((a, b) => b.count - a.count).slice(0, MOST_BARS) : classes;
      const total = classes.reduce((sum, one) => sum + one.count, 0) || 1;
      return {
        grid: room({ bottom: shown.length > 12 ? 70 : 44 }),
        tooltip: tooltip(ink, ({ name, value }) =>
          tip(name, [
            ["rows", value],
            ["share", percent(value / total)],
          ]),
        ),
        xAxis: {
          ...axis(ink, "", { kind: "category", values: shown.map((one) => one.name) }),
          axisLabel: {
            color: ink.soft,
            fontSize: 12,
            rotate: shown.length > 12 ? 45 : 0,
            hideOverlap: true,
            width: 80,
            overflow: "truncate",
          },
        },
        yAxis: { ...axis(ink, "rows", { side: "y", whole: true }), scale: false },
        series: [
          {
            type: "bar",
            data: shown.map((one) => one.count),
            itemStyle: { color: ink.c1, borderRadius: [3, 3, 0, 0] },
            barMaxWidth: 46,
          },
        ],
      };
    },
  });
}
