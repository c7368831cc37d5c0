/**
 * What the two machines' privileged architectures share beside the guest's accesses: changes of mode, exception entry,
 * TLB instructions, the CP0 timer, interrupts. (MIPS PRA, MD00090; the comments name KVM where it differs.)
 */
import { TIMER_AT } from '../memory.ts';
import type { VirtualClock } from '../clock.ts';
import type { Mmu } from '../mmu/mmu.ts';
import { LO_G } from '../mmu/guest-tlb.ts';
import {
  CAUSE_BD,
  CAUSE_DC,
  CAUSE_IP,
  CAUSE_IP7,
  CAUSE_IV,
  CAUSE_TI,
  Cp0,
  STATUS_ERL,
  STATUS_EXL,
  STATUS_IE,
  STATUS_KSU,
} from './cp0.ts';
import { WRITE, type Access, type Cpu, type System } from './cpu.ts';
import { CountTimer } from './count-timer.ts';
import { ExcCode } from './exceptions.ts';
import {
  GuestAccesses,
  KERNEL,
  SUPERVISOR,
  USER,
  type AccessObserver,
  type AccessOptions,
  type Mode,
} from './guest-accesses.ts';
import type { CpuModel } from './models.ts';

/** Told of what happens in the guest; the machine counts and traces it. */
export interface GuestObserver extends AccessObserver {
  /** An exception reaches the guest's handler. `refill` marks a TLB refill. */
  exception(code: ExcCode, refill: boolean): void;
  asidChanged(oldAsid: number, newAsid: number): void;
  /** Guest mode is now user, or is it no longer. */
  modeSwitched(user: boolean): void;
  enteredUser(asid: number): void;
  /** The machine must stop: the guest did what the hypervisor has no answer to. One sentence. */
  fatal(message: string): void;
}

export interface SystemOptions extends AccessOptions {
  bigEndian: boolean;
  tlbEntries: number;
  /** Count's frequency. */
  countHz: number;
  seed: number;
  /** The `malta` machine's core; 24Kf if absent. */
  cpu?: CpuModel;
}

export abstract class Privileged extends GuestAccesses implements System {
  declare protected readonly observer: GuestObserver;
  declare protected readonly options: SystemOptions;
  /** WAIT is under way. */
  waiting = false;
  /** Hardware interrupt pins 2 to 7, as bits 10 to 15. */
  protected pins = 0;
  readonly timer: CountTimer;
  protected readonly maxIndex: number;

  constructor(cpu: Cpu, mmu: Mmu, clock: VirtualClock, observer: GuestObserver, options: SystemOptions) {
    super(cpu, mmu, clock, observer, options);
    this.maxIndex = options.tlbEntries - 1;
    const state = cpu.memory.words.subarray(TIMER_AT.offset >>> 2, (TIMER_AT.offset >>> 2) + 2);
    this.timer = new CountTimer(clock, options.countHz, () => this.timerMatched(), state);
  }

  abstract cop0(word: number): void;
  /** What MTC0 does to a CP0 register, by `register * 8 + select`. */
  protected abstract storeCp0(index: number, value: number): void;
  abstract cache(word: number): void;
  abstract rdhwr(word: number): void;
  /** Base of the exception vectors as Status.BEV and EBase have it. */
  protected abstract vectorBase(): number;
  /** Offset of the interrupt vector, Cause.IV being set. */
  protected abstract interruptOffset(): number;

  /** A CP0 register, by `register * 8 + select`, as MFC0 would read it now; changes nothing. */
  peekCp0(index: number): number {
    return (index === Cp0.Count ? this.timer.read() : this.cp0[index]!) >>> 0;
  }

  /** Address of the exception vector at `offset` from the present base. */
  vector(offset: number): number {
    return (this.vectorBase() + offset) >>> 0;
  }

  syscall(_word: number): void {
    this.exception(ExcCode.Sys);
  }
  cop2(_word: number): void {
    this.exception(ExcCode.CpU, 2);
  }

  // Exceptions

  exception(code: ExcCode, coprocessor = 0): void {
    this.enterHandler(code, 0x180, coprocessor);
  }

  addressError(va: number, access: Access): void {
    this.cp0[Cp0.BadVAddr] = va;
    this.exception(access === WRITE ? ExcCode.AdES : ExcCode.AdEL);
  }

