/** A small program on both engines in lock step, for tests. */
import { expect } from 'vitest';
import { Random } from '../cpu/random-program.ts';
import { Lockstep, describeParting } from '../lockstep.ts';
import type { MachineOptions } from '../machine-options.ts';
import type { Assembler } from './assembler.ts';
import { BareMachine } from './bare-machine.ts';

export const ENGINES_OF_TESTS = ['interpreter', 'jit'] as const;

export class BothEngines extends Lockstep {
  private readonly random = new Random(1);

  /**
   * @param programs each is placed at the physical address that its base has in kseg0 or kseg1; the first one starts
   * @param prepare what else there is, done to each machine before it runs
   * @param traced see {@link Lockstep}
   */
  constructor(
    options: Partial<MachineOptions>,
    programs: Assembler[],
    prepare: (machine: BareMachine) => void = () => {},
    traced = false,
  ) {
    const make = (engine: 'interpreter' | 'jit') => {
      const machine = new BareMachine({ threshold: 1, batch: 1, rest: 0, ...options, engine });
      for (const program of programs) machine.place(program.base, ...program.done());
      machine.cpu.pc = programs[0]!.base | 0;
      prepare(machine);
      return machine;
    };
    super(() => ({ interpreter: make('interpreter'), jit: make('jit') }), traced);
  }

  /** Runs so many instructions in slices of up to `longest`; fails where the engines part or the cache is not in order. */
  go(instructions: number, longest = 2000): void {
    const { clock } = this.jit;
    for (const end = clock.instructions() + instructions; clock.instructions() < end && !this.jit.end;) {
      this.run(Math.min(end - clock.instructions(), 1 + this.random.below(longest)), Infinity);
      expect(this.parting, this.parting ? describeParting(this.parting) : '').toBeNull();
    }
    expect(this.jit.engine!.verify()).toEqual([]);
  }

  /** A general register, the same on both. */
  register(number: number): number {
    return this.jit.cpu.r[number]! >>> 0;
  }
  /** Regions translated so far, and dropped. */
  get counts(): { regions: number; dropped: number; evictions: number } {
    return this.jit.engine!.counts;
  }
}
