/**
 * What an access would do, without doing it: which of host TLB, GVA page table, guest TLB and GPA table answers, with
 * what, by which exits, in the machine's mode and ASID or in others. Follows FullSystem.translate and
 * TrapEmulate.translate step by step; a property test holds the three together. Not foreseen: that a host CPU runs out
 * of ASIDs on the way to another mode or ASID, and empties its TLB.
 */
import { FETCH, WRITE, type Access } from '../cpu/cpu.ts';
import { Cp0, STATUS_ERL, STATUS_EXL, STATUS_KSU } from '../cpu/cp0.ts';
import { ExcCode } from '../cpu/exceptions.ts';
import { CP0_AT } from '../memory.ts';
import { LO_D, LO_V } from '../mmu/guest-tlb.ts';
import { PTE_DIRTY, PTE_WRITABLE } from '../mmu/gva-page-table.ts';
import { KSEG0, KSEG1, KSEG23, USEG } from '../mmu/layout.ts';
import type { AddressSpace } from '../mmu/mmu.ts';
import type { DebugTarget } from './target.ts';

export type GuestMode = 'kernel' | 'user';

export type Outcome =
  /** `via`: what served it. `gpa` is -1 for the commpage. */
  | { kind: 'memory'; gpa: number; host: number; via: 'hostTlb' | 'gvaTable' | 'fill' | 'physical' }
  | { kind: 'device'; gpa: number }
  /** `offset` is the vector's from the base. */
  | { kind: 'exception'; code: ExcCode; refill: boolean; offset: number }
  /** The hypervisor gives up on the guest. */
  | { kind: 'fatal'; why: string };

/** Why a GVA table's or host TLB's entry is gone before the access can use it. */
export type Loss = 'asidChange' | 'lazyUser' | 'memoryChange' | null;

export interface Probe {
  va: number;
  access: Access;
  mode: GuestMode;
  asid: number;
  /** Status as the access finds it. */
  status: number;
  /** Index into SEGMENTS, or 0xff where the layout has none. */
  segment: number;
  /** The address's table; null where the access goes by none. */
  space: AddressSpace | null;
  /** The space's entry as it stands, and what the host TLB holds; both before any {@link Loss}. */
  pte: number;
  hostTlb: number;
  loss: Loss;
  /** Of guest TLB, -1 for none; looked up wherever the segment is mapped, whether or not the access comes so far. */
  tlbIndex: number;
  /** Exits to the hypervisor, by reason, in order; empty on `malta`. */
  exits: number[];
  outcome: Outcome;
}

/** Status as it would be in a mode: as it is where that is the machine's own. */
function statusIn(target: DebugTarget, mode: GuestMode): number {
  const status = target.system.cp0[Cp0.Status]!;
  if (mode === target.mode) return status;
  const bare = status & ~(STATUS_EXL | STATUS_ERL | STATUS_KSU);
  return mode === 'user' ? bare | 0x10 : bare;
}

/** Whether the host's own kernel table, or the user's, loses its entry for `va` on the way to this mode and ASID. */
function lossOf(target: DebugTarget, va: number, mode: GuestMode, asid: number): Loss {
  const { mmu, system } = target;
  if (mmu.flushPending) return 'memoryChange';
  const { policy } = mmu;
  const segment = mmu.layout.segmentOf[va >>> 29]!;
  const changes = asid !== system.asid;
  if (policy === 'never') return null;
  if (policy === 'tagged') {
    if (!changes) return null;
    // The guest TLB has nothing to say of other segments, so what it had for them is no loss.
    const isMapped = segment === USEG || segment === KSEG23;
    if (isMapped && mmu.kept?.has(va)) return 'asidChange';
    if (mode === 'user' || segment !== KSEG23) return null;
    // kseg2/3 has one table for all ASIDs: what came from entries of one ASID goes.
    return coveredByLocalEntry(target, va) ? 'asidChange' : null;
  }
  if (mode === 'kernel') return changes && (policy === 'everything' || segment !== KSEG0) ? 'asidChange' : null;
  if (changes && policy !== 'lazy-user') return 'asidChange';
  return asid !== mmu.lastUserAsid ? 'lazyUser' : null;
}

function coveredByLocalEntry({ mmu: { tlb } }: DebugTarget, va: number): boolean {
  for (let i = 0; i < tlb.entries; i++) {
    const valid = ((tlb.lo0[i]! | tlb.lo1[i]!) & LO_V) !== 0;
    if (valid && !tlb.isGlobal(i) && va >= tlb.start(i) && va <= tlb.end(i)) return true;
  }
  return false;
}

