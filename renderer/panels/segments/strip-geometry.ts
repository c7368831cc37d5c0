/**
 * The folded strip: one column is `rows` consecutive pgd slots from top to bottom, 128 columns run by address, and
 * segments stand 4 px apart. Everything in CSS pixels from the strip's top left cell.
 */
import type { MachineInfo, SegmentLayout, TableName } from '../../../emulator/protocol.ts';

/** Columns of every strip, whatever the address space. */
export const COLUMNS = 128;
const GAP = 4;

export interface StripSegment {
  segment: SegmentLayout;
  /** Slots from `first` up to, not including, `end`. */
  first: number;
  end: number;
  x: number;
  width: number;
  /** The table has no entries here and never will; `note` says why. */
  closed: boolean;
  note: string;
  /** The same where there is less room. */
  shortNote: string;
}

export interface StripGeometry {
  table: TableName;
  slotBytes: number;
  rows: number;
  /** From one cell's left edge to the next one's; the cell itself is a pixel less. */
  cellWidth: number;
  cellHeight: number;
  width: number;
  height: number;
  segments: StripSegment[];
}

/** Whole pixels from one column to the next: 4 to 8, by the room a panel has. */
export function columnPitch(room: number): number {
  if (room >= 1140) return 8;
  if (room >= 960) return 7;
  if (room >= 776) return 6;
  if (room >= 648) return 5;
  return 4;
}

function rowHeight(rows: number, short: boolean): number {
  if (rows <= 4) return short ? 7 : 11;
  return short ? 4 : 6;
}

/** Lays one table's strip out. `short` is the form for low windows. */
export function stripGeometry(
  { geometry, segments }: Pick<MachineInfo, 'geometry' | 'segments'>,
  table: TableName,
  pitch: number,
  short = false,
): StripGeometry {
  const rows = Math.max(1, Math.round(geometry.slots / COLUMNS));
  const cellWidth = (pitch * COLUMNS * rows) / geometry.slots;
  const slotOf = (address: number): number => Math.floor(address / geometry.slotBytes);
  const shown: {
    segment: SegmentLayout;
    last: SegmentLayout;
    joined: number;
    closed: boolean;
    notes: [string, string];
  }[] = [];
  for (const segment of segments) {
    const previous = shown.at(-1);
    if (table === 'user' && !segment.user) {
      if (previous?.closed) {
        previous.last = segment;
        previous.joined++;
      } else
        shown.push({
          segment,
          last: segment,
          joined: 0,
          closed: true,
          notes: ['not reachable from guest user mode: AdEL, AdES', 'not reachable: AdEL, AdES'],
        });
    } else {
      const closed = segment.name === 'kseg1';
      shown.push({
        segment,
        last: segment,
        joined: 0,
        closed,
        notes: closed ? ['never mapped: MMIO by GPA', 'MMIO'] : ['', ''],
      });
    }
  }
  let x = 0;
  const placed = shown.map(({ segment, last, joined, closed, notes }): StripSegment => {
    const first = slotOf(segment.start);
    const end = slotOf(last.end) + 1;
    /* Joined segments keep the gaps between them, so that both tables' strips are equally wide. */
    const room = ((end - first) / rows) * cellWidth + joined * GAP;
    const at = x;
    x += room + GAP;
    return { segment, first, end, x: at, width: room - 1, closed, note: notes[0], shortNote: notes[1] };
  });
  const cellHeight = rowHeight(rows, short);
  return {
    table,
    slotBytes: geometry.slotBytes,
    rows,
    cellWidth,
    cellHeight,
    width: x - GAP,
    height: rows * cellHeight,
    segments: placed,
  };
}

/** Parts from left to right, each at least `room` pixels after the one before: those that stand too near move on. */
export function spaced<T extends { x: number }>(parts: readonly T[], room: number): T[] {
  return parts.reduce<T[]>((placed, part) => {
    const before = placed.at(-1);
    return [...placed, before ? { ...part, x: Math.max(part.x, before.x + room) } : part];
  }, []);
}

/** The segment that holds a slot. */
export function segmentOfSlot(strip: StripGeometry, slot: number): StripSegment | undefined {
  return strip.segments.find((part) => slot >= part.first && slot < part.end);
}

/** Top left corner of a slot's cell. */
export function cellPosition(strip: StripGeometry, slot: number): { x: number; y: number } | null {
  const part = segmentOfSlot(strip, slot);
  if (!part) return null;
  const index = slot - part.first;
  return {
    x: part.x + Math.floor(index / strip.rows) * strip.cellWidth,
    y: (index % strip.rows) * strip.cellHeight,
  };
}

/** The slot under a point, or null between segments and where the table has no entries. */
export function slotAt(strip: StripGeometry, x: number, y: number): number | null {
  const row = Math.floor(y / strip.cellHeight);
  if (row < 0 || row >= strip.rows) return null;
  const part = strip.segments.find((candidate) => x >= candidate.x && x <= candidate.x + candidate.width);
  if (!part || part.closed) return null;
  const slot = part.first + Math.floor((x - part.x) / strip.cellWidth) * strip.rows + row;
  return slot < part.end ? slot : null;
}

export type Move = 'up' | 'down' | 'left' | 'right' | 'previousSegment' | 'nextSegment' | 'first' | 'last';

/** The slot a key moves to; closed stretches are skipped, and the ends hold. */
export function moveSlot(strip: StripGeometry, slot: number, move: Move): number {
  const open = strip.segments.filter((part) => !part.closed);
  const index = open.findIndex((part) => slot >= part.first && slot < part.end);
  if (index < 0) return open[0]?.first ?? 0;
  const clamp = (to: number, direction: 1 | -1): number => {
    const inside = open.some((part) => to >= part.first && to < part.end);
    if (inside) return to;
    const next = open[index + direction];
    if (!next) return slot;
    return direction > 0 ? next.first : next.end - 1;
  };
  switch (move) {
    case 'up':
      return clamp(slot - 1, -1);
    case 'down':
      return clamp(slot + 1, 1);
    case 'left':
      return clamp(slot - strip.rows, -1);
    case 'right':
      return clamp(slot + strip.rows, 1);
    case 'previousSegment':
      return slot > open[index]!.first ? open[index]!.first : (open[index - 1]?.first ?? slot);
    case 'nextSegment':
      return open[index + 1]?.first ?? slot;
    case 'first':
      return open[0]!.first;
    case 'last':
      return open.at(-1)!.end - 1;
  }
}
