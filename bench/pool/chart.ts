// Draws figures as horizontal bars, in SVG: a panel a figure, in it a column a
// runtime, in that a bar a subject.

/** One figure of many subjects. */
export interface Panel {
  readonly title: string;
  readonly columns: readonly string[];
  readonly bars: readonly Bars[];
}

/** One subject, in every column. */
export interface Bars {
  readonly label: string;
  readonly colour: string;
  /** Nothing where it did not run. */
  readonly values: readonly (number | undefined)[];
}

/** From a value to a place between 0 and 1, and the values to mark there. */
interface Scale {
  readonly place: (value: number) => number;
  readonly marks: readonly number[];
  readonly isLogarithmic: boolean;
}

/** Of the picture. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

const WIDTH = 960;
const MARGIN = 20;
const LABELS = 130;
const COLUMN_GAP = 22;
/** Room for a number to the right of the longest bar. */
const NUMBERS = 50;
const TITLE = 44;
const AXIS = 26;
const PITCH = 20;
const BAR = 13;
const PANEL_GAP = 22;

/** A scale is logarithmic from here on. */
const WIDE = 30;

const INK = "#1f2430";
const FAINT = "#6b7280";
const GRID = "#e3e6ea";
const NOTE = { "font-size": "10", fill: FAINT };
/** A number may lie on a line of the grid. */
const HALO = {
  stroke: "#ffffff",
  "stroke-width": "3",
  "paint-order": "stroke",
};

/** Three digits that matter, and a suffix for thousands and millions. */
export function format(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6) return `${digits(value / 1e6)}M`;
  if (size >= 1e4) return `${digits(value / 1e3)}k`;
  return digits(value);
}

function digits(value: number): string {
  if (value === 0) return "0";
  const places = 2 - Math.floor(Math.log10(Math.abs(value)));
  return value.toFixed(Math.min(Math.max(places, 0), 3));
}

/** How large the picture of these panels is. */
export function sizeOf(panels: readonly Panel[]): Size {
  const heights = panels.map(heightOf);
  const height = heights.reduce((sum, height) => sum + height + PANEL_GAP, 0);
  return { width: WIDTH, height: height - PANEL_GAP + 2 * MARGIN };
}

function heightOf({ bars }: Panel): number {
  return TITLE + bars.length * PITCH + AXIS;
}

/** The picture, as the text of an SVG file. */
export function chartOf(panels: readonly Panel[]): string {
  const { width, height } = sizeOf(panels);
  let top = MARGIN;
  const parts = panels.map((panel) => {
    const part = `<g transform="translate(${MARGIN} ${top})">${
      panelOf(panel)
    }</g>`;
    top += heightOf(panel) + PANEL_GAP;
    return part;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" ` +
    `height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `font-family="system-ui, 'DejaVu Sans', sans-serif" font-size="12" ` +
    `fill="${INK}">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...parts,
    "</svg>",
  ].join("\n") + "\n";
}

function panelOf({ title, columns, bars }: Panel): string {
  const values = bars.flatMap(({ values }) => values).filter((value) =>
    value !== undefined
  );
  const scale = scaleOf(values);
  const room = WIDTH - 2 * MARGIN - LABELS - (columns.length - 1) * COLUMN_GAP;
  const width = room / columns.length;
  const labels = bars.map(({ label, colour }, index) =>
    text(label, LABELS - 8, middleOf(index), {
      "text-anchor": "end",
      ...(colour === ACCENT ? { "font-weight": "600" } : {}),
    })
  );
  return [
    text(title, 0, 14, { "font-size": "14", "font-weight": "600" }),
    ...(scale.isLogarithmic
      ? [text("logarithmic", LABELS - 8, 34, { "text-anchor": "end", ...NOTE })]
      : []),
    ...labels,
    ...columns.map((name, column) => {
      const left = LABELS + column * (width + COLUMN_GAP);
      const body = columnOf(name, column, bars, scale, width);
      return `<g transform="translate(${round(left)} 0)">${body}</g>`;
    }),
  ].join("\n");
}

function columnOf(
  name: string,
  column: number,
  bars: readonly Bars[],
  { place, marks }: Scale,
  width: number,
): string {
  const longest = width - NUMBERS;
  const bottom = TITLE + bars.length * PITCH;
  const grid = marks.flatMap((mark) => {
    const x = round(place(mark) * longest);
    return [
      `<line x1="${x}" x2="${x}" y1="${TITLE - 2}" y2="${bottom}" ` +
      `stroke="${GRID}"/>`,
      text(markOf(mark), x, bottom + 14, {
        "text-anchor": "middle",
        ...NOTE,
      }),
    ];
  });
  const drawn = bars.map(({ colour, values }, index) => {
    const value = values[column];
    if (value === undefined) {
      return text("did not run", 4, middleOf(index), { fill: FAINT });
    }
    const length = round(Math.max(place(value) * longest, 1));
    const y = TITLE + index * PITCH + (PITCH - BAR) / 2;
    return `<rect x="0" y="${y}" width="${length}" height="${BAR}" ` +
      `fill="${colour}"/>` +
      text(format(value), length + 4, middleOf(index), {
        "font-size": "11",
        ...HALO,
      });
  });
  return [
    text(name, 0, 34, { "font-weight": "600", fill: FAINT }),
    ...grid,
    ...drawn,
  ].join("\n");
}

/** A round number, without zeros that say nothing. */
function markOf(value: number): string {
  return format(value).replace(/\.0+(?=k|M|$)|(\.\d*?)0+(?=k|M|$)/, "$1");
}

/** The baseline of a bar's text. */
function middleOf(index: number): number {
  return TITLE + index * PITCH + PITCH / 2 + 4;
}

function scaleOf(values: readonly number[]): Scale {
  const most = Math.max(...values);
  const least = Math.min(...values.filter((value) => value > 0));
  return most > least * WIDE ? logarithmic(least, most) : linear(most);
}

/** From zero. */
function linear(most: number): Scale {
  const unit = 10 ** Math.floor(Math.log10(most));
  const step = [0.25, 0.5, 1, 2, 5].map((part) => part * unit)
    .find((step) => most / step <= 4) ?? unit;
  const count = Math.floor(most / step) + 1;
  const marks = Array.from({ length: count }, (_, index) => index * step);
  const place = (value: number) => Math.max(value, 0) / most;
  return { place, marks, isLogarithmic: false };
}

/** From the power of ten below the least, so that each has a bar. */
function logarithmic(least: number, most: number): Scale {
  const first = Math.floor(Math.log10(least * 0.8));
  const span = Math.log10(most) - first;
  const place = (value: number) =>
    Math.max(Math.log10(Math.max(value, Number.MIN_VALUE)) - first, 0) / span;
  const every = Math.ceil(span / 5);
  const count = Math.floor(span / every) + 1;
  const marks = Array.from(
    { length: count },
    (_, index) => 10 ** (first + index * every),
  );
  return { place, marks, isLogarithmic: true };
}

/** The colour of what the picture is about. */
export const ACCENT = "#d9480f";

function text(
  content: string,
  x: number,
  y: number,
  attributes: Readonly<Record<string, string>> = {},
): string {
  const more = Object.entries(attributes).map(([name, value]) =>
    ` ${name}="${value}"`
  );
  const escaped = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${x}" y="${y}"${more.join("")}>${escaped}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
