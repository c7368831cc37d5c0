/**
 * How many instructions a guest runs between two looks at its host's messages: as many as take a few milliseconds, however
 * fast it is. Each look goes round the host's event loop, which a guest of a thousand MIPS would feel every 400,000.
 */

/** Host milliseconds that a slice should take at most, and at least half of. */
const MOST_MS = 4;
const FEWEST = 20_000;
/** Instructions of the longest slice. */
export const MOST = 16_000_000;

export class Slices {
  /** Instructions of the next slice. */
  length = 400_000;

  /** A slice of so many instructions took so many host milliseconds. */
  took(instructions: number, ms: number): void {
    if (ms > MOST_MS) this.length = Math.max(FEWEST, Math.floor(this.length / Math.min(8, ms / MOST_MS)));
    // One that was cut short tells nothing.
    else if (ms < MOST_MS / 2 && instructions >= this.length) this.length = Math.min(MOST, 2 * this.length);
  }
}
