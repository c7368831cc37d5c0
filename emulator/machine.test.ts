/** The machine as a whole: the same input is the same run, whatever the slices; and every way a run ends. */
import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { CreateConfig } from './create.ts';
import { Cp0 } from './cpu/cp0.ts';
import type { TraceLine } from './debug/trace.ts';
import type { Machine } from './machine.ts';
import { RAM_AT } from './memory.ts';
import { BareMachine, mtc0, op } from './testing/bare-machine.ts';
import { Lab, PROMPT } from './testing/lab.ts';

const keys = (text: string) => new TextEncoder().encode(text);

/** Everything a guest could tell apart. */
function stateOf(machine: Machine): object {
  const { memory, cpu, system, clock, mmu } = machine;
  return {
    stats: machine.stats(),
    now: clock.now(),
    pc: cpu.pc,
    registers: [...cpu.r],
    cp0: [...system.cp0],
    tlb: [mmu.tlb.hi, mmu.tlb.mask, mmu.tlb.lo0, mmu.tlb.lo1].map((images) => [...images]),
    ram: createHash('sha1')
      .update(memory.bytes.subarray(RAM_AT, RAM_AT + mmu.ramSize))
      .digest('hex'),
  };
}

describe.each<[string, CreateConfig]>([
  ['kvm', { machine: 'kvm' }],
  ['malta', { machine: 'malta' }],
  ['kvm, translated', { machine: 'kvm', engine: 'jit', threshold: 2, batch: 16 }],
  ['malta, translated', { machine: 'malta', engine: 'jit', threshold: 2, batch: 16 }],
])('%s', (_, config) => {
  it('the same script is the same run to the instruction', () => {
    const run = () => {
      const lab = new Lab(config);
      const outcome = lab.script([
        { expect: PROMPT, send: 'pingpong 100\n' },
        { expect: PROMPT, send: 'fork 5\n' },
        { expect: PROMPT, send: 'sleep 1\n' },
        { expect: PROMPT, send: '' },
      ]);
      expect(outcome.ok).toBe(true);
      return { output: lab.output, ...stateOf(lab.machine) };
    };
    expect(run()).toEqual(run());
  });

  it('slices of any length come to the same', () => {
    const run = (slice: number) => {
      const lab = new Lab({ ...config, commandLine: 'run=pingpong 3' });
      const { machine } = lab;
      let output = '';
      machine.onConsole = (byte) => (output += String.fromCharCode(byte));
      const to = (end: number) => {
        while (machine.clock.instructions() < end) {
          machine.run(Math.min(slice, end - machine.clock.instructions()), Infinity);
        }
      };
      to(300_000);
      machine.input(keys('echo hello\n'));
      to(330_000);
      return { output, ...stateOf(machine) };
    };
    const whole = run(Infinity);
    expect(whole.output).toContain('3 round trips');
    expect(whole.output).toContain('hello');
    for (const slice of [1, 7, 1000]) expect(run(slice)).toEqual(whole);
  });

  it('a seed changes what is random, and nothing else', () => {
    const run = (seed: number) => {
      const lab = new Lab({ ...config, seed });
      return { output: lab.command('fork 2'), index: [...lab.machine.tlbWrittenAt] };
    };
    const [one, other] = [run(1), run(2)];
    expect(one.output).toMatch(/ok/);
    expect(other.output).toMatch(/ok/);
    expect(one.index).not.toEqual(other.index);
  });

  it('keys arrive at the instruction they were given at', () => {
    const lab = new Lab(config);
    const lines: TraceLine[] = [];
    lab.machine.trace = (line) => line.event === 'input' && lines.push(line);
    lab.machine.run(200_000, Infinity);
    const at = lab.machine.clock.instructions();
    lab.machine.input(keys('ps\n'));
    expect(lines).toMatchObject([{ event: 'input', bytes: 3, instructions: at }]);
    expect(lab.machine.stats()['console']).toMatchObject({ bytesIn: 3 });
  });

  it('halt ends the run for good', () => {
    const lab = new Lab({ ...config, commandLine: 'run=halt' });
    expect(lab.script([])).toEqual({ ok: true, message: '' });
    const { machine } = lab;
    expect(machine.end).toEqual({ reason: 'powerOff', message: 'The guest switched the power off.' });
    const after = machine.clock.instructions();
    expect(machine.run(1000, Infinity)).toBe('ended');
    expect(machine.clock.instructions()).toBe(after);
  });

  it.each(['panic', 'panic fault'])('a kernel that panics is noticed: %s', (command) => {
    const lab = new Lab({ ...config, commandLine: `run=${command}` });
    const outcome = lab.script([]);
    expect(outcome).toEqual({ ok: false, message: 'The guest kernel panicked; its console says why.' });
    expect(lab.output).toContain('kernel halted');
    expect(lab.machine.end?.reason).toBe('panic');
  });

  it('a reset starts the guest again, after its end too', () => {
    const lab = new Lab({ ...config, commandLine: 'run=echo once;halt' });
    lab.script([]);
    const first = lab.machine.clock.instructions();
    lab.machine.reset();
    expect(lab.machine.end).toBeNull();
    expect(lab.script([]).ok).toBe(true);
    expect(lab.output.match(/\nonce/g)).toHaveLength(2);
    expect(lab.machine.stats()['resets']).toBe(1);
    expect(lab.machine.clock.instructions()).toBeGreaterThan(1.5 * first);
    expect(lab.machine.mmu.totals.gpa.count).toBeGreaterThan(0);
  });

  it('the trace has a line for every counted event', () => {
    const lab = new Lab({ ...config, commandLine: 'run=pingpong 10;halt' });
    const count: Record<string, number> = {};
    let last = 0;
    lab.machine.trace = (line) => {
      const name = line.event === 'flush' ? `flush ${line.table}` : line.event.replace(/^kvm_/, '');
      count[name] = (count[name] ?? 0) + 1;
      expect(line.instructions).toBeGreaterThanOrEqual(last);
      last = line.instructions;
    };
    lab.script([]);
    const { counters, mmu } = lab.machine;
    const sum = (counts: Float64Array) => counts.reduce((a, b) => a + b);
    expect(count['exception']).toBe(sum(counters.exceptions));
    expect(count['exit'] ?? 0).toBe(sum(counters.exits));
    expect(count['tlbWrite']).toBe(counters.tlbWrites);
    expect(count['userEntry']).toBe(counters.userEntries);
    expect(count['asidChange'] ?? count['asid_change']).toBe(counters.asidChanges);
    expect(count['flush kernel']).toBe(mmu.totals.kernel.count);
    expect(count['flush user']).toBe(mmu.totals.user.count);
    expect(count['powerOff']).toBe(1);
  });
});

