/**
 * The instructions of coprocessor 0 that a refill or a switch of processes is made of, without leaving WebAssembly: what
 * both machines have in common (cpu/privileged.ts is the reference). full-system-paths.ts and trap-paths.ts say which
 * instruction is made of what.
 */
import { Cp0 } from '../cpu/cp0.ts';
import {
  CLOCK_AT,
  COUNTED_AT,
  JIT_EXIT_AT,
  JIT_LEFT_AT,
  JIT_PC_AT,
  MMU_AT,
  REGISTERS_AT,
  TIMER_AT,
} from '../memory.ts';
import { GUEST_TLB } from '../mmu/guest-tlb.ts';
import { NOTHING_MISSED } from '../mmu/guest-tables.ts';
import { ASID_CHANGE, TLBWI as TLBWI_EVENT, TLBWR as TLBWR_EVENT } from '../timeline/categories.ts';
import { ExceptionPaths, NOT_STEPPED, UNKNOWN } from './exception-paths.ts';
import { EXIT_REASON, Reason } from './exits.ts';
import type { Local, Value } from './expressions.ts';
import { REMOVALS, cp0, pushInstructions } from './mmu-paths.ts';
import { Op } from './wasm.ts';

export const [TLBWI, TLBWR, TLBP] = [0x42000002, 0x42000006, 0x42000008];

export abstract class Cop0Paths extends ExceptionPaths {
  /** An instruction of coprocessor 0, the word at `pc`, in kernel mode, JIT_LEFT being what is left after it. */
  protected abstract cop0(word: Local, pc: Local, left: Local): void;

  protected step(pc: Local, left: Local): void {
    const { e } = this;
    e.returnIf(e.or(e.not(this.isOpen()), this.mode()), NOT_STEPPED);
    const word = e.local(this.place(pc));
    e.returnIf(e.and(word, UNKNOWN), NOT_STEPPED);
    e.set(word, e.load(word));
    e.store(0, JIT_LEFT_AT, e.sub(left, 1));
    this.cop0(word, pc, left);
    e.return(NOT_STEPPED);
  }

  // What the instructions of both machines are made of; each of these ends a step

  /** The register in bits 20:16 becomes `value`. */
  protected moveFrom(word: Local, value: Value, left: Local): void {
    const { e } = this;
    const register = this.rt(word);
    e.if(register, () => e.store(register, REGISTERS_AT, value));
    e.return(e.sub(left, 1));
  }
  /** Byte offset of the register in bits 20:16. */
  protected rt(word: Local): Value {
    const { e } = this;
    return e.shl(e.and(e.shr(word, 16), 31), 2);
  }

  /** Whether Count can be read here; {@link countValue} is what it is. */
  protected countRuns(): Value {
    return this.options.nsPerTick !== 0 ? this.e.load(0, TIMER_AT.runs) : 0;
  }
  protected countValue(): Value {
    const { e } = this;
    return this.options.nsPerTick !== 0 ? e.add(this.ticks(), e.load(0, TIMER_AT.offset)) : 0;
  }

  /** EntryHi becomes `value`; a new ASID flushes the kernel's table. @param before done first */
  protected setEntryHi(value: Local, pc: Local, before: () => void): void {
    const { e, mmu } = this;
    const old = e.local(mmu.asid());
    const now = e.local(e.and(value, 0xff));
    const changes = e.local(e.isNot(old, now));
    e.if(changes, () => e.returnIf(e.not(this.flushes.canFlush(0)), NOT_STEPPED));
    before();
    e.store(0, cp0(Cp0.EntryHi), value);
    e.returnIf(e.not(changes), e.load(0, JIT_LEFT_AT));
    const next = e.local(e.add(pc, 4));
    this.log?.push(next, { category: ASID_CHANGE, asid: now, user: 0 }, e.or(old, e.shl(now, 8)));
    e.increase(0, COUNTED_AT.asidChanges, 1);
    e.store(0, MMU_AT.kernelAsid, now);
    e.store(0, MMU_AT.missed, NOTHING_MISSED);
    const removals = e.local(e.load(0, REMOVALS_AT));
    e.do(e.call(this.index.flush, 0, old, now, next));
    this.goOn(pc, removals);
  }

