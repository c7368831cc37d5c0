/**
 * Virtual time. It advances by a fixed time for each instruction, by what device accesses take, and by what the guest
 * waits; nothing here reads the host's clock, so the same input gives the same run.
 */
import type { Clock } from './board/device.ts';
import type { Cpu } from './cpu/cpu.ts';
import { CLOCK_AT } from './memory.ts';

interface TimedEvent {
  at: number;
  fire: () => void;
}

export class VirtualClock implements Clock {
  /** Instruction count at which the present slice ends. */
  private get sliceEnd(): number {
    return this.doubles[CLOCK_AT.sliceEnd >>> 3]!;
  }
  private set sliceEnd(instructions: number) {
    this.doubles[CLOCK_AT.sliceEnd >>> 3] = instructions;
  }
  /** Nanoseconds beyond those of instructions: device accesses and waiting. */
  get skipped(): number {
    return this.doubles[CLOCK_AT.skipped >>> 3]!;
  }
  set skipped(ns: number) {
    this.doubles[CLOCK_AT.skipped >>> 3] = ns;
  }
  /** Ascending by time; of two at the same time the earlier scheduled first. */
  private readonly events: TimedEvent[] = [];

  /** @param nsPerInstruction whole nanoseconds */
  constructor(
    private readonly cpu: Cpu,
    readonly nsPerInstruction: number,
  ) {
    this.doubles = cpu.memory.doubles;
  }
  private readonly doubles: Float64Array;

  /** Instructions executed since power-on. */
  instructions(): number {
    return this.sliceEnd - this.cpu.left;
  }

  now(): number {
    return this.instructions() * this.nsPerInstruction + this.skipped;
  }

  spend(ns: number): void {
    this.skipped += ns;
    const { cpu, events } = this;
    if (events.length === 0) return;
    // The next event has come nearer.
    const due = Math.max(0, Math.ceil((events[0]!.at - this.now()) / this.nsPerInstruction));
    if (due >= cpu.left) return;
    this.sliceEnd -= cpu.left - due;
    cpu.left = due;
  }

  schedule(at: number, fire: () => void): () => void {
    const event = { at, fire };
    let i = this.events.length;
    while (i > 0 && this.events[i - 1]!.at > at) i--;
    this.events.splice(i, 0, event);
    if (i === 0) this.interrupt();
    return () => {
      const at = this.events.indexOf(event);
      if (at >= 0) this.events.splice(at, 1);
    };
  }

  /** Ends the interpreter's slice after the present instruction. */
  interrupt(): void {
    this.sliceEnd -= this.cpu.left;
    this.cpu.left = 0;
  }

  /** Starts a slice of at most `limit` instructions, ending where the next event is due. */
  startSlice(limit: number): void {
    const next = this.events[0];
    const due = next ? Math.max(1, Math.ceil((next.at - this.now()) / this.nsPerInstruction)) : Infinity;
    const slice = Math.min(limit, due, 1 << 30);
    this.sliceEnd = this.instructions() + slice;
    this.cpu.left = slice;
  }

  /** Calls every event that is due. */
  fireDue(): void {
    while (this.events.length > 0 && this.events[0]!.at <= this.now()) this.events.shift()!.fire();
  }

  /** Virtual time of the next event, or Infinity. */
  nextEvent(): number {
    return this.events[0]?.at ?? Infinity;
  }

  /** The guest waits: time passes without instructions, up to `at`. */
  skipTo(at: number): void {
    this.skipped += Math.max(0, at - this.now());
  }
}