/** The host TLB's answer where it keeps what the GVA table keeps, else -1. */
function hostTlbAnswer(target: DebugTarget, probe: Probe): number {
  const { mmu, system } = target;
  const { va, mode, asid } = probe;
  const write = probe.access === WRITE;
  const { host } = mode === 'user' ? mmu.user : mmu.kernel;
  if (mmu.policy === 'tagged') {
    // The flat tables hold one ASID's view of useg.
    const other = mode === 'user' ? asid !== mmu.lastUserAsid : probe.segment === USEG && asid !== system.asid;
    if (other) return -1;
  }
  return host.lookup(va, write);
}

/** What `gpa.map` would say: whether a GVA entry can be made for the page. */
function canMap({ mmu }: DebugTarget, gpa: number, write: boolean): boolean {
  const known = mmu.gpa.table.walk(gpa);
  if (known !== 0) return !write || (known & (PTE_DIRTY | PTE_WRITABLE)) !== 0;
  const slot = mmu.gpa.slotAt(gpa);
  return slot !== null && !(write && slot.readOnly);
}

function physical({ mmu }: DebugTarget, gpa: number, write: boolean): Outcome {
  const host = mmu.ram(gpa);
  if (host >= 0 && !(write && mmu.gpa.isReadOnly(gpa))) return { kind: 'memory', gpa, host, via: 'physical' };
  return { kind: 'device', gpa };
}

const addressError = (access: Access): Outcome => ({
  kind: 'exception',
  code: access === WRITE ? ExcCode.AdES : ExcCode.AdEL,
  refill: false,
  offset: 0x180,
});

function tlbMiss(probe: Probe, refill: boolean): Outcome {
  const offset = refill && (probe.status & STATUS_EXL) === 0 ? 0 : 0x180;
  return { kind: 'exception', code: probe.access === WRITE ? ExcCode.TLBS : ExcCode.TLBL, refill, offset };
}

/**
 * @param va any byte address; a fetch from one that is no word's raises AdEL
 * @param mode guest mode; `kernel` is kernel mode proper, as Status now has it if that is the mode
 */
export function probe(
  target: DebugTarget,
  va: number,
  access: Access,
  mode: GuestMode = target.mode,
  asid: number = target.system.asid,
): Probe {
  const { mmu } = target;
  const segment = mmu.layout.segmentOf[va >>> 29]!;
  const status = statusIn(target, mode);
  const result: Probe = {
    va,
    access,
    mode,
    asid,
    status,
    segment,
    space: null,
    pte: 0,
    hostTlb: -1,
    loss: null,
    tlbIndex: segment === USEG || segment === KSEG23 ? mmu.tlb.lookup(va, asid) : -1,
    exits: [],
    outcome: { kind: 'fatal', why: '' },
  };
  const tabled = target.kind === 'kvm' ? va < 0x80000000 : segment !== KSEG1;
  if (tabled && (mode === 'kernel' || segment === USEG)) {
    result.space = mmu.spaceUnder(mode, va, asid);
    result.pte = result.space?.gva.walk(va) ?? 0;
    result.loss = lossOf(target, va, mode, asid);
    result.hostTlb = hostTlbAnswer(target, result);
  }
  result.outcome = target.kind === 'kvm' ? probeKvm(target, result) : probeMalta(target, result);
  return result;
}

/** Serves from host TLB or GVA table, if either has what the access needs. */
function served(target: DebugTarget, probe: Probe, tabled: boolean): Outcome | null {
  const { mmu } = target;
  const { va, access, loss } = probe;
  if (loss !== null) return null;
  const via = (host: number, how: 'hostTlb' | 'gvaTable'): Outcome => {
    const gpa = gpaOf(target, probe);
    // Where no guest TLB entry says it any more, the page itself does; the commpage is not of guest RAM.
    const own = host >= mmu.ram(0) ? host - mmu.ram(0) : -1;
    return { kind: 'memory', gpa: gpa >= 0 ? gpa : own, host, via: how };
  };
  if (tabled && probe.hostTlb >= 0) return via(probe.hostTlb, 'hostTlb');
  if (probe.pte === 0 || (access === WRITE && (probe.pte & PTE_DIRTY) === 0)) return null;
  const within = 2 ** mmu.kernel.gva.geometry.pageShift - 1;
  return via((probe.pte & ~within) | (va & within), 'gvaTable');
}

