/** Random guests of which nothing is ever translated, in lock step with the interpreter. */
import { describe, expect, it } from 'vitest';
import { Random } from '../cpu/random-program.ts';
import { Lockstep, describeParting } from '../lockstep.ts';
import type { EngineName } from '../machine-options.ts';
import { Assembler } from '../testing/assembler.ts';
import { BothEngines } from '../testing/both-engines.ts';
import { randomGuest, randomMachine } from '../testing/random-guest.ts';

const INSTRUCTIONS = 15_000;
const NEVER = 1 << 28;
const FLAVOURS = ['mixed', 'integer', 'quiet', 'float', 'calls', 'patching', 'privileged'] as const;

describe.each([
  ['malta', false],
  ['malta', true],
  ['kvm', false],
  ['kvm', true],
] as const)('%s, big endian %s', (kind, bigEndian) => {
  it.each(FLAVOURS)('%s', { timeout: 60_000 }, (flavour) => {
    const random = new Random(FLAVOURS.indexOf(flavour) + 1);
    for (let executed = 0; executed < INSTRUCTIONS;) {
      const options = { kind, bigEndian, flavour, threshold: NEVER };
      const guest = randomGuest(random.next(), options);
      const make = (engine: EngineName) => randomMachine(guest, { ...options, engine });
      const lockstep = new Lockstep(() => ({ interpreter: make('interpreter'), jit: make('jit') }), false);
      const { jit } = lockstep;
      while (jit.clock.instructions() < INSTRUCTIONS && !jit.end) {
        lockstep.run(1 + random.below(random.pick([3, 30, 1000])), Infinity);
        const { parting } = lockstep;
        expect(parting, parting ? describeParting(parting) : '').toBeNull();
      }
      expect(jit.engine!.counts.regions).toBe(0);
      executed += jit.clock.instructions();
    }
  });
});

it('counts the blocks that are entered, and not what follows in them', () => {
  const [V0, S0] = [2, 16];
  const code = new Assembler(0x80010000).op('addiu', { t: S0, i: 40 }).label('loop');
  // In the middle: what the interpreter must execute.
  code.op('addiu', { s: V0, t: V0, i: 1 }).op('sync', {}).op('teq', { s: V0, t: 0 }).op('rdhwr', { t: 3, d: 0 });
  code.op('addiu', { s: S0, t: S0, i: -1 }).branch('bgtz', { s: S0 }, 'loop').nop();
  code.label('end').branch('beq', {}, 'end').nop();
  const both = new BothEngines({ threshold: 30, batch: 2 }, [code]);
  both.go(1000);
  expect(both.register(V0)).toBe(40);
  // The loop, and the one it ends in.
  expect(both.counts.regions).toBe(2);
});

const [T0, T1] = [8, 9];

describe('at the end of a page', () => {
  // The end is behind the first so many of these; the page behind it goes on.
  it.each([1, 2, 3, 4])('%i words before it', (before) => {
    const code = new Assembler(0x80011000 - 4 * before).label('again');
    code.op('addiu', { s: T0, t: T0, i: 1 }).branch('bne', { s: T0, t: 0 }, 'over').op('addiu', { s: T1, t: T1, i: 3 });
    code.op('addiu', { s: T1, t: T1, i: 64 }).label('over');
    const both = new BothEngines({ threshold: NEVER }, [code.jump('j', 'again').op('xor', { d: T1, s: T1, t: T0 })]);
    both.go(3000, 7);
    expect(both.register(T0)).toBe(600);
  });
  it.each(['beql', 'bnel', 'jal'] as const)('%s as the last word', (name) => {
    const code = new Assembler(0x80010ff8).label('again').op('addiu', { s: T0, t: T0, i: 1 });
    if (name === 'jal') code.jump('jal', 'there');
    else code.branch(name, { s: T0, t: 0 }, 'there');
    code.op('addiu', { s: T1, t: T1, i: 3 }).op('addiu', { s: T1, t: T1, i: 64 }).label('there');
    const both = new BothEngines({ threshold: NEVER }, [code.jump('j', 'again').op('xor', { d: T1, s: T1, t: T0 })]);
    both.go(3000, 7);
    expect(both.register(T0)).toBeGreaterThan(500);
  });
});
