/** Everything a run counts. One declaration, from which `--stats`, the app and the tests read. */
import { EXCEPTION_NAMES } from './cpu/exceptions.ts';
import type { FullSystem } from './cpu/full-system.ts';
import { EXIT_REASONS } from './kvm/statistics.ts';
import { TrapEmulate } from './kvm/trap-emulate.ts';
import type { FlushTotals } from './mmu/guest-tables.ts';
import type { AddressSpace, Mmu } from './mmu/mmu.ts';
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
  options: { kind: string; policy?: string; check?: boolean },
  instructions: number,
  virtualNs: number,
  counters: Counters,
  mmu: Mmu,
  system: FullSystem | TrapEmulate,
): Stats {
  const named = (counts: Float64Array, name: (i: number) => string) =>
    Object.fromEntries([...counts].flatMap((n, i) => (n === 0 ? [] : [[name(i), n]])));
  return {
    machine: options.kind,
    policy: mmu.policy,
    keepReplaced: mmu.kept !== null,
    instructions,
    virtualSeconds: virtualNs / 1e9,
    exceptions: named(counters.exceptions, (i) => EXCEPTION_NAMES[i]!),
    tlbRefills: counters.tlbRefills,
    tlbWrites: counters.tlbWrites,
    asidChanges: counters.asidChanges,
    userEntries: counters.userEntries,
    userEntriesWithNewAsid: counters.userEntriesWithNewAsid,
    ...(system instanceof TrapEmulate
      ? {
          exits: named(counters.exits, (i) => EXIT_REASONS[i] ?? String(i)),
          vcpu: { ...system.statistics },
          dynamicallyTranslated: system.translated,
        }
      : {}),
    flushes: {
      kernel: flushes(mmu.totals.kernel),
      user: flushes(mmu.totals.user),
      gpa: flushes(mmu.totals.gpa),
    },
    hypervisor: { hostTlbRefills: mmu.hostRefills, asidWraps: mmu.cpus.wraps },
    ...(options.check ? { checker: { checked: system.checked, differences: system.differences } } : {}),
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
    SEGMENTS.flatMap((name, i) => (name === 'kseg1' ? [] : [[name, space.segments[i]!.copy()]])),
  );
}
