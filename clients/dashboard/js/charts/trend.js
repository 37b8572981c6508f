// A metric against the values of one hyperparameter: trials, medians with quartiles, and what is worth marking.
import { number } from "../format.js";
import { band, boxes, uprights, whiskers } from "./bands.js";
import { axis, jitter, room, snug, snugLog, tip, tooltip } from "./parts.js";

const STRIP = 0.5;

/** Whether these values lie on an axis of numbers. */
function numeric(groups) {
  return groups.every((group) => typeof group.value === "number");
}

/** A value as a name, for axes that have one place for each: lists as `[18, 18]`. */
function named(value) {
  return Array.isArray(value) ? `[${value.join(", ")}]` : typeof value === "number" ? number(value) : String(value);
}

/**
 * The option of the picture.
 *
 * @param trend  the API's answer
 * @param metric which of its metrics, by place
 * @param scale  {log, chart: "line" or "bar"}; `log` where the hyperparameter is drawn on that scale
 * @param small  a small multiple: no names of axes, no marks but the best
 */
export function trendOption(
  trend,
  ink,
  { metric = 0, log = false, chart = "line", small = false, yLog = false, colour = "c1" } = {},
) {
  const shape = trend.metrics[metric],
    groups = shape.values;
  if (!groups.length) return null;
  const y = { kind: yLog && groups.every((group) => group.q25 > 0) ? "log" : "value" };
  const onNumbers = numeric(groups);
  const places = new Map(groups.map((group, place) => [named(group.value), place]));
  const bars = chart === "bar";
  const asNames = bars || !onNumbers;
  const x = (value) => (asNames ? places.get(named(value)) : value);
  const points = trend.points.filter((point) => point.metrics[shape.name] !== null);
  const onLog = log && groups.every((group) => (group.low ?? group.value) > 0);
  const ends = onNumbers ? groups.flatMap((group) => [group.low ?? group.value, group.high ?? group.value]) : [];
  const names = groups.map((group) =>
    bars && group.low !== null && group.low !== group.high
      ? `${number(group.low)} – ${number(group.high)}`
      : named(group.value),
  );
  const lines = marks(shape, ink, { x, groups, asNames, small }).map(uprights);
  const frame = {
    grid: small ? { left: 44, right: 10, top: 8, bottom: 22 } : room({ top: 26, right: 24 }),
    yAxis: axis(ink, small ? "" : shape.name, {
      side: "y",
      kind: y.kind,
      scale: !bars,
      ...(bars || y.kind === "log" ? {} : snug()),
      ...(small ? { splitNumber: 3 } : {}),
    }),
    xAxis: asNames
      ? axis(ink, small ? "" : trend.name, {
          min: -0.5,
          max: groups.length - 0.5,
          scale: false,
          axisLabel: {
            fontSize: small ? 11 : 12,
            customValues: groups.map((_, place) => place),
            formatter: (value) => clip(names[value] ?? "", small ? 12 : 22),
          },
        })
      : axis(ink, small ? "" : trend.name, {
          ...(onLog ? snugLog(Math.min(...ends), Math.max(...ends)) : snug(0.03)),
          ...(small ? { splitNumber: 3 } : {}),
        }),
    tooltip: tooltip(ink, (told) =>
      told.data?.trial
        ? tip(`Trial ${told.data.trial.number}`, [
            [trend.name, named(told.data.trial.value)],
            [shape.name, told.data.trial.metrics[shape.name]],
          ])
        : told.data?.group
          ? groupTip(told.data.group, shape, trend)
          : null,
    ),
  };
  if (bars) {
    return {
      ...frame,
      series: [
        {
          type: "bar",
          data: groups.map((group, place) => ({ value: [place, group.median], group })),
          itemStyle: { color: ink[colour], opacity: 0.75 },
          barMaxWidth: 46,
        },
        whiskers(
          groups.map((group, place) => ({ x: place, low: group.q25, high: group.q75 })),
          ink.ink,
        ),
        ...lines,
      ],
    };
  }
  const strip = (point) => x(point.value) + (asNames ? STRIP * jitter(point.number) : 0);
  // A binned trial may lie at a value that no group is named after.
  const drawn = points.filter((point) => !asNames || places.has(named(point.value)));
  const middle = groups.map((group) => ({ x: x(group.value), low: group.q25, high: group.q75, middle: group.median }));
  return {
    ...frame,
    series: [
      asNames ? boxes(middle, ink[colour], { wide: Math.min(0.32, 0.32) }) : band(middle, ink[colour]),
      {
        type: "scatter",
        data: drawn.map((trial) => ({ value: [strip(trial), trial.metrics[shape.name]], trial })),
        symbolSize: small ? 3.5 : drawn.length > 500 ? 4 : 7,
        itemStyle: { color: ink[colour], opacity: drawn.length > 500 ? 0.35 : 0.55 },
        large: false,
        z: 3,
        cursor: small ? "default" : "pointer",
      },
      ...(asNames
        ? []
        : [
            {
              type: "line",
              data: groups.map((group) => ({ value: [group.value, group.median], group })),
              symbol: groups.length > 1 && !small ? "circle" : "none",
              symbolSize: 6,
              lineStyle: { color: ink.ink, width: 2 },
              itemStyle: { color: ink.ink },
              z: 4,
            },
          ]),
      ...lines,
    ],
  };
}

