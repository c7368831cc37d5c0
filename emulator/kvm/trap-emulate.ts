/**
 * The `kvm` machine's hypervisor: Linux 4.11's KVM for MIPS in trap-and-emulate mode (arch/mips/kvm/trap_emul.c,
 * emulate.c). Guest kernel and guest user both run with host user privileges in the lower half of the address space, so
 * every privileged instruction, TLB fault and access from 0x80000000 up is an exit that is dispatched here.
 */
import { CAUSE_DC, Cp0, STATUS_BEV, STATUS_ERL, STATUS_EXL, STATUS_IE, config1Mmu } from '../cpu/cp0.ts';
import { DEVICE, FAULT, FETCH, WRITE, type Access } from '../cpu/cpu.ts';
import { ExcCode } from '../cpu/exceptions.ts';
import { KERNEL, Privileged, USER, type GuestObserver, type Mode } from '../cpu/privileged.ts';
import { LO_D, LO_V } from '../mmu/guest-tlb.ts';
import { KSEG0, USEG } from '../mmu/layout.ts';

/** Reasons beyond the ExcCodes, numbered as KVM's kvm_exit tracepoint numbers them. */
export const EXIT_WAIT = 32;
export const EXIT_CACHE = 33;
export const EXIT_NAMES: Record<number, string> = { [EXIT_WAIT]: 'WAIT', [EXIT_CACHE]: 'CACHE' };

export interface HypervisorObserver extends GuestObserver {
  /** The guest left to the hypervisor: an ExcCode, or EXIT_WAIT or EXIT_CACHE. */
  exit(reason: number): void;
}

/** -KVM_ENOSYS: what a hypercall that does not exist returns. */
const KVM_ENOSYS = -1000;
/** Cache geometry that Config1 reports: the 24Kf's, 2 KiB 2-way caches of 16-byte lines. */
const CONFIG1_CACHES = 0x9e190c8f & 0x01ffff80;
const SYNCI_STEP = 16;

export class TrapEmulate extends Privileged {
  protected declare readonly observer: HypervisorObserver;

  protected setResetValues(): void {
    const { cp0, options } = this;
    cp0[Cp0.PRId] = 0x00019300;
    cp0[Cp0.Config] = 0x80000483 | (options.bigEndian ? 0x8000 : 0);
    cp0[Cp0.Config1] = 0x80000000 | config1Mmu(options.tlbEntries) | CONFIG1_CACHES;
    cp0[Cp0.Config2] = 0x80000000;
    cp0[Cp0.Config3] = 0x80002000;
    cp0[Cp0.Config4] = 0x80000000;
    cp0[Cp0.Config7] = 0x80000400;
    cp0[Cp0.Status] = STATUS_BEV | STATUS_ERL;
    cp0[Cp0.IntCtl] = 0xfc000000;
    cp0[Cp0.EBase] = 0x40000000;
  }

  /** QEMU clears Status.ERL before it starts a guest under KVM. */
  leaveReset(): void {
    this.cp0[Cp0.Status]! &= ~STATUS_ERL;
    this.modeChanged();
  }

  protected vectorBase(): number {
    return (this.cp0[Cp0.Status]! & STATUS_BEV) !== 0 ? 0x5fc00200 : this.cp0[Cp0.EBase]! & ~0xfff;
  }
  protected interruptOffset(): number {
    return 0x200;
  }

  /** Kernel iff EXL or ERL or not KSU bit 4: supervisor counts as kernel (KVM_GUEST_KERNEL_MODE). */
  protected override modeOf(status: number): Mode {
    return (status & (STATUS_EXL | STATUS_ERL | 0x10)) === 0x10 ? USER : KERNEL;
  }

  private die(what: string): number {
    this.observer.fatal(`KVM cannot go on at PC 0x${(this.cpu.pc >>> 0).toString(16).padStart(8, '0')}: ${what}`);
    this.cpu.raised = true;
    this.clock.interrupt();
    return FAULT;
  }

  // Exits for exceptions

