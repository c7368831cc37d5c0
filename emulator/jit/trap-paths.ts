/**
 * The hypervisor's most frequent exits without leaving WebAssembly: what the `kvm` machine's guest kernel does with
 * coprocessor 0, its TLB misses, SYSCALL and ERET (kvm/trap-emulate.ts is the reference). Each is counted and recorded
 * as the exit that it is.
 *
 * Left to the hypervisor are the exits at which an interrupt is delivered, what changes the mode but for SYSCALL and
 * ERET, what it gives up on, the commpage, kseg0 pages that are not mapped yet, devices, and flushes that drop pages.
 */
import { CAUSE_IP, Cp0, STATUS_ERL, STATUS_EXL, STATUS_IE, STATUS_UM } from '../cpu/cp0.ts';
import { ExcCode } from '../cpu/exceptions.ts';
import { COMMPAGE_4K } from '../kvm/dynamic-translation.ts';
import { SOFTWARE_INTERRUPTS } from '../kvm/exits.ts';
import { HYPERVISOR_AT, JIT_LEFT_AT, LINKED_AT, REGISTERS_AT } from '../memory.ts';
import { PTE_DIRTY } from '../mmu/gva-page-table.ts';
import { EXIT_CATEGORY } from '../timeline/categories.ts';
import { Cop0Paths, TLBP, TLBWI, TLBWR } from './cop0-paths.ts';
import { NOT_STEPPED, type Refuse } from './exception-paths.ts';
import type { Local, Value } from './expressions.ts';
import { Filled, cp0 } from './mmu-paths.ts';

/** Bits 31:21 of moves from and to CP0, and of DI and EI. */
const [MFC0, MTC0, MFMC0] = [0x200, 0x204, 0x20b];
const MFMC0_ENABLE = 0x20;
const PAIR = ~0x1fff;

export class TrapPaths extends Cop0Paths {
  protected exit(reason: Local, category: Local, pc: Local, segments: Local, va: Local): void {
    this.countExit(reason);
    this.log?.pushHere(pc, { category, asid: this.mmu.asid(), user: this.mode(), segments }, va);
  }

  private countExit(reason: Value): void {
    const { e } = this;
    e.increase(e.shl(reason, 2), HYPERVISOR_AT.exits, 1);
    e.store(0, LINKED_AT, 0);
  }

  override trap(pc: Local, left: Local): void {
    const { e } = this;
    e.returnIf(e.or(e.not(this.isOpen()), e.not(this.isSettled())), 1);
    e.store(0, JIT_LEFT_AT, left);
    this.countExit(ExcCode.CpU);
    this.log?.pushHere(pc, { category: EXIT_CATEGORY[ExcCode.CpU]!, asid: this.mmu.asid(), user: 0 });
    e.return(0);
  }

  /** An exit that is about no address. */
  private plainExit(reason: ExcCode, pc: Value): void {
    this.e.do(this.e.call(this.index.exit, reason, EXIT_CATEGORY[reason]!, pc, 0, 0));
  }

  /** Whether Status is user mode's. */
  private isUser(status: Value): Value {
    const { e } = this;
    return e.is(e.and(status, STATUS_EXL | STATUS_ERL | STATUS_UM), STATUS_UM);
  }
  /** Interrupts that wait for their delivery. */
  private waiting(): Value {
    const { e } = this;
    return e.or(e.load(0, HYPERVISOR_AT.queued), e.and(e.load(0, cp0(Cp0.Cause)), SOFTWARE_INTERRUPTS));
  }
  /** Interrupts that an exit under `status` would deliver. */
  private deliverable(status: Value): Value {
    const { e } = this;
    const enabled = e.is(e.and(status, STATUS_IE | STATUS_EXL | STATUS_ERL), STATUS_IE);
    return e.and(e.and(this.waiting(), e.and(status, CAUSE_IP)), e.sub(0, enabled));
  }
  /** Whether an exit now would do no more than what it is for; the guest may have written CP0 through the commpage. */
  private isSettled(): Value {
    const { e } = this;
    const status = e.local(this.status());
    const settled = e.local(e.is(this.isUser(status), this.mode()));
    // Seldom, so it is cheaper to look first.
    e.if(this.waiting(), () => e.set(settled, e.and(settled, e.not(this.deliverable(status)))));
    return settled;
  }

  protected noteMissed(): void {}

