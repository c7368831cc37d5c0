/** Everything a run counts. One declaration, from which `--stats`, the app and the tests read. */
import { EXCEPTION_NAMES } from './cpu/exceptions.ts';
import { EXIT_NAMES } from './kvm/trap-emulate.ts';
import type { AddressSpace, FlushTotals, Mmu } from './mmu/mmu.ts';
import { SEGMENTS } from './mmu/layout.ts';

export class Counters {
  /** By ExcCode: exceptions that reached the guest's own handlers. */
  readonly exceptions = new Float64Array(32);
  tlbRefills = 0;
  tlbWrites = 0;
  asidChanges = 0;
  userEntries = 0;
  /** Entries to user mode under another ASID than the entry before. */
  userEntriesWithNewAsid = 0;
  /** By reason: exits to the hypervisor; all zero on the `malta` machine. */
  readonly exits = new Float64Array(64);
  consoleBytesOut = 0;
  consoleBytesIn = 0;
  resets = 0;
}

/** The contents of a `--stats` file; docs/headless.md describes them. Keys that begin with `host` depend on the host. */
export type Stats = Record<string, unknown>;

export function collectStats(
  machine: string,
  instructions: number,
  virtualNs: number,
  counters: Counters,
  mmu: Mmu,
): Stats {
  const named = (counts: Float64Array, name: (i: number) => string) =>
    Object.fromEntries([...counts].flatMap((n, i) => (n === 0 ? [] : [[name(i), n]])));
  return {
    machine,
    instructions,
    virtualSeconds: virtualNs / 1e9,
    exceptions: named(counters.exceptions, (i) => EXCEPTION_NAMES[i]!),
    tlbRefills: counters.tlbRefills,
    tlbWrites: counters.tlbWrites,
    asidChanges: counters.asidChanges,
    userEntries: counters.userEntries,
    userEntriesWithNewAsid: counters.userEntriesWithNewAsid,
    exits: named(counters.exits, (i) => EXIT_NAMES[i] ?? EXCEPTION_NAMES[i]!),
    flushes: {
      kernel: flushes(mmu.totals.kernel),
      user: flushes(mmu.totals.user),
      gpa: flushes(mmu.totals.gpa),
    },
    occupancy: { kernel: occupancy(mmu.kernel), user: occupancy(mmu.user) },
    console: { bytesOut: counters.consoleBytesOut, bytesIn: counters.consoleBytesIn },
    resets: counters.resets,
  };
}

function flushes(totals: FlushTotals): Stats {
  return { ...totals };
}

function occupancy(space: AddressSpace): Stats {
  return Object.fromEntries(
    SEGMENTS.flatMap((name, i) => (name === 'kseg1' ? [] : [[name, { ...space.segments[i]! }]])),
  );
}
