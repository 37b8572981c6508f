// Shapes that ECharts has no series for: bands between two lines, boxes, cells of a surface.

/** The area between `low` and `high` of `[{x, low, high}]`, on axes of any kind. */
export function band(points, colour, { opacity = 0.18, name, z = 1, ...more } = {}) {
  return {
    type: "custom",
    name,
    silent: true,
    clip: true,
    z,
    tooltip: { show: false },
    data: points.flatMap(({ x, low, high }) => [
      [x, low],
      [x, high],
    ]),
    encode: { x: 0, y: 1 },
    renderItem: (params, api) => {
      if (params.dataIndexInside !== 0) return null;
      const edge = [
        ...points.map(({ x, high }) => api.coord([x, high])),
        ...points.map(({ x, low }) => api.coord([x, low])).reverse(),
      ];
      return { type: "polygon", shape: { points: edge }, style: { fill: colour, opacity } };
    },
    ...more,
  };
}

/** A box from `low` to `high` with a line at `middle` for each of `[{x, low, middle, high}]`; `wide` is its half width in units of x. */
export function boxes(points, colour, { wide = 0.3, opacity = 0.18, line = true, ...more } = {}) {
  return {
    type: "custom",
    silent: true,
    clip: true,
    z: 2,
    tooltip: { show: false },
    data: points.flatMap(({ x, low, high }) => [
      [x, low],
      [x, high],
    ]),
    encode: { x: 0, y: 1 },
    renderItem: (params, api) => {
      if (params.dataIndexInside % 2) return null;
      const { x, low, middle, high } = points[params.dataIndexInside / 2];
      const [left, top] = api.coord([x - wide, high]),
        [right, bottom] = api.coord([x + wide, low]),
        at = api.coord([x, middle])[1];
      return {
        type: "group",
        children: [
          {
            type: "rect",
            shape: { x: left, y: top, width: right - left, height: Math.max(1, bottom - top) },
            style: { fill: colour, opacity },
          },
          ...(line
            ? [
                {
                  type: "line",
                  shape: { x1: left, x2: right, y1: at, y2: at },
                  style: { stroke: colour, lineWidth: 2 },
                },
              ]
            : []),
        ],
      };
    },
    ...more,
  };
}

/** Upright lines from `low` to `high`, with short ends: the spread on top of a bar. `x` is a place on the axis. */
export function whiskers(points, colour) {
  return {
    type: "custom",
    silent: true,
    clip: true,
    z: 4,
    tooltip: { show: false },
    data: points.flatMap(({ x, low, high }) => [
      [x, low],
      [x, high],
    ]),
    encode: { x: 0, y: 1 },
    renderItem: (params, api) => {
      if (params.dataIndexInside % 2) return null;
      const { x, low, high } = points[params.dataIndexInside / 2];
      const [at, top] = api.coord([x, high]),
        bottom = api.coord([x, low])[1],
        style = { stroke: colour, lineWidth: 1.5 };
      return {
        type: "group",
        children: [
          [at, top, at, bottom],
          [at - 4, top, at + 4, top],
          [at - 4, bottom, at + 4, bottom],
        ].map(([x1, y1, x2, y2]) => ({ type: "line", shape: { x1, y1, x2, y2 }, style })),
      };
    },
  };
}

/** Rectangles of `[[x0, x1, y0, y1, value]]`, coloured by a visual map over dimension 4. */
export function cells(rectangles) {
  return {
    type: "custom",
    clip: true,
    z: 1,
    data: rectangles,
    dimensions: ["x0", "x1", "y0", "y1", "value"],
    encode: { x: [0, 1], y: [2, 3] },
    renderItem: (_params, api) => {
      const [left, bottom] = api.coord([api.value(0), api.value(2)]),
        [right, top] = api.coord([api.value(1), api.value(3)]);
      // Half a pixel more than due: no seams between neighbours.
      return {
        type: "rect",
        shape: { x: left, y: top, width: right - left + 0.5, height: bottom - top + 0.5 },
        style: { fill: api.visual("color") },
      };
    },
  };
}

/** Upright lines through the whole picture at `[{x, text, colour, type}]`, with words at their upper end, one below the other. */
export function uprights(lines) {
  return {
    type: "custom",
    silent: true,
    z: 5,
    tooltip: { show: false },
    data: lines.map(({ x }) => [x]),
    encode: { x: 0 },
    renderItem: (params, api) => {
      const { x, text, colour, type } = lines[params.dataIndexInside],
        frame = params.coordSys;
      const at = api.coord([x, 0])[0];
      // Words stay inside the picture: on the left of the line in its right half.
      const right = at > frame.x + frame.width / 2;
      return {
        type: "group",
        children: [
          {
            type: "line",
            shape: { x1: at, x2: at, y1: frame.y, y2: frame.y + frame.height },
            style: { stroke: colour, lineWidth: 1.5, lineDash: type === "dashed" ? [5, 4] : null },
          },
          ...(text
            ? [
                {
                  type: "text",
                  style: {
                    text,
                    x: right ? at - 5 : at + 5,
                    y: frame.y - 3 + 15 * params.dataIndexInside,
                    align: right ? "right" : "left",
                    verticalAlign: "bottom",
                    fill: colour,
                    fontSize: 12,
                  },
                },
              ]
            : []),
        ],
      };
    },
  };
}
