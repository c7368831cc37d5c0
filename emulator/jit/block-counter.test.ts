/** The counts of a ring's blocks that WebAssembly makes, beside the ring's own. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LinearMemory, RAM_AT } from '../memory.ts';
import { CATEGORIES, META_USER } from '../timeline/categories.ts';
import { BLOCK, COLUMNS, EventRing, RingPlace, ringBytes } from '../timeline/event-ring.ts';
import { blockCounter } from './block-counter.ts';

const CAPACITY = 4 * BLOCK;

const event = fc.record({
  step: fc.oneof({ weight: 5, arbitrary: fc.nat(90) }, { weight: 1, arbitrary: fc.nat(0x3000_0000) }),
  category: fc.integer({ min: 1, max: CATEGORIES - 1 }),
  user: fc.boolean(),
});

it('are the same up to any event, through wraps of the ring', () => {
  const memory = new LinearMemory(RAM_AT + ringBytes(CAPACITY));
  fc.assert(
    fc.property(fc.array(event, { minLength: 1, maxLength: 2000, size: 'max' }), fc.nat(), (events, where) => {
      memory.bytes.fill(0, RAM_AT);
      let now = 0;
      const time = { skipped: 0, instructions: () => now };
      const place = new RingPlace(memory, RAM_AT, CAPACITY);
      const [own, counted] = [new EventRing(time, RingPlace.alone(CAPACITY)), new EventRing(time, place)];
      const by = blockCounter(memory, place);
      counted.countBy(by.counter, by.counted);
      for (const { step, category, user } of events) {
        now += step;
        for (const ring of [own, counted]) ring.push(0, category | (user ? META_USER : 0), 0, 0, 0, 0);
      }
      expect(counted.contents()).toEqual(own.contents());
      const at = own.first + (where % (own.next + 1 - own.first));
      const rows = [own, counted, counted.snapshot()].map((ring) => ring.countsBefore(at, new Float64Array(COLUMNS)));
      expect(rows[1]).toEqual(rows[0]);
      expect(rows[2]).toEqual(rows[0]);
    }),
    { numRuns: 60 },
  );
});
