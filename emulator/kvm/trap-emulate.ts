/**
 * The `kvm` machine's hypervisor: Linux 4.11's KVM for MIPS in trap-and-emulate mode (arch/mips/kvm/trap_emul.c,
 * emulate.c). Guest kernel and guest user both run with host user privileges in the lower half of the address space, so
 * every privileged instruction, TLB fault and access from 0x80000000 up is an exit, dispatched here.
 *
 * KVM gives up on some guests (KVM_EXIT_INTERNAL_ERROR). Where real hardware would go on, so does this; docs/kvm.md
 * lists those places. The rest ends the run with a sentence.
 */
import {
  CAUSE_DC,
  CAUSE_IP7,
  Cp0,
  STATUS_BEV,
  STATUS_ERL,
  STATUS_EXL,
  STATUS_IE,
  STATUS_UM,
  config1Mmu,
} from '../cpu/cp0.ts';
import { DEVICE, FAULT, FETCH, WRITE, type Access } from '../cpu/cpu.ts';
import { ExcCode } from '../cpu/exceptions.ts';
import { KERNEL, USER, type Mode } from '../cpu/guest-accesses.ts';
import { CP0_AT } from '../memory.ts';
import { LO_D, LO_V } from '../mmu/guest-tlb.ts';
import { KSEG0, USEG } from '../mmu/layout.ts';
import { COMMPAGE_4K, translateCacheOp, translateMfc0, translateMtc0 } from './dynamic-translation.ts';
import { Exits } from './exits.ts';
import { EXIT_CACHE, EXIT_WAIT } from './statistics.ts';

/** -KVM_ENOSYS: what a hypercall that does not exist returns. */
const KVM_ENOSYS = -1000;
/** Cache geometry that Config1 reports: the 24Kf's, 2 KiB 2-way caches of 16-byte lines. */
const CONFIG1_CACHES = 0x9e190c8f & 0x01ffff80;
const SYNCI_STEP = 16;
/** Status bits a guest without FPU reads as 0: CU1, FR, and NMI. */
export const STATUS_FORCED_ZERO = 0x24080000;
const CAUSE_WRITABLE = 0x08800300;
const CONFIG3_ULRI = 0x2000;
/** Exceptions that KVM cannot deliver to a guest with Status.EXL set. */
const NOT_NESTED = new Set<number>([ExcCode.Sys, ExcCode.Bp, ExcCode.RI, ExcCode.Tr, ExcCode.FPE]);

export class TrapEmulate extends Exits {
  /** Instructions rewritten by dynamic translation. */
  translated = 0;
  /** Rewrite trapping CP0 accesses into loads and stores of the commpage; from the next reset on. */
  dynamicTranslation = false;

  protected override setResetValues(): void {
    const { cp0, options } = this;
    cp0[Cp0.PRId] = 0x00019300;
    cp0[Cp0.Config] = 0x80000483 | (options.bigEndian ? 0x8000 : 0);
    cp0[Cp0.Config1] = 0x80000000 | config1Mmu(options.tlbEntries) | CONFIG1_CACHES;
    cp0[Cp0.Config2] = 0x80000000;
    cp0[Cp0.Config3] = 0x80000000 | CONFIG3_ULRI;
    cp0[Cp0.Config4] = 0x80000000;
    cp0[Cp0.Config7] = 0x80000400;
    cp0[Cp0.Status] = STATUS_BEV | STATUS_ERL;
    cp0[Cp0.IntCtl] = 0xfc000000;
    cp0[Cp0.EBase] = 0x40000000;
    super.setResetValues();
    this.mmu.setCommpage(COMMPAGE_4K, CP0_AT);
    if (this.dynamicTranslation) this.startTicks();
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
    return (status & (STATUS_EXL | STATUS_ERL | STATUS_UM)) === STATUS_UM ? USER : KERNEL;
  }

  private die(what: string): typeof FAULT {
    this.observer.fatal(`KVM cannot go on at PC 0x${(this.cpu.pc >>> 0).toString(16).padStart(8, '0')}: ${what}`);
    this.cpu.raised = true;
    this.clock.interrupt();
    return FAULT;
  }

  // Exits

