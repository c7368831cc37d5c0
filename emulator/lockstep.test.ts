/** The lock step itself: it finds what is put in to differ, and names where. */
import { describe, expect, it } from 'vitest';
import { Lockstep, describeParting } from './lockstep.ts';
import { BareMachine, op } from './testing/bare-machine.ts';

const [V0, A0, T0] = [2, 4, 8];

/** A loop that counts, on a pair of which `jit` gets something done to it after so many instructions. */
function pair(after: number, what: (machine: BareMachine) => void): Lockstep {
  const make = (engine: 'interpreter' | 'jit') => {
    const machine = new BareMachine({ engine, threshold: 1 });
    machine.place(
      machine.start,
      op('addiu', { s: V0, t: V0, i: 1 }),
      op('sltu', { s: V0, t: A0, d: T0 }),
      op('sw', { s: 29, t: V0, i: 0x100 }),
      op('beq', { i: 0xfffc }),
      op('addu', { s: V0, t: V0, d: T0 }),
    );
    machine.cpu.r[29] = machine.start + 0x1000;
    machine.clock.schedule(after * 4, () => engine === 'jit' && what(machine));
    return machine;
  };
  return new Lockstep(() => ({ interpreter: make('interpreter'), jit: make('jit') }));
}

describe('a difference', () => {
  it.each<[string, (machine: BareMachine) => void, string]>([
    ['in a register', (machine) => (machine.cpu.r[A0] = 7), 'a0'],
    ['in memory', (machine) => (machine.memory.words[(machine.mmu.ram(0x5000) >> 2) + 3] = 1), 'memory at 0x0000500c'],
    ['in CP0', (machine) => (machine.system.cp0[0x70] = 4), 'EPC'],
    ['in a floating-point register', (machine) => (machine.memory.doubles[0x100 / 8] = 1), "f0's upper word"],
    ['in the guest TLB', (machine) => (machine.mmu.tlb.lo0[3] = 2), 'lo0 of guest TLB entry 3'],
    ['in the statistics', (machine) => machine.counters.tlbRefills++, 'the statistic tlbRefills'],
    [
      'in the host TLB',
      (machine) => machine.mmu.kernel.host.drop(0x80010000),
      "the host TLB's kernel entry for 0x80010000",
    ],
    ['in the trace', (machine) => machine.input(new Uint8Array(1)), 'the trace'],
    ['in time', (machine) => machine.clock.skipTo(machine.clock.now() + 4), 'the time in ns'],
  ])('%s', (_, what, name) => {
    const lockstep = pair(30_000, what);
    for (let i = 0; i < 9 && !lockstep.parting; i++) lockstep.run(10_000, Infinity);
    const { equalAt, differentAt, differences, executed } = lockstep.parting!;
    expect(differences.map((each) => each.what)).toContain(name);
    // What dropped out of the host TLB may be back at the end of a slice.
    expect(equalAt).toBeGreaterThanOrEqual(29_990);
    expect(differentAt).toBeLessThanOrEqual(30_010);
    expect(executed.join('\n')).toMatch(/0x8001000[08c] {2}(addiu|sw|b) /);
    expect(describeParting(lockstep.parting!)).toMatch(
      /^the engines differ after \d+ instructions, where they were equal after \d+: .* is .* on the interpreter and .* with the translator\.\n/,
    );
  });

  it('names the instruction that last changed a register', () => {
    const lockstep = pair(20_000, (machine) => machine.cpu.r[V0]!--);
    lockstep.run(50_000, Infinity);
    expect(lockstep.parting!.executed.join('\n')).toMatch(/addiu v0, v0, 1 +# the last that changed v0/);
  });
});

it('without one, goes on', () => {
  const lockstep = pair(1000, () => {});
  for (let i = 0; i < 5; i++) lockstep.run(7777, Infinity);
  expect(lockstep.parting).toBeNull();
  expect(lockstep.jit.engine!.counts.regions).toBeGreaterThan(0);
  expect(lockstep.interpreter.engine).toBeNull();
});
