// Milliseconds as f64 outside, nanoseconds as i64 inside.

const FOREVER_NS: i64 = -1;
/** 2^53 ns, 104 days: what a timeout of more is cut to, and asked for again. */
const LONGEST_NS: f64 = 9007199254740992;

/** Rounded up: a sleep is not shorter than asked for. */
export function toNs(ms: f64): i64 {
  if (ms == Infinity) return FOREVER_NS;
  return <i64> min<f64>(ceil<f64>(max<f64>(ms, 0) * 1e6), LONGEST_NS);
}