  override exception(code: ExcCode, coprocessor = 0): void {
    this.observer.exit(code);
    super.exception(code, coprocessor);
  }

  resolve(address: number, access: Access): number {
    const { mmu, observer } = this;
    const va = address >>> 0;
    const write = access === WRITE;
    const user = this.mode === USER;
    if (va >= 0x80000000) {
      if (user) {
        this.addressError(address, access);
        return FAULT;
      }
      if (access === FETCH) return this.die('the guest kernel jumped to 0x80000000 or above, where nothing can run.');
      if (va >= 0xc0000000) return this.die(`the guest kernel accessed 0x${va.toString(16)}, in the host's kseg2.`);
      observer.exit(write ? ExcCode.AdES : ExcCode.AdEL);
      return this.mmio(va & 0x1fffffff);
    }
    const segment = mmu.layout.segmentOf[va >>> 29]!;
    if (user && segment !== USEG) {
      this.addressError(address, access);
      return FAULT;
    }
    const space = user ? mmu.user : mmu.kernel;
    const known = mmu.refill(space, va, write);
    if (known >= 0) return known;
    const present = space.gva.walk(va) !== 0;
    observer.exit(write ? (present ? ExcCode.Mod : ExcCode.TLBS) : ExcCode.TLBL);
    if (segment === KSEG0) {
      const gpa = va & 0x1fffffff;
      const host = mmu.mapKseg0(va, gpa, write);
      if (host >= 0) return host;
      if (access === FETCH) return this.die('the guest kernel jumped to kseg0 beyond its RAM.');
      return this.mmio(gpa);
    }
    const index = mmu.tlb.lookup(va, this.asid);
    if (index < 0) {
      this.tlbMiss(address, access, true);
      return FAULT;
    }
    const lo = mmu.tlb.lo(index, va);
    if ((lo & LO_V) === 0) {
      this.tlbMiss(address, access, false);
      return FAULT;
    }
    if (write && (lo & LO_D) === 0) {
      // A store to an absent page first gets a read-only entry, and comes back as a Mod exit.
      if (!present) {
        mmu.mapMapped(space, index, va, false);
        observer.exit(ExcCode.Mod);
      }
      this.tlbException(ExcCode.Mod, address, false);
      return FAULT;
    }
    const host = mmu.mapMapped(space, index, va, write);
    return host >= 0 ? host : this.mmio(mmu.tlb.physical(index, va));
  }

  private mmio(gpa: number): number {
    const host = this.mmu.ram(gpa);
    if (host >= 0) return host;
    this.cpu.gpa = gpa;
    return DEVICE;
  }

  // Coprocessor 0

  cop0(word: number): void {
    const { cpu, cp0, observer } = this;
    if (this.mode === USER) return this.exception(ExcCode.CpU, 0);
    observer.exit(ExcCode.CpU);
    const rt = (word >>> 16) & 31;
    const index = ((word >>> 8) & 0xf8) | (word & 7);
    switch ((word >>> 21) & 31) {
      case 0x00:
        cpu.setRegister(rt, this.readCp0(index));
        return cpu.advance();
      case 0x04:
        return this.writeCp0(index, cpu.r[rt]!);
      case 0x0e:
        cpu.setRegister((word >>> 11) & 31, cpu.r[rt]!);
        return cpu.advance();
      case 0x0b: {
        const status = cp0[Cp0.Status]!;
        cpu.setRegister(rt, status);
        cp0[Cp0.Status] = word & 0x20 ? status | STATUS_IE : status & ~STATUS_IE;
        cpu.advance();
        return this.modeChanged();
      }
    }
    if ((word & 0x02000000) === 0) {
      this.die(`it does not emulate the coprocessor 0 instruction 0x${(word >>> 0).toString(16)}.`);
      return;
    }
    switch (word & 63) {
      case 0x01:
        this.tlbRead(this.wrappedIndex());
        break;
      case 0x02:
        this.tlbWrite(this.wrappedIndex(), false);
        break;
      case 0x06:
        this.tlbWrite(this.randomBelow(this.options.tlbEntries), true);
        break;
      case 0x08:
        this.tlbProbe();
        break;
      case 0x18:
        if ((cp0[Cp0.Status]! & (STATUS_ERL | STATUS_EXL)) === 0) {
          this.die('the guest executed ERET with neither Status.EXL nor Status.ERL set.');
          return;
        }
        return this.eret();
      case 0x20:
        observer.exit(EXIT_WAIT);
        return this.wait();
      case 0x28:
        cpu.r[2] = KVM_ENOSYS;
        break;
    }
    // The exception return into the guest breaks its LL.
    cpu.linked = false;
    cpu.advance();
  }