it('stops at the next change of ASID when asked', () => {
  const lab = new Lab();
  lab.command('echo');
  const { machine } = lab;
  machine.input(keys('pingpong 5\n'));
  machine.stopAtAsidChange = true;
  const before = machine.counters.asidChanges;
  expect(machine.run(10_000_000, Infinity)).toBe('event');
  expect(machine.counters.asidChanges).toBe(before + 1);
});

describe('a soft reset by the guest', () => {
  const machine = new BareMachine();
  const T0 = 8;
  const RESET = [op('lui', { t: T0, i: 0xbf00 }), op('addiu', { t: 9, i: 0x42 }), op('sw', { s: T0, t: 9, i: 0x500 })];
  beforeEach(() => {
    machine.end = null;
    machine.reset();
    machine.place(machine.start, ...RESET);
  });

  it('restarts the machine', () => {
    const before = machine.counters.resets;
    machine.run(3, Infinity);
    machine.run(0, Infinity);
    expect(machine.counters.resets).toBe(before + 1);
    expect(machine.cpu.pc >>> 0).toBe(machine.start);
    expect(machine.cpu.r[T0]).toBe(0);
  });

  it('ends the run where restarts are not wanted', () => {
    machine.rebootAllowed = false;
    expect(machine.run(100, Infinity)).toBe('ended');
    expect(machine.end).toEqual({ reason: 'reset', message: 'The guest reset the machine.' });
  });
});

describe('what KVM cannot do ends the run with one sentence', () => {
  const T0 = 8;
  const at = (address: number) => [
    op('lui', { t: T0, i: address >>> 16 }),
    op('ori', { s: T0, t: T0, i: address & 0xffff }),
  ];
  it.each<[string, number[]]>([
    ['a jump to 0x80000000', [...at(0x80000000), op('jr', { s: T0 }), 0, 0]],
    ['a load from 0xc0000000', [...at(0xc0000000), op('lw', { s: T0 })]],
    ['a jump to kseg0 beyond RAM', [...at(0x5f000000), op('jr', { s: T0 }), 0, 0]],
    ['ERET outside a handler', [op('eret')]],
    ['an Index beyond the TLB', [...at(64), mtc0(T0, Cp0.Index)]],
    ['a COP0 instruction that it does not know', [0x40200000]],
  ])('%s', (_, words) => {
    const machine = new BareMachine({ kind: 'kvm', tlbEntries: 64 });
    machine.setCp0(Cp0.Status, 0);
    machine.place(machine.start, ...words);
    expect(machine.run(words.length, Infinity)).toBe('ended');
    expect(machine.end?.reason).toBe('error');
    expect(machine.end?.message).toMatch(/^KVM cannot go on at PC 0x[0-9a-f]{8}: (?!.*\. ).*\.$/);
  });
});
