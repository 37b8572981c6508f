// The picture itself, as an ECharts option.
import { colourKey } from "../../../charts/scales.js";
import { SCORE, short } from "./axes.js";

/** From so many trials on, lines are thin and the picture follows a drag only at its end. */
const MANY = 1500;

/** Lines of `found.rows` across the axes `shown`, coloured by score; `upright` lays the axes below each other. */
export function parallelOption({ found, axes, shown, upright, ink }) {
  const score = axes.find((axis) => axis.name === SCORE),
    many = found.rows.length > MANY;
  const { direction, name } = found.metric;
  return {
    parallel: {
      left: upright ? 24 : 56,
      right: upright ? 24 : 64,
      top: upright ? 36 : 46,
      bottom: 58,
      layout: upright ? "vertical" : "horizontal",
    },
    parallelAxis: shown.map((axis, dim) => axisOption({ axis, dim, many, upright, ink })),
    visualMap: colourKey(ink, {
      low: score.low,
      high: score.high,
      direction,
      name,
      dimension: shown.length,
      seriesIndex: 0,
    }),
    series: [lines({ found, shown, many })],
  };
}

function lines({ found, shown, many }) {
  const sign = found.metric.direction === "max" ? 1 : -1;
  // The best are drawn last, so that they lie on top.
  const rows = [...found.rows].sort((a, b) => sign * (a.score - b.score));
  return {
    type: "parallel",
    data: rows.map((row) => [...shown.map((axis) => axis.at(row)), row.score]),
    progressive: 1000,
    progressiveThreshold: 2000,
    lineStyle: { width: many ? 0.8 : 1.5, opacity: many ? 0.25 : 0.65 },
    inactiveOpacity: many ? 0.012 : 0.05,
    activeOpacity: many ? 0.4 : 0.85,
    emphasis: { disabled: true },
    tooltip: { show: false },
  };
}

function axisOption({ axis, dim, many, upright, ink }) {
  // Names and ticks stay readable on top of the lines.
  const halo = { textBorderColor: ink.card, textBorderWidth: 3 };
  return {
    dim,
    id: axis.name,
    name: short(axis.label, upright ? 30 : 18),
    min: 0,
    max: 1,
    realtime: !many,
    inverse: false,
    nameTextStyle: {
      color: ink.ink,
      fontSize: 12,
      fontWeight: axis.name === SCORE ? "bold" : "normal",
      align: upright ? "left" : "center",
      ...halo,
      ...(upright ? { verticalAlign: "bottom", padding: [0, 0, 7, 0] } : {}),
    },
    nameGap: upright ? 0 : 16,
    ...(upright ? { nameLocation: "start" } : {}),
    axisLine: { lineStyle: { color: ink.edge, width: 1.5 } },
    axisTick: { show: false },
    axisLabel: {
      color: ink.ink,
      fontSize: 11,
      hideOverlap: true,
      customValues: axis.ticks.map((tick) => tick.place),
      formatter: (at) => axis.written(at),
      ...halo,
    },
    areaSelectStyle: { width: 22, borderWidth: 1, borderColor: ink.accent, color: ink.accent, opacity: 0.25 },
  };
}
