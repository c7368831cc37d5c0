/**
 * Counts the events of a block of the timeline's ring: EventRing.count, which is the reference, in WebAssembly. Every
 * event comes by here once, and a guest may make millions in a second.
 */
import { EVENTS_COUNTED_AT, type LinearMemory } from '../memory.ts';
import { CATEGORIES, META_CATEGORY, META_USER_SHIFT } from '../timeline/categories.ts';
import { EVENT_BYTES, type BlockCounter, type RingPlace } from '../timeline/event-ring.ts';
import { Expressions } from './expressions.ts';
import { makeModule } from './make-module.ts';
import { I32, ModuleWriter } from './wasm.ts';

const META = 12;

/** @param ring in `memory` */
export function blockCounter(memory: LinearMemory, ring: RingPlace): { counter: BlockCounter; counted: Int32Array } {
  const out = new ModuleWriter();
  out.begin([{ parameters: [I32, I32], results: [I32] }], [{ module: 'k', name: 'memory', kind: 'memory' }]);
  out.functions([0]);
  out.exports(['count'], 0);
  out.bodies();
  const e = new Expressions(out);
  e.body(2, (from, to) => {
    const place = e.local(e.add(from!, ring.wordsAt));
    const end = e.local(e.add(to!, ring.wordsAt));
    e.returnIf(e.is(place, end), 0);
    const before = e.local(e.load(place));
    const user = e.local(0);
    e.loop((again) => {
      const category = e.local(e.shl(e.and(e.load(place, META), META_CATEGORY), 2));
      e.increase(category, EVENTS_COUNTED_AT, 1);
      const next = e.local(e.load(place, EVENT_BYTES));
      const isUser = e.and(e.shr(e.load(place, EVENT_BYTES + META), META_USER_SHIFT), 1);
      e.set(user, e.add(user, e.and(e.sub(next, before), e.sub(0, isUser))));
      e.set(before, next);
      e.set(place, e.add(place, EVENT_BYTES));
      again(e.isBelow(place, end));
    });
    e.return(user);
  });
  const { exports } = new WebAssembly.Instance(makeModule(out.end()), { k: { memory: memory.memory } });
  const counted = memory.words.subarray(EVENTS_COUNTED_AT >>> 2, (EVENTS_COUNTED_AT >>> 2) + CATEGORIES);
  return { counter: exports.count as BlockCounter, counted };
}
