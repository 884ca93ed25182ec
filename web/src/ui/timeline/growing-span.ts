const minuteMs = 60_000;
/** How much time the width may stand for: it changes seldom, so that a moment stays where the eye has put it. Minutes. */
const spans = [1, 2, 3, 5, 8, 12, 20, 30, 45, 60, 90, 120, 180, 240];

/** The time that a growing call is drawn over: a little more than it is long. Milliseconds. */
export function growingSpan(edgeMs: number): number {
  const minutes = spans.find((candidate) => edgeMs <= candidate * minuteMs * 0.97);
  return (minutes ?? Math.ceil(edgeMs / (60 * minuteMs) + 0.5) * 60) * minuteMs;
}

/** The loudest step of one bar, 0–255. */
export function loudestIn(values: Uint8Array, from: number, to: number): number {
  let loudest = 0;
  for (let step = Math.max(0, from); step < Math.min(to, values.length); step++) {
    if (values[step]! > loudest) loudest = values[step]!;
  }
  return loudest;
}
