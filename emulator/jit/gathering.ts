/**
 * When functions that are in use are made again, all of them in a few large modules. The first time they come as they
 * are wanted, and in many modules; calls from one module to another take longer than within one, most of all where the
 * callee came later (see late-links.ts), and the host has each module's code in another place.
 *
 * That is worth it when there are many functions, hardly any new ones come, and the guest does what takes it from one to
 * another all the time, and out of generated code now and then: at the end of a period of so many instructions for which
 * that was so. A loop that runs for long is none such.
 */
import { Reason } from './exits.ts';
import type { RegionCode } from './kept-code.ts';

/** Functions that have come since the last time: as many at the least, and as a part of all. */
const ENOUGH = 64;
const ENOUGH_PART = 0.5;
/** Those of the last period, as a part of all, at the most. */
const FEW_PART = 0.125;
/**
 * Instructions from one leaving of generated code to the next, at the most: for an exception, what only the kernel does,
 * or a page that was not mapped. As a guest boots, it is rather for code that is executed for the first time.
 */
const FAR = 10_000;
/** Functions in a module. */
const TOGETHER = 512;

/** Functions that become one module. */
export type Group = readonly RegionCode[];

/** Leavings of generated code that count. */
const LEAVING = [Reason.Interpret, Reason.Miss, Reason.Fetch, Reason.Syscall, Reason.Eret];

export class Gathering {
  /** When the present period began, and how many functions had come by then, and by the last time. */
  private since = 0;
  private before = 0;
  private settled = 0;
  /** How often generated code had been left when the period began. */
  private exits = 0;
  private groups: Group[] = [];
  private readonly pending = new Set<RegionCode>();

  /** @param period in instructions */
  constructor(private readonly period: number) {}

  /**
   * Whether it is time.
   * @param now instructions executed
   * @param come functions that have come since power-on
   * @param inUse functions in use
   * @param exits how often generated code has been left, by {@link Reason}
   */
  isDue(now: number, come: number, inUse: number, exits: readonly number[]): boolean {
    if (now - this.since < this.period) return false;
    const late = come - this.before;
    const left = LEAVING.reduce((sum, reason) => sum + exits[reason]!, 0);
    const isOut = (left - this.exits) * FAR >= now - this.since;
    this.since = now;
    this.before = come;
    this.exits = left;
    return isOut && late <= FEW_PART * inUse && come - this.settled >= Math.max(ENOUGH, ENOUGH_PART * inUse);
  }

  /** These are to be made again: those of a mode together, in the order of their addresses. */
  begin(functions: readonly RegionCode[]): void {
    for (const mode of new Set(functions.map((code) => code.mode))) {
      const all = functions.filter((code) => code.mode === mode).sort((a, b) => (a.pc >>> 0) - (b.pc >>> 0));
      for (let i = 0; i < all.length; i += TOGETHER) this.groups.push(all.slice(i, i + TOGETHER));
    }
    for (const code of functions) this.pending.add(code);
  }

  get isOn(): boolean {
    return this.groups.length > 0;
  }
  next(): Group {
    return this.groups[0]!;
  }
  /** Whether a function is about to be replaced, and should not be called by its guard any more. */
  replaces(code: RegionCode): boolean {
    return this.pending.has(code);
  }
  /** The next group has been made, or never will be. @param come see {@link isDue} */
  hasCome(come: number): void {
    for (const code of this.groups.shift() ?? []) this.pending.delete(code);
    if (!this.isOn) this.settled = this.before = come;
  }
  /** Nothing is made again. */
  clear(): void {
    this.groups = [];
    this.pending.clear();
  }
}