/** Guest physical address that the architecture gives the probe's address, or -1. */
export function gpaOf({ kind, mmu }: DebugTarget, { va, segment, mode, tlbIndex, status }: Probe): number {
  if (kind === 'kvm' && va >= 0x80000000) return va < 0xc0000000 ? va & 0x1fffffff : -1;
  if (kind === 'kvm' && mode === 'kernel' && mmu.isCommpage(va)) return -1;
  if (segment === KSEG0 || segment === KSEG1) return va & 0x1fffffff;
  if (kind === 'malta' && segment === USEG && mode === 'kernel' && (status & STATUS_ERL) !== 0) return va;
  return tlbIndex >= 0 ? mmu.tlb.physical(tlbIndex, va) : -1;
}

function probeMalta(target: DebugTarget, p: Probe): Outcome {
  const { va, access, mode, status } = p;
  const write = access === WRITE;
  if (access === FETCH && (va & 3) !== 0) return addressError(access);
  const unmapped = (status & STATUS_ERL) !== 0;
  // The machine counts supervisor mode as kernel; it reaches useg and ksseg.
  const supervisor = mode === 'kernel' && (status & (STATUS_KSU | STATUS_ERL | STATUS_EXL)) === 0x08;
  if ((mode === 'user' || supervisor) && p.segment !== USEG && !(supervisor && va >>> 29 === 6)) {
    return addressError(access);
  }
  if (p.segment === KSEG1) return physical(target, va & 0x1fffffff, write);
  if (p.segment === USEG && mode === 'kernel' && unmapped) return physical(target, va, write);
  const known = served(target, p, mode === 'user' || (!unmapped && !supervisor));
  if (known) return known;
  if (p.segment === KSEG0) return filled(target, va & 0x1fffffff, write);
  return mapped(target, p);
}

/** The guest TLB decides. */
function mapped(target: DebugTarget, p: Probe): Outcome {
  const { tlb } = target.mmu;
  const { va, access, tlbIndex } = p;
  const write = access === WRITE;
  if (tlbIndex < 0) return tlbMiss(p, true);
  const lo = tlb.lo(tlbIndex, va);
  if ((lo & LO_V) === 0) return tlbMiss(p, false);
  if (write && (lo & LO_D) === 0) return { kind: 'exception', code: ExcCode.Mod, refill: false, offset: 0x180 };
  return filled(target, tlb.physical(tlbIndex, va), write);
}

function filled(target: DebugTarget, gpa: number, write: boolean): Outcome {
  const host = target.mmu.ram(gpa);
  if (host < 0 || !canMap(target, gpa, write)) return physical(target, gpa, write);
  return { kind: 'memory', gpa, host, via: 'fill' };
}

function probeKvm(target: DebugTarget, p: Probe): Outcome {
  const { mmu } = target;
  const { va, access, mode, exits } = p;
  const write = access === WRITE;
  if (access === FETCH && (va & 3) !== 0) {
    exits.push(ExcCode.AdEL);
    return addressError(access);
  }
  if (va >= 0x80000000) {
    if (mode === 'kernel' && access === FETCH) return { kind: 'fatal', why: 'nothing can run at 0x80000000 or above' };
    if (mode === 'kernel' && va >= 0xc0000000) return { kind: 'fatal', why: "it lies in the host's own kseg2" };
    exits.push(write ? ExcCode.AdES : ExcCode.AdEL);
    return mode === 'user' ? addressError(access) : physical(target, va & 0x1fffffff, write);
  }
  if (mode === 'user' && p.segment !== USEG) {
    exits.push(write ? ExcCode.TLBS : ExcCode.TLBL);
    return addressError(access);
  }
  const known = served(target, p, true);
  if (known) return known;
  const present = p.pte !== 0 && p.loss === null;
  exits.push(write ? (present ? ExcCode.Mod : ExcCode.TLBS) : ExcCode.TLBL);
  if (mode === 'kernel' && mmu.isCommpage(va)) {
    return { kind: 'memory', gpa: -1, host: CP0_AT + (va - mmu.commpage), via: 'fill' };
  }
  if (p.segment === KSEG0) {
    const outcome = filled(target, va & 0x1fffffff, write);
    if (access === FETCH && !(outcome.kind === 'memory' && outcome.via === 'fill')) {
      return { kind: 'fatal', why: 'nothing can run in kseg0 beyond RAM' };
    }
    return outcome;
  }
  if (p.tlbIndex < 0 && present) return { kind: 'fatal', why: 'the page table holds a stale translation of it' };
  const outcome = mapped(target, p);
  // A store to an absent page first gets a read-only entry, and comes back.
  if (outcome.kind === 'exception' && outcome.code === ExcCode.Mod && !present) exits.push(ExcCode.Mod);
  return outcome;
}
