/**
 * An engine that is made when the guest has run for a while: most of what a guest executes when it starts it executes
 * once, and making the engine takes longer than a small kernel's whole boot. It is made a part at a time, so that the
 * guest never stands still for all of it.
 */
import type { Engine } from './engine.ts';

/** Instructions that are executed between two parts. */
const BETWEEN = 50_000;

export class LateEngine {
  engine: Engine | null = null;

  /**
   * @param parts see {@link Engine.make}
   * @param wantedAt instructions since power-on, before which it is not begun
   */
  constructor(
    private readonly parts: Generator<void, Engine>,
    private wantedAt: number,
  ) {}

  /**
   * Makes what is wanted by now.
   * @param now instructions executed since power-on
   * @returns how many may be executed before it is to be called again
   */
  goOn(now: number): number {
    if (this.engine) return Infinity;
    if (now >= this.wantedAt) {
      const { value } = this.parts.next();
      if (value) {
        this.engine = value;
        return Infinity;
      }
      this.wantedAt = now + BETWEEN;
    }
    return this.wantedAt - now;
  }

  /** Makes what is left, at once. */
  finish(): void {
    while (!this.engine) this.goOn(this.wantedAt);
  }
}
