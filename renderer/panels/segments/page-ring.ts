/** The last pages-present figures of a segment over instruction count, for its sparkline. */
export interface PagePoint {
  instructions: number;
  pages: number;
}

/** Samples nearer than this in host time replace one another, so that the ring spans seconds. */
const SPACING_MS = 60;

export class PageRing {
  readonly #points: PagePoint[] = [];
  readonly #capacity: number;
  #lastTime = -Infinity;

  constructor(capacity = 96) {
    this.#capacity = capacity;
  }

  get points(): readonly PagePoint[] {
    return this.#points;
  }

  /** Instructions from the first sample to the last. */
  get span(): number {
    return this.#points.length < 2 ? 0 : this.#points.at(-1)!.instructions - this.#points[0]!.instructions;
  }

  /** Takes a sample; instructions going back (a reset) start over. `now` in milliseconds. */
  push(instructions: number, pages: number, now: number): void {
    const last = this.#points.at(-1);
    if (last && instructions < last.instructions) this.clear();
    if (last && instructions === last.instructions) {
      last.pages = pages;
      return;
    }
    if (this.#points.length > 1 && now - this.#lastTime < SPACING_MS) this.#points.pop();
    else this.#lastTime = now;
    this.#points.push({ instructions, pages });
    if (this.#points.length > this.#capacity) this.#points.shift();
  }

  clear(): void {
    this.#points.length = 0;
    this.#lastTime = -Infinity;
  }
}

/** The points as steps in a box of `width` by `height`, y downwards; the highest point stays just below the top. */
export function stepLine(points: readonly PagePoint[], width: number, height: number): [x: number, y: number][] {
  if (points.length === 0) return [];
  const first = points[0]!.instructions;
  const span = Math.max(1, points.at(-1)!.instructions - first);
  const top = Math.max(1, ...points.map((point) => point.pages)) * 1.08;
  const line: [number, number][] = [];
  for (const { instructions, pages } of points) {
    const x = points.length === 1 ? width : ((instructions - first) / span) * width;
    const y = height - 1 - (pages / top) * (height - 2);
    if (line.length > 0) line.push([x, line.at(-1)![1]]);
    line.push([x, y]);
  }
  return line;
}