  /** A TLB exception at `va`: BadVAddr, Context.BadVPN2 and EntryHi.VPN2 name it. */
  protected tlbException(code: ExcCode, va: number, refill: boolean): void {
    this.cp0[Cp0.BadVAddr] = va;
    this.cp0[Cp0.Context] = (this.cp0[Cp0.Context]! & 0xff800000) | ((va >>> 9) & 0x007ffff0);
    this.cp0[Cp0.EntryHi] = (va & 0xffffe000) | this.asid;
    const offset = refill && (this.cp0[Cp0.Status]! & STATUS_EXL) === 0 ? 0 : 0x180;
    this.enterHandler(code, offset, 0, refill);
  }

  protected tlbMiss(va: number, access: Access, refill: boolean): void {
    this.tlbException(access === WRITE ? ExcCode.TLBS : ExcCode.TLBL, va, refill);
  }

  protected enterHandler(code: ExcCode, offset: number, coprocessor: number, refill = false): void {
    const { cpu, cp0 } = this;
    this.observer.exception(code, refill);
    let cause = (cp0[Cp0.Cause]! & ~0x7c) | (code << 2);
    // CE means nothing after other exceptions, and keeps its value.
    if (code === ExcCode.CpU) cause = (cause & ~0x30000000) | (coprocessor << 28);
    if ((cp0[Cp0.Status]! & STATUS_EXL) === 0) {
      if (cpu.delay !== 0) {
        cp0[Cp0.EPC] = cpu.pc - 4;
        cause |= CAUSE_BD;
      } else {
        cp0[Cp0.EPC] = cpu.pc;
        cause &= ~CAUSE_BD;
      }
      cp0[Cp0.Status]! |= STATUS_EXL;
    }
    cp0[Cp0.Cause] = cause;
    cpu.pc = (this.vectorBase() + offset) | 0;
    cpu.delay = 0;
    cpu.raised = true;
    this.modeChanged();
  }

  // Modes

  /** The host has changed registers of a guest that stands still. */
  registersChanged(): void {
    this.modeChanged();
  }

  /** MTC0 by the host, in a guest that stands still, in whatever mode; PC stays unless an interrupt is taken now. */
  pokeCp0(index: number, value: number): void {
    this.storeCp0(index, value | 0);
    this.registersChanged();
  }

  /** Status may have changed: the mode follows, and the guest is re-entered. */
  protected modeChanged(): void {
    const before = this.mode;
    this.mode = this.modeOf(this.cp0[Cp0.Status]!);
    if ((this.mode === USER) !== (before === USER)) this.observer.modeSwitched(this.mode === USER);
    if (this.mode === USER && before !== USER) this.observer.enteredUser(this.asid);
    this.reenter();
    if (this.interruptPending()) this.clock.interrupt();
  }

  protected modeOf(status: number): Mode {
    if ((status & (STATUS_EXL | STATUS_ERL)) !== 0) return KERNEL;
    const ksu = (status & STATUS_KSU) >>> 3;
    return ksu === 0 ? KERNEL : ksu === 1 ? SUPERVISOR : USER;
  }

  /** ERET; the link of LL is broken. */
  protected eret(): void {
    const { cpu, cp0 } = this;
    if ((cp0[Cp0.Status]! & STATUS_ERL) !== 0) {
      cp0[Cp0.Status]! &= ~STATUS_ERL;
      cpu.pc = cp0[Cp0.ErrorEPC]!;
    } else {
      cp0[Cp0.Status]! &= ~STATUS_EXL;
      cpu.pc = cp0[Cp0.EPC]!;
    }
    cpu.delay = 0;
    cpu.linked = false;
    this.modeChanged();
  }

  // TLB instructions

  /** Stores EntryHi; a new ASID flushes the kernel table's mapped segments. */
  protected setEntryHi(value: number): void {
    const before = this.asid;
    this.cp0[Cp0.EntryHi] = value;
    const now = value & 0xff;
    if (now === before) return;
    this.observer.asidChanged(before, now);
    this.mmu.changeAsid(before, now);
  }

  protected tlbProbe(): void {
    const found = this.mmu.tlb.lookup(this.cp0[Cp0.EntryHi]!, this.asid);
    this.cp0[Cp0.Index] = found >= 0 ? found : this.noIndex();
    if (found < 0) this.mmu.probedInVain(this.cp0[Cp0.EntryHi]!);
  }

  /** What TLBP leaves in Index when nothing matches: P set; the index itself is unpredictable, and kept. */
  protected noIndex(): number {
    return this.cp0[Cp0.Index]! | 0x80000000;
  }

