// What runs on the workers: some rows of the picture.

/** What is to be seen, and how large. */
export interface View {
  /** The middle, as a complex number. */
  readonly re: number;
  readonly im: number;
  /** From the left to the right, in the complex plane. */
  readonly span: number;
  /** In pixels. */
  readonly width: number;
  readonly height: number;
}

/** Rows of the picture. */
export interface Band {
  readonly view: View;
  readonly from: number;
  readonly to: number;
}

type Color = readonly [red: number, green: number, blue: number];

const MAX_STEPS = 4000;
/** Far out, so that colors have no steps. */
const ESCAPE = 1e6;
/** A pixel is the mean of so many by so many. */
const SAMPLES = 3;
const INSIDE: Color = [0.02, 0.02, 0.05];
/** Where the light comes from: a direction, and how high above the picture. */
const LIGHT = { x: Math.SQRT1_2, y: Math.SQRT1_2, height: 1.4 };

/** Renders rows: three bytes for each pixel. */
export function render({ view, from, to }: Band): Uint8Array {
  const pixels = new Uint8Array(3 * view.width * (to - from));
  let at = 0;
  for (let y = from; y < to; y++) {
    for (let x = 0; x < view.width; x++) {
      for (const part of colorOf(view, x, y)) pixels[at++] = 255.99 * part;
    }
  }
  return pixels;
}

function colorOf(view: View, x: number, y: number): Color {
  const scale = view.span / view.width;
  let red = 0;
  let green = 0;
  let blue = 0;
  for (let i = 0; i < SAMPLES ** 2; i++) {
    const dx = (i % SAMPLES + 0.5) / SAMPLES - view.width / 2;
    const dy = (Math.floor(i / SAMPLES) + 0.5) / SAMPLES - view.height / 2;
    const color = sample(
      view.re + (x + dx) * scale,
      view.im - (y + dy) * scale,
    );
    red += color[0];
    green += color[1];
    blue += color[2];
  }
  // The mean is one of light, and a byte's scale is not: its root is near it.
  const root = (sum: number) => Math.sqrt(sum / SAMPLES ** 2);
  return [root(red), root(green), root(blue)];
}

/** The light of one point. */
function sample(re: number, im: number): Color {
  let steps = 0;
  let x = 0;
  let y = 0;
  // The derivative says which way is out: the slope that the light falls on.
  let dx = 0;
  let dy = 0;
  while (x * x + y * y < ESCAPE) {
    if (++steps > MAX_STEPS) return INSIDE;
    const nextDx = 2 * (x * dx - y * dy) + 1;
    dy = 2 * (x * dy + y * dx);
    dx = nextDx;
    const nextX = x * x - y * y + re;
    y = 2 * x * y + im;
    x = nextX;
  }
  const smooth = steps - Math.log2(Math.log(x * x + y * y) / 2);
  const ux = x * dx + y * dy;
  const uy = y * dx - x * dy;
  const slope = (ux * LIGHT.x + uy * LIGHT.y) / Math.hypot(ux, uy);
  const light = Math.max(slope + LIGHT.height, 0) / (1 + LIGHT.height);
  const [red, green, blue] = palette(smooth);
  return [red * light, green * light, blue * light];
}

/** Colors that come back, ever more slowly. */
function palette(steps: number): Color {
  const turn = 1.7 * Math.log2(steps + 1);
  const wave = (phase: number) => 0.5 + 0.5 * Math.cos(turn + phase);
  return [wave(0.4) ** 1.2, wave(1.0) ** 1.6, wave(1.9)];
}
