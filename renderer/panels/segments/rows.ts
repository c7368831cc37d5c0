import type { SegmentName, TableName } from '../../../emulator/protocol.ts';

/** The segments whose figures are told, by table: those that a table can map. */
export const ROWS: readonly { table: TableName; segment: SegmentName }[] = [
  { table: 'kernel', segment: 'useg' },
  { table: 'kernel', segment: 'kseg0' },
  { table: 'kernel', segment: 'kseg23' },
  { table: 'user', segment: 'useg' },
];