  protected miss(va: Local, write: Local, slot: Local): void {
    const { e, index, log, mmu } = this;
    const mode = e.local(this.mode());
    const besideCommpage = e.is(e.and(va, PAIR), COMMPAGE_4K & PAIR);
    e.returnIf(e.or(e.not(this.isSettled()), e.and(e.not(mode), besideCommpage)), 0);
    const place = e.local(e.call(index.tablePlace, mmu.pgd(mode), va));
    e.if(place, () => e.set(place, e.load(place)));
    const pte = place;
    const kind = e.local(e.call(index.fill, mode, va, write));
    e.returnIf(e.isLess(kind, 0), 0);
    const present = e.local(e.isNot(pte, 0));
    // The host's own refill is no exit.
    const served = e.and(present, e.or(e.not(write), e.isNot(e.and(pte, PTE_DIRTY), 0)));
    e.returnIf(e.and(e.not(kind), served), 1);
    e.returnIf(e.and(present, e.is(kind, Filled.Missed)), 0);
    e.returnIf(e.and(e.isNot(kind, Filled.Yes), e.not(this.canEnter())), 0);
    // A store to an absent page that may not be written first gets it read-only, and comes back.
    const again = e.local(e.and(e.is(kind, Filled.Modified), e.not(present)));
    e.if(again, () => e.returnIf(e.call(index.fill, mode, va, 0), 0));

    this.count(slot);
    const at = e.add(this.pc(), e.shl(slot, 2));
    const segments = log ? log.segmentBit(va) : 0;
    const exit = (reason: Value, category: Value) => e.do(e.call(index.exit, reason, category, at, segments, va));
    const [load, store, modified] = [ExcCode.TLBL, ExcCode.TLBS, ExcCode.Mod];
    const choose = (of: (code: ExcCode) => number) =>
      e.select(write, e.select(present, of(modified), of(store)), of(load));
    exit(
      choose((code) => code),
      choose((code) => EXIT_CATEGORY[code]!),
    );
    e.if(again, () => exit(modified, EXIT_CATEGORY[modified]!));
    e.if(
      kind,
      () => e.do(e.call(index.fault, kind, va, write, slot)),
      // It has not been executed yet.
      () => e.increase(0, JIT_LEFT_AT, e.add(1, slot)),
    );
    e.return(1);
  }

  eret(refuseIf: Refuse): void {
    const { e } = this;
    refuseIf(e.or(this.mode(), e.not(this.isSettled())));
    const before = e.local(this.status());
    refuseIf(e.isNot(e.and(before, STATUS_EXL | STATUS_ERL), STATUS_EXL));
    const status = e.local(e.and(before, ~STATUS_EXL));
    refuseIf(this.deliverable(status));
    const user = e.local(this.isUser(status));
    refuseIf(e.not(this.isReady(user)));
    this.count(0);
    this.plainExit(ExcCode.CpU, this.pc());
    this.returnTo(status, user);
  }

  syscall(refuseIf: Refuse): void {
    const { e } = this;
    refuseIf(e.or(e.not(this.canEnter()), e.and(this.status(), STATUS_EXL)));
    refuseIf(e.not(this.isSettled()));
    this.count(0);
    this.plainExit(ExcCode.Sys, this.pc());
    this.enterSyscall();
  }

  protected cop0(word: Local, pc: Local, left: Local): void {
    const { e, options } = this;
    e.returnIf(e.not(this.isSettled()), NOT_STEPPED);
    const trap = () => this.plainExit(ExcCode.CpU, pc);
    const group = e.local(e.shr(word, 21));
    // By register and select. Other moves are the regions' own; see trap-target.ts.
    const register = e.local(e.or(e.and(e.shr(word, 8), 0xf8), e.and(word, 7)));
    e.if(e.and(e.is(group, MFC0), e.is(register, Cp0.Count)), () => {
      e.returnIf(e.not(this.countRuns()), NOT_STEPPED);
      trap();
      this.moveFrom(word, this.countValue(), left);
    });
    e.if(e.is(group, MTC0), () => {
      const value = e.local(e.load(this.rt(word), REGISTERS_AT));
      e.if(e.is(register, Cp0.EntryHi), () => this.setEntryHi(value, pc, trap));
      const isIndex = e.and(e.is(register, Cp0.Index), e.isBelow(value, options.tlbEntries));
      e.returnIf(e.not(isIndex), NOT_STEPPED);
      trap();
      e.store(0, cp0(Cp0.Index), value);
      e.return(e.sub(left, 1));
    });
    e.if(e.is(group, MFMC0), () => {
      const before = e.local(this.status());
      const enabled = e.select(e.and(word, MFMC0_ENABLE), STATUS_IE, 0);
      const status = e.local(e.or(e.and(before, ~STATUS_IE), enabled));
      e.returnIf(this.hasEffect(status), NOT_STEPPED);
      trap();
      e.store(0, cp0(Cp0.Status), status);
      this.moveFrom(word, before, left);
    });
    e.if(e.is(word, TLBP), () => {
      trap();
      this.probe(-1, pc, left);
    });
    const random = e.local(e.is(word, TLBWR));
    e.returnIf(e.not(e.or(random, e.is(word, TLBWI))), NOT_STEPPED);
    const indexed = e.local(e.remainder(e.and(e.load(0, cp0(Cp0.Index)), 0x7fffffff), options.tlbEntries));
    this.writeTlb(e.select(random, this.randomBelow(options.tlbEntries), indexed), random, pc, trap);
  }

  /** Whether a new Status changes the mode, or has an interrupt delivered. */
  private hasEffect(status: Value): Value {
    const { e } = this;
    return e.or(this.isUser(status), e.isNot(this.deliverable(status), 0));
  }
}
