import { expect, it } from 'vitest';
import { DEFAULTS } from '../machine-options.ts';
import { Assembler } from '../testing/assembler.ts';
import { BareMachine } from '../testing/bare-machine.ts';
import { BothEngines } from '../testing/both-engines.ts';
import { Lab, PROMPT } from '../testing/lab.ts';

const [V0, V1] = [2, 3];

const START = 0x80010000;

function endless(): Assembler {
  const code = new Assembler(START);
  return code
    .label('again')
    .op('addiu', { t: V0, s: V0, i: 1 })
    .op('xor', { d: V1, s: V1, t: V0 })
    .jump('j', 'again')
    .nop();
}

it('makes no translator for a guest that is at its prompt before it is worth one', () => {
  const make = () => new Lab({ machine: 'kvm', engine: 'jit', warmUp: DEFAULTS.warmUp });
  const idle = make();
  expect(idle.script([{ expect: PROMPT, send: '' }]).ok).toBe(true);
  expect(idle.machine.engine).toBeNull();
  const busy = make();
  busy.command('pingpong 2000');
  expect(busy.machine.engine!.counts.regions).toBeGreaterThan(0);
  expect(busy.machine.engine!.verify()).toEqual([]);
});

it('makes it a part at a time, while the guest goes on', () => {
  const machine = new BareMachine({ engine: 'jit', warmUp: 10_000, threshold: 10 });
  machine.place(START, ...endless().done());
  machine.cpu.pc = START | 0;
  machine.run(9999, Infinity);
  expect(machine.engine).toBeNull();
  // The first part at once, the others some 50,000 instructions later each.
  machine.run(100_000, Infinity);
  expect(machine.engine).toBeNull();
  for (let i = 0; i < 10; i++) machine.run(10_000, Infinity);
  expect(machine.engine!.counts.executed).toBeGreaterThan(50_000);
});

it('changes nothing that the guest can see', () => {
  const both = new BothEngines({ warmUp: 5000, threshold: 10 }, [endless()]);
  for (let i = 0; i < 100; i++) {
    both.run(2345, Infinity);
    expect(both.parting).toBeNull();
  }
  expect(both.jit.engine!.counts.executed).toBeGreaterThan(50_000);
});