  protected override noIndex(): number {
    return -1;
  }

  private wrappedIndex(): number {
    return (this.cp0[Cp0.Index]! & 0x7fffffff) % this.options.tlbEntries;
  }

  private readCp0(index: number): number {
    if (index === Cp0.Count) return this.readCount();
    if (index === Cp0.ErrCtl) return 0;
    return this.cp0[index]!;
  }

  private writeCp0(index: number, value: number): void {
    const { cp0, cpu } = this;
    const before = cp0[index]!;
    cpu.linked = false;
    if (index === Cp0.Index && value >>> 0 >= this.options.tlbEntries) {
      this.die(`the guest wrote 0x${(value >>> 0).toString(16)} to Index.`);
      return;
    }
    cpu.advance();
    switch (index) {
      case Cp0.EBase:
        cp0[index] = (before & ~0x1ffff000) | (value & 0x1ffff000);
        return;
      case Cp0.EntryHi:
        return this.setEntryHi(value);
      case Cp0.Count:
        return this.writeCount(value);
      case Cp0.Compare:
        return this.writeCompare(value);
      case Cp0.Status:
        // NMI reads 0; without a guest FPU so do CU1 and FR.
        cp0[index] = value & ~0x24080000;
        return this.modeChanged();
      case Cp0.Cause:
        cp0[index] = (before & ~0x08800300) | (value & 0x08800300);
        if (((before ^ value) & CAUSE_DC) !== 0) this.countEnableChanged(before);
        return this.updateInterrupts();
      case Cp0.HWREna:
        cp0[index] = value & (0xf | (cp0[Cp0.Config3]! & 0x2000 ? 1 << 29 : 0));
        return;
      case Cp0.Config5:
        return;
      default:
        cp0[index] = value;
    }
  }

  cache(word: number): void {
    const { cpu, observer } = this;
    if (this.mode === USER) return this.exception(ExcCode.CpU, 0);
    observer.exit(ExcCode.CpU);
    observer.exit(EXIT_CACHE);
    cpu.linked = false;
    const operation = (word >>> 16) & 31;
    if (operation === 0x10 || operation === 0x11 || operation === 0x15) {
      const va = (cpu.r[(word >>> 21) & 31]! + ((word << 16) >> 16)) | 0;
      // Only addresses that the guest's TLB or kseg0 maps can miss; the kernel's own index bases do nothing.
      if (va >= 0) {
        this.resolve(va, 0);
        if (cpu.raised) return;
      }
    }
    cpu.advance();
  }

  rdhwr(word: number): void {
    const { cpu, cp0 } = this;
    const register = (word >>> 11) & 31;
    if (this.mode === USER && (cp0[Cp0.HWREna]! & (1 << register)) === 0) return this.exception(ExcCode.RI);
    const value = new Map([
      [0, cp0[Cp0.EBase]! & 0x3ff],
      [1, SYNCI_STEP],
      [2, this.readCount()],
      [3, 2],
      [29, cp0[Cp0.UserLocal]!],
    ]).get(register);
    if (value === undefined) return this.exception(ExcCode.RI);
    this.observer.exit(ExcCode.RI);
    cpu.linked = false;
    cpu.setRegister((word >>> 16) & 31, value);
    cpu.advance();
  }
}