  /** Ends a step that may have dropped pages: they are where they were if the removals are as `before`. */
  private goOn(pc: Local, before: Local): void {
    const { e } = this;
    e.returnIf(e.is(e.load(0, REMOVALS_AT), before), e.load(0, JIT_LEFT_AT));
    e.store(0, JIT_PC_AT, e.add(pc, 4));
    e.store(0, JIT_EXIT_AT, Reason.Stepped << EXIT_REASON);
    e.return(-1);
  }

  /** TLBP. @param none Index where nothing matches */
  protected probe(none: Value, pc: Local, left: Local): void {
    const { e, mmu } = this;
    const found = e.local(e.call(this.index.lookup, e.load(0, cp0(Cp0.EntryHi)), mmu.asid()));
    e.store(0, cp0(Cp0.Index), e.select(e.isLess(found, 0), none, found));
    if (!this.options.keepsReplaced) return e.return(e.sub(left, 1));
    const removals = e.local(e.load(0, REMOVALS_AT));
    e.if(e.isLess(found, 0), () => mmu.probedInVain(e.load(0, cp0(Cp0.EntryHi))));
    this.goOn(pc, removals);
  }

  /** TLBWR if `random`, or else TLBWI, to the entry `index`; large pages are the MMU's. @param before done first */
  protected writeTlb(index: Value, random: Local, pc: Local, before: () => void): void {
    const { e, mmu, log } = this;
    const removals = e.local(e.load(0, REMOVALS_AT));
    const written = e.local(index);
    const masks = e.or(e.load(0, cp0(Cp0.PageMask)), e.load(e.shl(written, 2), GUEST_TLB.mask));
    e.returnIf(masks, NOT_STEPPED);
    e.returnIf(e.not(e.or(random, mmu.leavesKept(written))), NOT_STEPPED);
    before();
    e.do(e.call(this.index.write, written, random));
    if (log) {
      const at = e.shl(written, 2);
      const [hi, mask, lo0, lo1] = [GUEST_TLB.hi, GUEST_TLB.mask, GUEST_TLB.lo0, GUEST_TLB.lo1];
      const category = e.select(random, TLBWR_EVENT, TLBWI_EVENT);
      const segments = log.segmentBit(e.load(at, hi));
      const words = [hi, mask, lo0, lo1].map((word) => e.load(at, word));
      log.push(pc, { category, asid: mmu.asid(), user: 0, own: written, segments }, ...words);
    }
    this.goOn(pc, removals);
  }

  /** The virtual clock's ticks after JIT_LEFT; see CountTimer. */
  private ticks(): Value {
    const { e, options } = this;
    return e.low(() => {
      pushInstructions(e);
      e.out.double(options.nsPerInstruction);
      e.out.op(Op.F64Mul);
      e.push(0);
      e.out.memory(Op.F64Load, CLOCK_AT.skipped, 3);
      e.out.op(Op.F64Add);
      e.out.double(options.nsPerTick);
      e.out.op(Op.F64Div);
    });
  }

  /** A random number below `limit` after JIT_LEFT; see Privileged.randomBelow. */
  protected randomBelow(limit: Value): Value {
    const { e, options } = this;
    const mixed = e.local(0);
    const fold = () => e.set(mixed, e.xor(mixed, e.shr(mixed, 16)));
    e.set(
      mixed,
      e.xor(
        e.low(() => pushInstructions(e)),
        (options.seed * 0x9e3779b1) | 0,
      ),
    );
    for (let i = 0; i < 2; i++) {
      fold();
      e.set(mixed, e.mul(mixed, 0x45d9f3b));
    }
    fold();
    return e.remainder(mixed, limit);
  }
}

/** Watched pages that the kernel's host TLB has dropped. */
const REMOVALS_AT = MMU_AT.hostTlbs[0] + REMOVALS;