  override exception(code: ExcCode, coprocessor = 0): void {
    const unusable = code === ExcCode.CpU && coprocessor === 0;
    this.exit(code, !unusable);
    if ((this.cp0[Cp0.Status]! & STATUS_EXL) !== 0 && NOT_NESTED.has(code)) {
      this.die(`the guest raised exception ${code} in its own exception handler.`);
      return;
    }
    super.exception(code, coprocessor);
  }

  /** The privilege filter's answer to user mode reaching for kernel addresses; and unaligned accesses. */
  override addressError(va: number, access: Access): void {
    const code = access === WRITE ? ExcCode.AdES : ExcCode.AdEL;
    this.deliverAddressError(va, code, code);
  }

  /** @param reason the exit: below 0x80000000 user mode's reach for kernel addresses is a TLB miss to the host */
  private deliverAddressError(va: number, code: ExcCode, reason: ExcCode): void {
    this.exit(reason, this.mode === KERNEL, va);
    this.cp0[Cp0.BadVAddr] = va;
    super.exception(code);
  }

  protected reference(va: number, write: boolean): number {
    if (va >= 0x80000000) return this.mmu.ram(va & 0x1fffffff);
    if (this.mode === KERNEL && this.mmu.isCommpage(va)) return CP0_AT + (va - this.mmu.commpage);
    if (this.mmu.layout.segmentOf[va >>> 29] === KSEG0) return this.mmu.ram(va & 0x1fffffff);
    return this.mappedReference(va, write);
  }