  protected tlbRead(index: number): void {
    this.mmu.dropKept();
    const { tlb } = this.mmu;
    const { cp0 } = this;
    cp0[Cp0.PageMask] = tlb.mask[index]!;
    cp0[Cp0.EntryLo0] = tlb.lo0[index]!;
    cp0[Cp0.EntryLo1] = tlb.lo1[index]!;
    this.setEntryHi(tlb.hi[index]!);
  }

  /** TLBWI, TLBWR: an entry has one G bit, and no PFN bits that its page size makes offset. */
  protected tlbWrite(index: number, random: boolean): void {
    const { cp0 } = this;
    const mask = cp0[Cp0.PageMask]!;
    const lo0 = cp0[Cp0.EntryLo0]!;
    const lo1 = cp0[Cp0.EntryLo1]!;
    const kept = ~(LO_G | ((mask >>> 7) & ~0x3f));
    const g = lo0 & lo1 & LO_G;
    this.mmu.writeTlb(index, cp0[Cp0.EntryHi]!, mask, (lo0 & kept) | g, (lo1 & kept) | g, random);
  }

  /** A number from 0 to n - 1 that looks random and depends on seed and instruction count alone. */
  protected randomBelow(n: number): number {
    let x = (this.clock.instructions() ^ (this.options.seed * 0x9e3779b1)) | 0;
    x = Math.imul(x ^ (x >>> 16), 0x45d9f3b);
    x = Math.imul(x ^ (x >>> 16), 0x45d9f3b);
    return ((x ^ (x >>> 16)) >>> 0) % n;
  }

  // Timer

  protected readCount(): number {
    return this.timer.read();
  }

  protected writeCompare(value: number): void {
    this.cp0[Cp0.Compare] = value;
    this.cp0[Cp0.Cause]! &= ~CAUSE_TI;
    this.updateInterrupts();
    this.timer.setCompare(value);
  }

  /** Cause.DC may have changed. */
  countEnableChanged(): void {
    if ((this.cp0[Cp0.Cause]! & CAUSE_DC) !== 0) this.timer.stop();
    else this.timer.start();
  }

  protected timerMatched(): void {
    this.cp0[Cp0.Cause]! |= CAUSE_TI;
    this.updateInterrupts();
  }

  // Interrupts

  /** Drives a hardware interrupt pin, 2 to 7. */
  setPin(pin: number, level: boolean): void {
    const bit = 0x100 << pin;
    this.pins = level ? this.pins | bit : this.pins & ~bit;
    this.updateInterrupts();
  }

  /** Brings Cause.IP7..2 in step with the pins and the timer. */
  protected updateInterrupts(): void {
    const timer = (this.cp0[Cp0.Cause]! & CAUSE_TI) !== 0 ? CAUSE_IP7 : 0;
    this.cp0[Cp0.Cause] = (this.cp0[Cp0.Cause]! & ~0xfc00) | this.pins | timer;
    if (this.interruptPending() || this.waiting) this.clock.interrupt();
  }

  /** Whether an interrupt is pending, enabled, and would be taken now. */
  interruptPending(): boolean {
    const status = this.cp0[Cp0.Status]!;
    return (
      (status & (STATUS_IE | STATUS_EXL | STATUS_ERL)) === STATUS_IE && (this.cp0[Cp0.Cause]! & status & CAUSE_IP) !== 0
    );
  }

  /** Takes the pending interrupt; only between instructions, never in a delay slot. */
  takeInterrupt(): void {
    const offset = (this.cp0[Cp0.Cause]! & CAUSE_IV) !== 0 ? this.interruptOffset() : 0x180;
    this.enterHandler(ExcCode.Int, offset, 0);
  }

  /** Whether WAIT is over: an unmasked interrupt is pending, whether or not it will be taken. */
  wakes(): boolean {
    return (this.cp0[Cp0.Cause]! & this.cp0[Cp0.Status]! & CAUSE_IP) !== 0;
  }

  protected wait(): void {
    this.waiting = true;
    this.cpu.advance();
    this.clock.interrupt();
  }

  /** Puts CP0 in its state after a reset; the CPU starts at `pc`. */
  reset(pc: number): void {
    this.cp0.fill(0);
    this.pins = 0;
    this.waiting = false;
    this.mode = KERNEL;
    this.cpu.pc = pc | 0;
    this.cpu.delay = 0;
    this.cpu.linked = false;
    this.cpu.raised = true;
    this.setResetValues();
    this.modeChanged();
    this.timer.start();
    this.timer.setCompare(0);
    this.timer.write(0);
  }
  protected abstract setResetValues(): void;
}
