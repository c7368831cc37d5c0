/** What generated code records in the timeline's ring, where it is not as everywhere. */
import { expect, it } from 'vitest';
import { Cp0 } from '../cpu/cp0.ts';
import { Assembler } from '../testing/assembler.ts';
import { mfc0 } from '../testing/bare-machine.ts';
import { BothEngines } from '../testing/both-engines.ts';
import { type RingPlace, STATE } from '../timeline/ring-place.ts';

const [V0, T0, S0] = [2, 8, 16];
const MOST_SINCE = 0xffff_ffff;

it('events as far from their block’s start as can be said, and farther', () => {
  const code = new Assembler(0x40010000).label('again').op('addiu', { s: S0, t: S0, i: 1 });
  code.li(T0, 20).label('wait').op('addiu', { s: T0, t: T0, i: -1 }).branch('bne', { s: T0 }, 'wait').nop();
  code.word(mfc0(V0, Cp0.EPC)).branch('beq', {}, 'again').nop();
  const run = new BothEngines({ kind: 'kvm', tlbEntries: 16, timelineEvents: 1024 }, [code], (machine) => {
    machine.setCp0(Cp0.Status, 0);
  });
  run.go(3000);
  // As if the block had begun long ago.
  run.act((machine) => {
    const { ring } = machine.events!;
    const doubles = (ring as unknown as { doubles: RingPlace['doubles'] }).doubles;
    doubles[STATE.blockInstructions / 8]! -= MOST_SINCE - 5000;
    ring.startInstructions[0] = doubles[STATE.blockInstructions / 8]!;
  });
  // Some slices end behind the farthest that can be said, and have events before it.
  run.go(10_000);
  const { ring } = run.jit.events!;
  expect(run.register(S0)).toBeGreaterThan(150);
  expect(ring.startInstructions[1]).toBeGreaterThan(5000);
  expect(ring.next).toBeLessThan(800);
});
