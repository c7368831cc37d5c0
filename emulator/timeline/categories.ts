/** Kinds of events as numbers (TIMELINE_CATEGORIES of protocol.ts) and the layout of an event's `meta` word. */
import { EXCEPTION_NAMES, ExcCode } from '../cpu/exceptions.ts';
import { EXIT_REASONS } from '../kvm/statistics.ts';
import { TIMELINE_CATEGORIES, type TimelineLane } from '../protocol.ts';

/** Columns of a row of counts: one for each category that `meta` has room for. */
export const CATEGORIES = 64;

/** An event's meta word: category, guest ASID, user mode, segments as bits of SEGMENTS, and the category's own. */
export const META_CATEGORY = 0x3f;
export const META_ASID_SHIFT = 6;
export const META_USER_SHIFT = 14;
export const META_USER = 1 << META_USER_SHIFT;
export const META_SEGMENT_SHIFT = 15;
export const META_OWN_SHIFT = 19;
/** In the last word of a flush: of the kernel table. */
export const KERNEL_TABLE = 1 << 18;

/** @throws Error if there is none, which is a mistake in this file */
function categoryOf(lane: TimelineLane, name: string): number {
  const found = TIMELINE_CATEGORIES.findIndex((category) => category.lane === lane && category.name === name);
  if (found <= 0) throw new Error(`timeline: no category ${name} in lane ${lane}`);
  return found;
}

function orOther(lane: TimelineLane, name: string | undefined): number {
  const known = TIMELINE_CATEGORIES.some((category) => category.lane === lane && category.name === name);
  return categoryOf(lane, known ? name! : 'other');
}

/** No event: fills a block that ends early, and carries a flush's second half. */
export const NONE = 0;
export const LINE = categoryOf('console', 'line');
export const ASID_CHANGE = categoryOf('asid', 'ASID change');
export const FLUSH_KERNEL = categoryOf('kernelFlush', 'KMF_KERN');
export const FLUSH_USER = categoryOf('userFlush', 'KMF_USER');
export const FLUSH_GPA_KERNEL = categoryOf('gpaFlush', 'KMF_GPA|KMF_KERN');
export const FLUSH_GPA_USER = categoryOf('gpaFlush', 'KMF_GPA|KMF_USER');
export const TLBWI = categoryOf('tlbWrites', 'TLBWI');
export const TLBWR = categoryOf('tlbWrites', 'TLBWR');
export const INTERRUPT = categoryOf('interrupts', 'Int');
export const TO_KERNEL = categoryOf('mode', 'to kernel');
export const TO_USER = categoryOf('mode', 'to user');
export const INPUT = categoryOf('machine', 'input');
export const RESET = categoryOf('machine', 'reset');
export const DIFFERENCE = categoryOf('machine', 'checker difference');
export const END = categoryOf('machine', 'end');
export const RECORDING_OFF = categoryOf('machine', 'recording off');
export const RECORDING_ON = categoryOf('machine', 'recording on');

/** By reason of the exit. */
export const EXIT_CATEGORY = Uint8Array.from({ length: 64 }, (_, reason) => orOther('exits', EXIT_REASONS[reason]));
/** By ExcCode. */
export const EXCEPTION_CATEGORY = Uint8Array.from({ length: 32 }, (_, code) =>
  code === ExcCode.Int ? INTERRUPT : orOther('exceptions', EXCEPTION_NAMES[code]),
);

/** Whether exits or exceptions of a category are about an address. */
export const HAS_ADDRESS = Uint8Array.from({ length: CATEGORIES }, (_, category) => {
  const { lane, name } = TIMELINE_CATEGORIES[category] ?? { lane: '', name: '' };
  return (lane === 'exits' || lane === 'exceptions') && /TLB|Mod|Address|^AdE/.test(name) ? 1 : 0;
});

export const isFlush = (category: number): boolean => category >= FLUSH_KERNEL && category <= FLUSH_GPA_USER;
