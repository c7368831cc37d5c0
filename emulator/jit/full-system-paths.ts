/**
 * The `malta` machine's exceptions and coprocessor 0 without leaving WebAssembly (cpu/full-system.ts is the reference):
 * TLBWR, TLBWI, TLBP, MFC0 Count, MTC0 EntryHi. What moves words to and from CP0 otherwise is generated; see
 * kernel-target.ts.
 */
import { CAUSE_IP, Cp0, STATUS_ERL, STATUS_EXL, STATUS_IE, STATUS_KSU } from '../cpu/cp0.ts';
import { MMU_AT, REGISTERS_AT } from '../memory.ts';
import { NOTHING_MISSED } from '../mmu/guest-tables.ts';
import { Cop0Paths, TLBP, TLBWI, TLBWR } from './cop0-paths.ts';
import { NOT_STEPPED, type Refuse } from './exception-paths.ts';
import type { Local } from './expressions.ts';
import { cp0 } from './mmu-paths.ts';

const [MFC0_COUNT, MTC0_ENTRYHI] = [0x40004800, 0x40805000];

export class FullSystemPaths extends Cop0Paths {
  /** There is no hypervisor to exit to. */
  protected exit(): void {}

  protected noteMissed(va: Local, asid: Local): void {
    const { e } = this;
    // Beside a page that missed, another of its pair may have been kept.
    if (this.options.keepsReplaced) return e.store(0, MMU_AT.missed, NOTHING_MISSED);
    const pair = e.or(e.and(va, ~0x1fff), asid);
    e.store(0, MMU_AT.missed, e.select(e.is(e.load(0, MMU_AT.lastUserAsid), asid), pair, NOTHING_MISSED));
  }

  protected miss(va: Local, write: Local, slot: Local): void {
    const { e, index } = this;
    const kind = e.local(e.call(index.fill, this.mode(), va, write));
    e.returnIf(e.isLess(kind, 0), 0);
    e.returnIf(e.not(kind), 1);
    e.returnIf(e.not(this.canEnter()), 0);
    this.count(slot);
    e.do(e.call(index.fault, kind, va, write, slot));
    e.return(1);
  }

  eret(refuseIf: Refuse): void {
    const { e } = this;
    const status = e.local(e.and(this.status(), ~STATUS_EXL));
    refuseIf(e.or(this.mode(), e.and(status, STATUS_ERL)));
    const pending = e.and(e.and(status, e.load(0, cp0(Cp0.Cause))), CAUSE_IP);
    refuseIf(e.and(e.and(status, STATUS_IE), e.isNot(pending, 0)));
    const privilege = e.local(e.shr(e.and(status, STATUS_KSU), 3));
    refuseIf(e.is(privilege, 1));
    const user = e.local(e.isNot(privilege, 0));
    refuseIf(e.not(this.isReady(user)));
    this.count(0);
    this.returnTo(status, user);
  }

  syscall(refuseIf: Refuse): void {
    refuseIf(this.e.not(this.canEnter()));
    this.count(0);
    this.enterSyscall();
  }

  protected cop0(word: Local, pc: Local, left: Local): void {
    const { e, options } = this;
    const move = e.local(e.and(word, ~(31 << 16)));
    e.if(e.is(move, MTC0_ENTRYHI), () => {
      const value = e.local(e.and(e.load(this.rt(word), REGISTERS_AT), 0xffffe0ff));
      this.setEntryHi(value, pc, () => undefined);
    });
    e.if(e.is(move, MFC0_COUNT), () => {
      e.returnIf(e.not(this.countRuns()), NOT_STEPPED);
      this.moveFrom(word, this.countValue(), left);
    });
    e.if(e.is(word, TLBP), () => this.probe(e.or(e.load(0, cp0(Cp0.Index)), 0x80000000), pc, left));
    const random = e.local(e.is(word, TLBWR));
    e.returnIf(e.not(e.or(random, e.is(word, TLBWI))), NOT_STEPPED);
    const indexed = e.local(e.and(e.load(0, cp0(Cp0.Index)), options.tlbEntries - 1));
    const wired = e.load(0, cp0(Cp0.Wired));
    const chosen = e.add(wired, this.randomBelow(e.sub(options.tlbEntries, wired)));
    this.writeTlb(e.select(random, chosen, indexed), random, pc, () => undefined);
  }
}
