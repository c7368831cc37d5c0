/** The filter as the user types it, and what it asks of the emulator. */
import type { SegmentName, TimelineFilter, TimelineLane } from '../../../emulator/protocol.ts';
import { categoriesOf } from './lanes.ts';

export interface FilterForm {
  /** Lanes switched off. */
  off: TimelineLane[];
  /** Hexadecimal, with or without 0x. */
  asid: string;
  segment: SegmentName | '';
  /** An address, or two with a hyphen between; hexadecimal. */
  pc: string;
}

export const NO_FILTER: FilterForm = { off: [], asid: '', segment: '', pc: '' };

/** A number written in hexadecimal, or null. */
function hexadecimal(text: string, most: number): number | null {
  if (!/^\s*(?:0x)?[0-9a-f]{1,8}\s*$/i.test(text)) return null;
  const value = parseInt(text.trim().replace(/^0x/i, ''), 16);
  return value <= most ? value : null;
}

/** The ASID, or what is wrong with it in a few words; undefined where the field is empty. */
export function parseAsid(text: string): number | string | undefined {
  if (text.trim() === '') return undefined;
  return hexadecimal(text, 0xff) ?? 'an ASID is 0x00 to 0xff';
}

export function parsePc(text: string): { from: number; to: number } | string | undefined {
  if (text.trim() === '') return undefined;
  const [from, to] = text.split(/[-–]/).map((part) => hexadecimal(part, 0xffff_ffff));
  if (from === null || from === undefined || to === null || text.split(/[-–]/).length > 2) {
    return 'write 40100000 or 40100000-401fffff';
  }
  if (to !== undefined && to < from) return 'the second address is the lower one';
  return { from, to: to ?? from };
}

/** What to ask for; fields that cannot be read count as empty. Undefined where all pass. Lanes are not part of it. */
export function toFilter({ asid, segment, pc }: FilterForm): TimelineFilter | undefined {
  const filter: TimelineFilter = {};
  const [number, range] = [parseAsid(asid), parsePc(pc)];
  if (typeof number === 'number') filter.asid = number;
  if (segment !== '') filter.segment = segment;
  if (typeof range === 'object') filter.pc = range;
  return Object.keys(filter).length > 0 ? filter : undefined;
}

/** A filter for the events of some lanes. */
export function withLanes(filter: TimelineFilter | undefined, lanes: readonly TimelineLane[]): TimelineFilter {
  return { ...filter, categories: lanes.flatMap(categoriesOf) };
}
