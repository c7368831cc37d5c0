/** Exact conversion between virtual nanoseconds and the ticks of a crystal, without leaving 53 bits. */

const NS_PER_SECOND = 1_000_000_000;

/** The number of whole ticks of a `hz` crystal in `ns` nanoseconds. `hz` up to 9 MHz. */
export function nsToTicks(ns: number, hz: number): number {
  const seconds = Math.floor(ns / NS_PER_SECOND);
  return seconds * hz + Math.floor(((ns - seconds * NS_PER_SECOND) * hz) / NS_PER_SECOND);
}

/** The first nanosecond at which `nsToTicks` reaches `ticks`. */
export function ticksToNs(ticks: number, hz: number): number {
  const seconds = Math.floor(ticks / hz);
  return seconds * NS_PER_SECOND + Math.ceil(((ticks - seconds * hz) * NS_PER_SECOND) / hz);
}
