/** What the panel says of a table under each flush policy: its state, its last flush, and why things went or stayed. */
import type { FlushInfo, MachineInfo, SegmentName, TableName, TableView } from '../../../emulator/protocol.ts';
import { asid, count, hex, plural } from '../../lib/format.ts';
import { SEGMENT_LABEL } from '../../lib/layouts.ts';
import type { FlushLook } from './flush-tracker.ts';

type Policy = MachineInfo['policy'];
/** The same said in ever fewer words. */
export type Wordings = readonly [string, ...string[]];

/** A flush in one line: `KMF_KERN: ASID 0x12 -> 0x13, 214 pages, 9 tables freed`. */
export function flushText(flush: FlushInfo): string {
  return flushWordings(flush)[0];
}

/** A flush, down to `KMF_KERN 0x12 -> 0x13`. */
export function flushWordings(flush: FlushInfo): Wordings {
  const { kind, oldAsid, newAsid } = flush;
  const change = oldAsid === newAsid ? '' : `${asid(oldAsid)} -> ${asid(newAsid)}`;
  const lost = `${plural(flush.pages, 'page')}, ${plural(flush.tablesFreed, 'table')}`;
  if (flush.pages === 0 && flush.tablesFreed === 0) {
    const nothing = `${kind}: ${change ? `ASID ${change}, ` : ''}nothing to free`;
    return change ? [nothing, `${kind}: ${change}`] : [nothing, kind];
  }
  if (change === '') return [`${kind}: ${lost} freed`, `${kind}: ${lost}`, kind];
  return [
    `${kind}: ASID ${change}, ${lost} freed`,
    `${kind}: ASID ${change}, ${lost}`,
    `${kind}: ${change}, ${lost}`,
    `${kind}: ${change}`,
  ];
}

/** The label beside a table's name; empty: nothing has been flushed. */
export function flushLabel(look: FlushLook): Wordings {
  switch (look.form) {
    case 'none':
      return [''];
    case 'storm':
      return [`${count(look.rate)} flushes/s`];
    case 'fresh':
      return flushWordings(look.flush!);
    case 'last': {
      const [full, ...shorter] = flushWordings(look.flush!);
      return [`last flush ${full}`, ...shorter.map((text) => `last ${text}`)];
    }
  }
}

/** Whose pages a table holds, or null where the flush label says enough. `guestAsid` is EntryHi's. */
export function tableState(
  table: TableName,
  policy: Policy,
  view: Pick<TableView, 'asid' | 'stale'>,
  guestAsid: number,
): Wordings | null {
  const own = asid(view.asid);
  if (policy === 'never')
    return ['never flushed: may hold pages of any ASID', 'never flushed: pages of any ASID', 'never flushed'];
  if (table === 'kernel') {
    return policy === 'tagged'
      ? ['tagged: useg goes through the user table of its ASID', 'tagged: useg is in the user tables', 'tagged']
      : null;
  }
  if (policy === 'tagged') {
    const whose = `tagged: the table of user ASID ${own}`;
    return view.asid === guestAsid
      ? [whose, `tagged: ASID ${own}`]
      : [`${whose}; ${asid(guestAsid)} has its own`, whose, `tagged: ASID ${own}`];
  }
  if (view.stale) {
    return [
      `stale: user ASID ${own}, will flush on next entry to user`,
      `stale: user ASID ${own}, flushed on entry to user`,
      `stale: user ASID ${own}`,
    ];
  }
  return view.asid === guestAsid ? [`in step: user ASID ${own}`, `in step: ${own}`] : [`user ASID ${own}`];
}

/** A flush as a story: where, what went and why, what stayed and why. Sentences. */
export function flushStory(flush: FlushInfo, policy: Policy): string {
  const { kind, table, oldAsid, newAsid, kept, bySegment } = flush;
  const changed = oldAsid !== newAsid;
  const gpa = kind.startsWith('KMF_GPA');
  const where = `at ${flush.symbol || hex(flush.pc)}`;
  const when = changed
    ? table === 'user' && policy === 'lazy-user' && !gpa
      ? `on entry to user mode under ASID ${asid(newAsid)} instead of ${asid(oldAsid)}`
      : `as the ASID changed from ${asid(oldAsid)} to ${asid(newAsid)}`
    : gpa
      ? 'as guest physical memory changed'
      : '';
  const gone = Object.entries(bySegment)
    .map(
      ([name, lost]) =>
        `${SEGMENT_LABEL[name as SegmentName]} ${plural(lost.pages, 'page')} in ${plural(lost.tables, 'table')}`,
    )
    .join(', ');
  const walked = flush.ranges.map(([start, end]) => `${hex(start)}-${hex(end)}`).join(', ');
  const why = gpa
    ? policy === 'everything' && changed
      ? `The policy flushes both tables whole at each change of ASID${table === 'kernel' ? ', kseg0 too' : ''}.`
      : 'Everything derived from the old memory goes, kseg0 too.'
    : 'The guest TLB maps these segments for one ASID, and the table knows no ASID.';
  const stays =
    Object.keys(kept).length === 0
      ? ''
      : ` Kept: ${Object.entries(kept)
          .map(([name, pages]) => `${SEGMENT_LABEL[name as SegmentName]} ${plural(pages, 'page')}`)
          .join(', ')}.${kept.kseg0 ? ' kseg0 is a fixed window on physical memory: no TLB entry maps it.' : ''}`;
  return `${kind} ${where}${when ? `, ${when}` : ''}. Freed: ${gone || 'nothing, there was nothing'}. ${
    walked ? `Walked: ${walked}. ` : ''
  }${why}${stays}`;
}

/** What a table does in a storm of flushes. */
export function stormStory(rate: number, policy: Policy): string {
  const stays = policy === 'everything' ? '' : ' kseg0 is not flushed: it shows what it has.';
  return `${count(rate)} flushes in the last second, too many to show one by one: cells show the mean of the last 250 ms.${stays}`;
}
