/**
 * Events of a run, for `--trace`: what happened, at which instruction, where. One JSON object a line; docs/headless.md
 * describes the fields.
 */
import type { FlushKind } from '../protocol.ts';

export type TraceEvent =
  | { event: 'exception'; exception: string; refill?: true; badVAddr?: string }
  | { event: 'kvm_exit'; reason: string }
  | { event: 'kvm_hwr'; operation: 'MFC0' | 'MTC0' | 'RDHWR'; register: string; value: string }
  | { event: 'asidChange' | 'kvm_asid_change'; old: string; new: string }
  | { event: 'checkerDifference'; address: string; access: string; served: string; expected: string }
  | { event: 'userEntry'; asid: string }
  | { event: 'tlbWrite'; index: number; random: boolean; entryHi: string; pageMask: string; lo0: string; lo1: string }
  | {
      event: 'flush';
      table: 'kernel' | 'user';
      kind: FlushKind;
      old: string;
      new: string;
      ranges: [string, string][];
      pages: number;
      tablesFreed: number;
      entriesCleared: number;
    }
  | { event: 'input'; bytes: number }
  | { event: 'reset' | 'powerOff' | 'panic' }
  | { event: 'stopped'; message: string }
  /** The file has its limit and ends here. */
  | { event: 'cut' };

export type TraceLine = { instructions: number; pc: string; symbol: string } & TraceEvent;
export type TraceSink = (line: TraceLine) => void;

/** A 32-bit number as `0x` and eight digits; fewer where `digits` says so. */
export function hex(value: number, digits = 8): string {
  return '0x' + (value >>> 0).toString(16).padStart(digits, '0');
}
