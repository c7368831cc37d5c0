/**
 * How an access of the guest's finds its host address: by the host TLB of the present mode, behind which the machine's own
 * translation is asked; and who looks at every access instead, which are the checker and breakpoints.
 */
import type { VirtualClock } from '../clock.ts';
import { CP0_AT } from '../memory.ts';
import { LO_D, LO_V } from '../mmu/guest-tlb.ts';
import type { AddressSpace, Mmu } from '../mmu/mmu.ts';
import { Cp0 } from './cp0.ts';
import { DEVICE, FAULT, WRITE, type Access, type Cpu, type System } from './cpu.ts';

export const KERNEL = 0;
export const SUPERVISOR = 1;
export const USER = 2;
export type Mode = typeof KERNEL | typeof SUPERVISOR | typeof USER;

/** Told of what the checker finds. */
export interface AccessObserver {
  /** The checker found that an access was served by `host` where the guest TLB says `expected` (-1: not at all). */
  differs(va: number, access: Access, host: number, expected: number): void;
}

/** Asked before every fetch, load and store while set: breakpoints and watchpoints. */
export interface AccessWatcher {
  /** True stops the machine before the instruction under way, or before the branch whose delay slot it is in. */
  stops(va: number, access: Access): boolean;
}

export interface AccessOptions {
  /** Compare every translation that is used with the guest TLB; every access is looked at, so it is slow. */
  check: boolean;
}

export abstract class GuestAccesses implements Pick<System, 'resolve'> {
  readonly cp0: Int32Array;
  mode: Mode = KERNEL;
  /** What the checker has looked at, and found wrong. */
  checked = 0;
  differences = 0;
  /** While set every access is looked at, so it is slow; see {@link watch}. */
  private watcher: AccessWatcher | null = null;
  /** Whether accesses in the present mode go through the host TLB. */
  private tabled = false;

  constructor(
    protected readonly cpu: Cpu,
    protected readonly mmu: Mmu,
    protected readonly clock: VirtualClock,
    protected readonly observer: AccessObserver,
    protected readonly options: AccessOptions,
  ) {
    this.cp0 = cpu.memory.words.subarray(CP0_AT >>> 2, (CP0_AT >>> 2) + 256);
  }

  /** {@link System.resolve} behind the host TLB. */
  protected abstract translate(va: number, access: Access): number;
  /** Host address that `va` must have in the present mode by the guest TLB and layout alone, or -1. */
  protected abstract reference(va: number, write: boolean): number;

  /** Whether useg bypasses the TLB in kernel mode (Status.ERL on real hardware). */
  protected usegUnmapped(_status: number): boolean {
    return false;
  }

  get asid(): number {
    return this.cp0[Cp0.EntryHi]! & 0xff;
  }

  resolve(va: number, access: Access): number {
    if (this.watcher !== null && this.watcher.stops(va >>> 0, access)) return this.undo();
    if (this.options.check) return this.resolveEach(va, access);
    // A store may have missed for its page's being watched alone.
    const known = access === WRITE && this.tabled ? this.space.host.watchedStore(va) : -1;
    const host = known >= 0 ? known : this.watcher !== null ? this.resolveEach(va, access) : this.translate(va, access);
    if (access === WRITE && host >= 0) this.mmu.stored(this.space, va, host);
    return host;
  }
  /** The address space that the present mode's accesses go through. */
  private get space(): AddressSpace {
    return this.mode === USER ? this.mmu.user : this.mmu.kernel;
  }

  /** Has `watcher` asked before every access from now on; null: nobody. Between instructions only. */
  watch(watcher: AccessWatcher | null): void {
    if (watcher === this.watcher) return;
    this.watcher = watcher;
    this.reenter();
  }

  /** The instruction under way has not happened: the machine stands before it, and before its branch in a delay slot. */
  private undo(): typeof FAULT {
    const { cpu } = this;
    cpu.left++;
    if (cpu.delay !== 0) {
      // A branch may be executed again, as after an exception in its delay slot.
      cpu.left++;
      cpu.pc = (cpu.pc - 4) | 0;
      cpu.delay = 0;
    }
    cpu.raised = true;
    this.clock.interrupt();
    return FAULT;
  }

  private resolveEach(va: number, access: Access): number {
    const { mmu } = this;
    const write = access === WRITE;
    // What the interpreter does itself when nobody looks at every access.
    const cached = this.tabled ? (this.mode === USER ? mmu.user : mmu.kernel).host.lookup(va, write) : -1;
    const host = cached >= 0 ? cached : this.translate(va, access);
    if (!this.options.check || host === FAULT || host === DEVICE) return host;
    this.checked++;
    const expected = this.reference(va >>> 0, write);
    if (host !== expected) {
      this.differences++;
      this.observer.differs(va >>> 0, access, host, expected);
    }
    return host;
  }

  /** Expected address of a TLB-mapped `va`. */
  protected mappedReference(va: number, write: boolean): number {
    const { tlb } = this.mmu;
    const index = tlb.lookup(va, this.asid);
    if (index < 0) return -1;
    const lo = tlb.lo(index, va);
    if ((lo & LO_V) === 0 || (write && (lo & LO_D) === 0)) return -1;
    return this.mmu.ram(tlb.physical(index, va));
  }

  /** An access that no table serves: uncached RAM, or the bus. A store to a read-only slot is the bus's, too. */
  protected physical(gpa: number, write: boolean): number {
    const host = this.mmu.ram(gpa);
    if (host >= 0 && !(write && this.mmu.gpa.isReadOnly(gpa))) return host;
    this.cpu.gpa = gpa;
    return DEVICE;
  }

  /** What precedes each entry to the guest, in KVM's order: requests, the lazy user flush, a stale host ASID. */
  reenter(): void {
    const { cpu, mmu, mode } = this;
    mmu.handleRequests();
    if (mode === USER) mmu.enterUser(this.asid);
    else mmu.enterKernel();
    this.tabled = mode === USER || (mode === KERNEL && !this.usegUnmapped(this.cp0[Cp0.Status]!));
    if (this.tabled && !this.options.check && this.watcher === null) {
      const { host } = mode === USER ? mmu.user : mmu.kernel;
      cpu.reads = host.reads;
      cpu.writes = host.writes;
    } else cpu.reads = cpu.writes = mmu.noReads;
  }

  /** Generated code has entered user mode, or left it, and {@link reenter} would have found nothing to do. */
  arrived(user: boolean): void {
    const { cpu, mmu } = this;
    this.mode = user ? USER : KERNEL;
    const { host } = user ? mmu.user : mmu.kernel;
    cpu.reads = host.reads;
    cpu.writes = host.writes;
  }
}
