/** Events in words, for the head, the card, the list and the screen reader. */
import type { SegmentName, TimelineEvent } from '../../../emulator/protocol.ts';
import { asid, count, hex, plural } from '../../lib/format.ts';
import { SEGMENT_LABEL } from '../../lib/layouts.ts';
import { categoryName, laneOf, nounOf, type Policy } from './lanes.ts';

/** What kind of event it is: `exit TLB Miss (LD)`, `ASID change`, `lazy user flush KMF_USER` under lazy-user. */
export function eventTitle({ category }: Pick<TimelineEvent, 'category'>, policy: Policy): string {
  const id = laneOf(category);
  const noun = nounOf(id, policy);
  const name = categoryName(category);
  if (id === 'asid') return noun;
  if (id === 'machine' || id === 'tlbWrites') return name;
  if (id === 'mode') return name.replace('to ', '') + ' mode entered';
  return id === 'console' || id === 'interrupts' ? noun : `${noun} ${name}`;
}

/** `copy_out+0x2c 0x40102a58`. */
export function eventPlace({ pc, symbol }: TimelineEvent): string {
  return symbol ? `${symbol} ${hex(pc)}` : hex(pc);
}

/** What it did, in a line; empty where the title says it all. */
export function eventDetail(event: TimelineEvent): string {
  const { flush, tlb } = event;
  if (flush) {
    const asids =
      event.oldAsid === event.newAsid ? asid(event.newAsid!) : `${asid(event.oldAsid!)} → ${asid(event.newAsid!)}`;
    const ranges = flush.ranges.map(([start, end]) => `[${hex(start, 1)},${hex(end)}]`).join(' ');
    const cleared = flush.entriesCleared > 0 ? `, ${count(flush.entriesCleared)} entries cleared` : '';
    const dropped =
      flush.pages === 0 && flush.tablesFreed === 0
        ? 'nothing was there to drop'
        : `${plural(flush.pages, 'page')}, ${plural(flush.tablesFreed, 'table')} freed${cleared}`;
    return `${asids} ${ranges} ${dropped}`;
  }
  if (event.oldAsid !== undefined) return `${asid(event.oldAsid)} → ${asid(event.newAsid!)}`;
  if (tlb) {
    const half = (lo: number) => `${hex((lo >>> 6) & 0xfffff, 5)} ${lo & 4 ? 'D' : '·'}${lo & 2 ? 'V' : '·'}`;
    const owner = tlb.entryLo0 & tlb.entryLo1 & 1 ? 'G' : asid(tlb.entryHi & 0xff);
    const vpn = hex((tlb.entryHi & ~0x1fff) >>> 0);
    return `entry ${tlb.index}: ${vpn} ${owner} -> ${half(tlb.entryLo0)}, ${half(tlb.entryLo1)}`;
  }
  if (event.address !== undefined) return `at ${hex(event.address)}${event.refill ? ', no entry matches' : ''}`;
  if (event.pending !== undefined) {
    const lines = Array.from({ length: 8 }, (_, i) => i).filter((i) => event.pending! & (1 << i));
    return lines.map((i) => `IP${i}`).join(' ');
  }
  if (event.text !== undefined) return event.text;
  if (event.bytes !== undefined) return plural(event.bytes, 'byte');
  return '';
}

/** What a flush dropped of each segment: `useg 198 pages, 7 tables; kseg2/3 16 pages, 2 tables`. */
export function flushBySegment({ flush }: TimelineEvent): string {
  return Object.entries(flush?.bySegment ?? {})
    .map(
      ([segment, { pages, tables }]) =>
        `${SEGMENT_LABEL[segment as SegmentName]} ${plural(pages, 'page')}, ${plural(tables, 'table')}`,
    )
    .join('; ');
}

/** The whole of it in a sentence's length. */
export function eventSentence(event: TimelineEvent, policy: Policy): string {
  return [
    eventTitle(event, policy),
    eventDetail(event),
    'at instruction',
    count(event.instructions),
    'in',
    eventPlace(event),
  ]
    .filter((part) => part !== '')
    .join(' ');
}