  protected translate(address: number, access: Access): number {
    const { mmu } = this;
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
      this.exit(write ? ExcCode.AdES : ExcCode.AdEL, true, va);
      return this.mmio(va & 0x1fffffff, write);
    }
    const segment = mmu.layout.segmentOf[va >>> 29]!;
    if (user && segment !== USEG) {
      if (write) this.deliverAddressError(address, ExcCode.AdES, ExcCode.TLBS);
      else this.deliverAddressError(address, ExcCode.AdEL, ExcCode.TLBL);
      return FAULT;
    }
    const space = user ? mmu.user : mmu.kernel;
    const known = mmu.refill(space, va, write);
    if (known >= 0) return known;
    const present = mmu.walk(space, va) !== 0;
    this.exit(write ? (present ? ExcCode.Mod : ExcCode.TLBS) : ExcCode.TLBL, true, va);
    if (!user && mmu.isCommpage(va)) return mmu.mapCommpage(va, write);
    if (segment === KSEG0) {
      const gpa = va & 0x1fffffff;
      const host = mmu.mapKseg0(va, gpa, write);
      if (host >= 0) return host;
      if (access === FETCH) return this.die('the guest kernel jumped to kseg0 beyond its RAM.');
      return this.mmio(gpa, write);
    }
    const index = mmu.tlb.lookup(va, this.asid);
    if (index < 0) {
      if (present) return this.die(`a stale translation of 0x${va.toString(16)} was used.`);
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
        this.exit(ExcCode.Mod, true, va);
      }
      this.tlbException(ExcCode.Mod, address, false);
      return FAULT;
    }
    const host = mmu.mapMapped(space, index, va, write);
    return host >= 0 ? host : this.mmio(mmu.tlb.physical(index, va), write);
  }

  private mmio(gpa: number, write: boolean): number {
    const host = this.physical(gpa, write);
    // On its way back in, QEMU queues the I/O interrupt again while its line is still up.
    if (host === DEVICE) this.requeue();
    return host;
  }

  // Coprocessor 0

  cop0(word: number): void {
    if (this.mode === USER) return this.exception(ExcCode.CpU, 0);
    const { cpu, cp0 } = this;
    this.exit(ExcCode.CpU);
    const rt = (word >>> 16) & 31;
    const index = ((word >>> 8) & 0xf8) | (word & 7);
    switch ((word >>> 21) & 31) {
      case 0x00: {
        const value = index === Cp0.Count ? this.readCount() : index === Cp0.ErrCtl ? 0 : cp0[index]!;
        this.observer.hwr('MFC0', index, value);
        cpu.setRegister(rt, value);
        this.patch(translateMfc0(rt, index));
        return cpu.advance();
      }
      case 0x04:
        this.observer.hwr('MTC0', index, cpu.r[rt]!);
        return this.writeCp0(index, rt);
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
        this.exit(EXIT_WAIT);
        this.requeue();
        return this.wait();
      case 0x28:
        cpu.r[2] = KVM_ENOSYS;
        break;
    }
    cpu.advance();
  }

  protected override noIndex(): number {
    return -1;
  }

  private wrappedIndex(): number {
    return (this.cp0[Cp0.Index]! & 0x7fffffff) % this.options.tlbEntries;
  }

  private writeCp0(index: number, rt: number): void {
    const { cpu } = this;
    const value = cpu.r[rt]!;
    if (index === Cp0.Index && value >>> 0 >= this.options.tlbEntries) {
      this.die(`the guest wrote 0x${(value >>> 0).toString(16)} to Index.`);
      return;
    }
    this.patch(translateMtc0(rt, index));
    cpu.advance();
    this.storeCp0(index, value);
  }

  protected storeCp0(index: number, value: number): void {
    const { cp0 } = this;
    const before = cp0[index]!;
    switch (index) {
      case Cp0.EBase:
        cp0[index] = (before & ~0x1ffff000) | (value & 0x1ffff000);
        return;
      case Cp0.EntryHi:
        return this.setEntryHi(value);
      case Cp0.Count:
        return this.timer.write(value);
      case Cp0.Compare:
        this.queued &= ~CAUSE_IP7;
        return this.writeCompare(value);
      case Cp0.Status:
        cp0[index] = value & ~STATUS_FORCED_ZERO;
        return this.modeChanged();
      case Cp0.Cause:
        cp0[index] = (before & ~CAUSE_WRITABLE) | (value & CAUSE_WRITABLE);
        if (((before ^ value) & CAUSE_DC) !== 0) this.countEnableChanged();
        return this.seekDelivery();
      case Cp0.HWREna:
        cp0[index] = value & (0xf | (cp0[Cp0.Config3]! & CONFIG3_ULRI ? 1 << 29 : 0));
        return;
      case Cp0.Config5:
        return;
      default:
        cp0[index] = value;
    }
  }

  /** Replaces the instruction under emulation, where translation is on and knows a replacement. */
  private patch(replacement: number | null): void {
    if (!this.dynamicTranslation || replacement === null) return;
    const { cpu, mmu } = this;
    const va = cpu.pc >>> 0;
    let host = mmu.refill(mmu.kernel, va, true);
    if (host < 0 && mmu.layout.segmentOf[va >>> 29] === KSEG0) host = mmu.mapKseg0(va, va & 0x1fffffff, true);
    else if (host < 0) {
      const index = mmu.tlb.lookup(va, this.asid);
      if (index >= 0 && (mmu.tlb.lo(index, va) & LO_D) !== 0) host = mmu.mapMapped(mmu.kernel, index, va, true);
    }
    if (host < 0) return;
    mmu.watched.changed(host, 4);
    cpu.memory.words[host >> 2] = replacement;
    this.translated++;
  }

  cache(word: number): void {
    const { cpu } = this;
    if (this.mode === USER) return this.exception(ExcCode.CpU, 0);
    this.exit(ExcCode.CpU);
    this.exit(EXIT_CACHE);
    const operation = (word >>> 16) & 31;
    if (operation === 0x10 || operation === 0x11 || operation === 0x15) {
      const va = (cpu.r[(word >>> 21) & 31]! + ((word << 16) >> 16)) | 0;
      // Real kseg0 and kseg1 addresses are not the guest's, and miss nothing.
      if (va >= 0 && this.resolve(va, 0) === FAULT) return;
    }
    this.patch(translateCacheOp(word));
    cpu.advance();
  }

  rdhwr(word: number): void {
    const { cpu, cp0 } = this;
    const register = (word >>> 11) & 31;
    if (this.mode === USER && (cp0[Cp0.HWREna]! & (1 << register)) === 0) return this.exception(ExcCode.RI);
    const value = this.hardwareRegister(register);
    if (value === undefined) return this.exception(ExcCode.RI);
    this.exit(ExcCode.RI);
    this.observer.hwr('RDHWR', register, value);
    cpu.setRegister((word >>> 16) & 31, value);
    cpu.advance();
  }

  private hardwareRegister(register: number): number | undefined {
    switch (register) {
      case 0:
        return this.cp0[Cp0.EBase]! & 0x3ff;
      case 1:
        return SYNCI_STEP;
      case 2:
        return this.readCount();
      case 3:
        return 2;
      case 29:
        return this.cp0[Cp0.UserLocal]!;
    }
    return undefined;
  }
}