function groupTip(group, shape, trend) {
  const range = group.low !== null && group.low !== group.high;
  return tip(
    range ? `${trend.name} ${number(group.low)} to ${number(group.high)}` : `${trend.name} ${named(group.value)}`,
    [
      ["median", group.median],
      ["middle half", `${number(group.q25)} – ${number(group.q75)}`],
      ["best", group.best],
      ["trials", group.count],
    ],
  );
}

function marks(shape, ink, { x, groups, asNames, small }) {
  const lines = [];
  const mark = (value, text, colour, type) => {
    if (value === null || value === undefined) return;
    const place = asNames ? (x(value) ?? near(groups, value)) : value;
    if (place !== null) lines.push({ x: place, text, colour, type });
  };
  const both = !small && named(shape.best_value) === named(shape.diminishing_returns_at);
  if (!both) mark(shape.best_value, small ? "" : "best trial", ink.accent, "solid");
  if (!small)
    mark(
      shape.diminishing_returns_at,
      both ? "best trial; little more to gain" : "little more to gain",
      ink.c3,
      "dashed",
    );
  return lines.length ? [lines] : [];
}

function near(groups, value) {
  const place = groups.findIndex((group) => group.low !== null && value >= group.low && value <= group.high);
  return place < 0 ? null : place;
}

function clip(text, most) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

const SHAPES = {
  monotone_increasing: (name) => `rises with ${name}`,
  monotone_decreasing: (name) => `falls with ${name}`,
  peak: () => "has a peak inside the range",
  valley: () => "has a valley inside the range",
  flat: (name) => `hardly depends on ${name}`,
  unclear: () => "shows no clear shape",
};

/** The verdict in words: "val_accuracy rises with units". */
export function shapeWords(shape, values, name = "it") {
  const unordered = shape.verdict === "unclear" && values && !values.every((group) => typeof group.value === "number");
  return unordered
    ? `${shape.name} differs between the values, which have no order`
    : `${shape.name} ${SHAPES[shape.verdict](name)}`;
}

/** Whether a value lies at one end ("low" or "high") of its range: within a twentieth of it, on the sampling scale. */
export function atEdge(value, hyperparameter, end) {
  const { low, high, sampling } = hyperparameter ?? {};
  if (low === null || high === null || low === undefined || low === high) return false;
  const place = sampling === "log" ? (each) => Math.log(each) : (each) => each;
  return Math.abs(place(value) - place(hyperparameter[end])) <= 0.05 * Math.abs(place(high) - place(low));
}

/** Where to go next, in one sentence; null when nothing follows. */
export function whereNext(shape, hyperparameter) {
  const groups = shape.values,
    best = shape.direction === "max" ? "monotone_increasing" : "monotone_decreasing";
  if (groups.length < 2) return null;
  if (shape.verdict === "flat")
    return "It makes little difference: fix it at the cheapest value and search the others.";
  if (groups.every((group) => typeof group.value !== "number")) {
    const sign = shape.direction === "max" ? -1 : 1;
    const order = [...groups].sort((a, b) => sign * (a.median - b.median));
    return `Best in the middle: ${named(order[0].value)}, worst: ${named(order.at(-1).value)}.`;
  }
  const first = groups[0],
    last = groups.at(-1);
  const edge = (value, end) => atEdge(value, hyperparameter, end);
  if (shape.verdict === (shape.direction === "max" ? "peak" : "valley")) {
    const sign = shape.direction === "max" ? -1 : 1;
    const order = groups.map((group, place) => [sign * group.median, place]).sort((a, b) => a[0] - b[0]);
    const place = order[0][1];
    const low = groups[Math.max(0, place - 1)],
      high = groups[Math.min(groups.length - 1, place + 1)];
    return `The best lie between ${number(low.low ?? low.value)} and ${number(high.high ?? high.value)}: narrow the range around there.`;
  }
  if (shape.diminishing_returns_at !== null)
    return `Beyond ${named(shape.diminishing_returns_at)} there is little more to gain: less than a twentieth of the whole gain in the median.`;
  if (shape.verdict === best) {
    return `The best end is the upper one (${number(last.high ?? last.value)})${edge(last.high ?? last.value, "high") ? ", which is the end of the range: widen it upwards" : ": try larger values"}.`;
  }
  if (shape.verdict.startsWith("monotone")) {
    return `The best end is the lower one (${number(first.low ?? first.value)})${edge(first.low ?? first.value, "low") ? ", which is the end of the range: widen it downwards" : ": try smaller values"}.`;
  }
  return null;
}
