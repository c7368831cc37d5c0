/**
 * The ways in and out of the guest's exception handlers that generated code goes without leaving WebAssembly: TLB
 * exceptions, SYSCALL, ERET with the access that is made again behind it. Here is what both machines have in common
 * (cpu/privileged.ts is the reference); full-system-paths.ts and trap-paths.ts have what each does in its own way.
 *
 * Whatever is not the common case (interrupts that wait, boot vectors, an ASID that the user table is not of, somebody
 * who watches) is left to the reference, before anything has been changed.
 */
import { CAUSE_BD, Cp0, STATUS_BEV, STATUS_EXL } from '../cpu/cp0.ts';
import { ExcCode } from '../cpu/exceptions.ts';
import {
  COUNTED_AT,
  HOST_TLB,
  JIT_ADDRESS_AT,
  JIT_LEFT_AT,
  JIT_MODE_AT,
  JIT_PC_AT,
  LINKED_AT,
  MMU_AT,
  PATHS_AT,
  REGISTERS_AT,
} from '../memory.ts';
import { NOTHING_MISSED } from '../mmu/guest-tables.ts';
import { EXCEPTION_CATEGORY, TO_KERNEL, TO_USER } from '../timeline/categories.ts';
import type { RingPlace } from '../timeline/ring-place.ts';
import { FlushPaths } from './flush-paths.ts';
import { EXIT_ALIGNMENT, EXIT_REASON, EXIT_SLOT, EXIT_WRITE, Reason } from './exits.ts';
import type { Expressions, Local, Value } from './expressions.ts';
import { Filled, MmuPaths, cp0, type TableAddresses } from './mmu-paths.ts';
import { RecordPaths } from './record-paths.ts';

export interface PathOptions extends TableAddresses {
  /** Where events are recorded, if they are. */
  ring: RingPlace | null;
  /** Nanoseconds of an instruction, and of a tick of Count or 0 where those are none. */
  nsPerInstruction: number;
  nsPerTick: number;
  /** What a TLBWR's index depends on beside the instruction count; see Privileged. */
  seed: number;
}

const GENERAL = 0x180;
/** Bits of a place in linear memory; see {@link ExceptionPaths.place}. */
export const UNKNOWN = 0x80000003;
/** What {@link ExceptionPaths.step} answers where the host must execute the instruction. */
export const NOT_STEPPED = -2;

/** Leaves it to the host, if a condition holds; nothing has been changed then. */
export type Refuse = (condition: Value) => void;

export type PathIndex = Record<keyof typeof ExceptionPaths.FUNCTIONS, number>;

export abstract class ExceptionPaths {
  /** Functions of this class and those it uses, by name, and their parameters. */
  static readonly FUNCTIONS = {
    ...MmuPaths.FUNCTIONS,
    ...RecordPaths.FUNCTIONS,
    ...FlushPaths.FUNCTIONS,
    /** exit(reason, category, pc, segments, va): to the hypervisor and back. */
    exit: 5,
    /** enter(code, offset, pc, slot, refill): the handler of an exception in kernel mode. */
    enter: 5,
    /** fault(kind, va, write, slot): the TLB exception of the instruction at JIT_PC, which has been counted. */
    fault: 4,
    /** miss(va, write, slot): what an access does that is not in the host TLB. Returns whether it has been done. */
    miss: 3,
    /** retry(): after an ERET from a TLB exception's handler, looks up the access that it was for. */
    retry: 0,
    /** step(pc, left): as the dispatcher's; {@link NOT_STEPPED} when the host must. */
    step: 2,
  } as const;
  /** Those that return nothing. */
  static readonly SILENT = new Set([
    ...['clear', 'insert', 'write', 'record', 'clearHost', 'freeTables', 'flush', 'exit', 'enter', 'fault', 'retry'],
  ]);

  protected readonly mmu: MmuPaths;
  protected readonly log: RecordPaths | null;
  protected readonly flushes: FlushPaths;

  constructor(
    protected readonly e: Expressions,
    protected readonly options: PathOptions,
    protected readonly index: PathIndex,
    prepareEvent: number,
  ) {
    this.mmu = new MmuPaths(e, options, index);
    this.log = options.ring ? new RecordPaths(e, options.ring, options.layout, index, prepareEvent) : null;
    this.flushes = new FlushPaths(e, this.mmu, options, this.log, index);
  }

  /** Writes all of {@link FUNCTIONS}, in order. */
  emit(): void {
    const { e } = this;
    this.mmu.emit();
    if (this.log) this.log.emit();
    else e.body(RecordPaths.FUNCTIONS.record, () => undefined);
    this.flushes.emit();
    e.body(5, (reason, category, pc, segments, va) => this.exit(reason!, category!, pc!, segments!, va!));
    e.body(5, (code, offset, pc, slot, refill) => this.enter(code!, offset!, pc!, slot!, refill!));
    e.body(4, (kind, va, write, slot) => this.fault(kind!, va!, write!, slot!));
    e.body(3, (va, write, slot) => this.miss(va!, write!, slot!));
    e.body(0, () => this.retry());
    e.body(2, (pc, left) => this.step(pc!, left!));
  }

  protected abstract exit(reason: Local, category: Local, pc: Local, segments: Local, va: Local): void;
  protected abstract miss(va: Local, write: Local, slot: Local): void;
  /** ERET and SYSCALL at JIT_PC, where they can be executed. */
  abstract eret(refuseIf: Refuse): void;
  abstract syscall(refuseIf: Refuse): void;
  /** Returns zero where an exit of the instruction at `pc`, `left` being what is left after it, is counted and recorded. */
  trap(_pc: Local, _left: Local): void {}
  /** An instruction of coprocessor 0 at `pc`; see {@link FUNCTIONS}. */
  protected abstract step(pc: Local, left: Local): void;
  /** A TLB miss has been found under `asid`. */
  protected abstract noteMissed(va: Local, asid: Local): void;

  isOpen(): Value {
    return this.e.load(0, PATHS_AT.open);
  }
  /** ExcCode of the last exception. */
  private cause(): Value {
    const { e } = this;
    return e.and(e.shr(e.load(0, cp0(Cp0.Cause)), 2), 31);
  }
  protected status(): Value {
    return this.e.load(0, cp0(Cp0.Status));
  }
  protected mode(): Value {
    return this.e.load(0, JIT_MODE_AT);
  }
  protected pc(): Value {
    return this.e.load(0, JIT_PC_AT);
  }
  /** Counts the instruction under way, and the branch before it where that is in its delay slot. */
  protected count(slot: Value): void {
    this.e.increase(0, JIT_LEFT_AT, this.e.sub(-1, slot));
  }

  /** Whether kernel mode's handlers are where they are after the boot, and can be entered. */
  protected canEnter(): Value {
    const { e } = this;
    return e.and(e.load(0, PATHS_AT.kernelReady), e.not(e.and(this.status(), STATUS_BEV)));
  }

  private enter(code: Value, offset: Value, pc: Value, slot: Value, refill: Value): void {
    const { e } = this;
    e.increase(e.shl(code, 2), COUNTED_AT.exceptions, 1);
    this.recordException(code, pc, slot, refill);
    const cause = e.local(e.or(e.and(e.load(0, cp0(Cp0.Cause)), ~0x7c), e.shl(code, 2)));
    e.if(e.not(e.and(this.status(), STATUS_EXL)), () => {
      e.store(0, cp0(Cp0.EPC), pc);
      e.set(cause, e.or(e.and(cause, ~CAUSE_BD), e.select(slot, CAUSE_BD, 0)));
      e.store(0, cp0(Cp0.Status), e.or(this.status(), STATUS_EXL));
    });
    e.store(0, cp0(Cp0.Cause), cause);
    const vector = e.local(e.add(e.and(e.load(0, cp0(Cp0.EBase)), 0xfffff000), offset));
    e.store(0, JIT_PC_AT, vector);
    e.if(this.mode(), () => {
      this.log?.pushHere(vector, { category: TO_KERNEL, asid: this.mmu.asid(), user: 1 });
      e.store(0, JIT_MODE_AT, 0);
    });
  }

  private recordException(code: Value, pc: Value, slot: Value, refill: Value): void {
    const { e, log } = this;
    if (!log) return;
    const at = e.local(e.add(pc, e.shl(slot, 2)));
    const common = { asid: this.mmu.asid(), user: this.mode() };
    const of = (exception: ExcCode) => EXCEPTION_CATEGORY[exception]!;
    e.if(
      e.is(code, ExcCode.Sys),
      () => log.pushHere(at, { ...common, category: of(ExcCode.Sys) }),
      () => {
        const va = e.load(0, cp0(Cp0.BadVAddr));
        const isTlbs = e.is(code, ExcCode.TLBS);
        const tlb = e.select(isTlbs, of(ExcCode.TLBS), of(ExcCode.TLBL));
        const category = e.select(e.is(code, ExcCode.Mod), of(ExcCode.Mod), tlb);
        log.push(at, { ...common, category, own: refill, segments: log.segmentBit(va) }, va);
      },
    );
  }

  private fault(kind: Local, va: Local, write: Local, slot: Local): void {
    const { e, mmu } = this;
    const missed = e.local(e.is(kind, Filled.Missed));
    const asid = e.local(mmu.asid());
    e.if(missed, () => {
      this.noteMissed(va, asid);
      e.increase(0, COUNTED_AT.tlbRefills, 1);
    });
    e.store(0, cp0(Cp0.BadVAddr), va);
    const context = e.and(e.load(0, cp0(Cp0.Context)), 0xff800000);
    e.store(0, cp0(Cp0.Context), e.or(context, e.and(e.shr(va, 9), 0x007ffff0)));
    e.store(0, cp0(Cp0.EntryHi), e.or(e.and(va, 0xffffe000), asid));
    const offset = e.select(e.and(missed, e.not(e.and(this.status(), STATUS_EXL))), 0, GENERAL);
    const code = e.select(e.is(kind, Filled.Modified), ExcCode.Mod, e.select(write, ExcCode.TLBS, ExcCode.TLBL));
    e.do(e.call(this.index.enter, code, offset, this.pc(), slot, missed));
  }

  /** Enters the handler of SYSCALL, which has been counted. */
  protected enterSyscall(): void {
    const { e } = this;
    this.enter(ExcCode.Sys, GENERAL, e.local(this.pc()), 0, 0);
  }

  /** Where in linear memory the instruction at `pc` is; a bit of {@link UNKNOWN} is set where there is no saying. */
  protected place(pc: Value): Value {
    const { e } = this;
    return e.xor(e.load(this.mmu.hostWord(this.mode(), pc), HOST_TLB.reads[0]), pc);
  }

  /** Whether stores to `va` miss since its page is watched. */
  private isWatchedStore(va: Value): Value {
    const { e } = this;
    return e.and(e.load(this.mmu.hostWord(this.mode(), va), HOST_TLB.writes[0]), 1);
  }

  private retry(): void {
    const { e } = this;
    const code = e.local(this.cause());
    e.returnIf(e.isLess(e.load(0, JIT_LEFT_AT), 3));
    const pc = e.local(this.pc());
    const va = e.local(e.load(0, cp0(Cp0.BadVAddr)));
    const place = e.local(this.place(pc));
    const write = e.local(0);
    e.if(
      e.and(place, UNKNOWN),
      () => e.returnIf(e.or(e.isNot(va, pc), e.and(va, 3))),
      () => {
        const word = e.local(e.load(place));
        e.set(write, e.is(code, ExcCode.TLBS));
        // Loads and stores with base and offset that do no more: opcodes 0x20 to 0x26, and 0x28 to 0x2e.
        const opcode = e.local(e.shr(word, 26));
        e.returnIf(e.not(e.isBelow(e.sub(opcode, e.select(write, 0x28, 0x20)), 7)));
        // Bytes and parts of words, the even ones, may be at any address.
        const alignment = e.and(e.or(e.and(opcode, 2), 1), e.sub(0, e.and(opcode, 1)));
        e.returnIf(e.and(va, alignment));
        const base = e.load(e.shl(e.and(e.shr(word, 21), 31), 2), REGISTERS_AT);
        const offset = e.sub(e.xor(e.and(word, 0xffff), 0x8000), 0x8000);
        e.returnIf(e.isNot(e.add(base, offset), va));
        e.returnIf(e.and(write, this.isWatchedStore(va)));
      },
    );
    e.drop(e.call(this.index.miss, va, write, 0));
  }

  /** ERET without Status.ERL, `status` being Status after it: goes to user mode if `user`, and back to what missed. */
  protected returnTo(status: Value, user: Value): void {
    const { e, log, mmu } = this;
    e.increase(0, COUNTED_AT.userEntries, user);
    e.store(0, cp0(Cp0.Status), status);
    e.store(0, LINKED_AT, 0);
    e.store(0, JIT_MODE_AT, user);
    e.store(0, JIT_PC_AT, e.load(0, cp0(Cp0.EPC)));
    e.if(user, () => {
      const asid = e.local(mmu.asid());
      log?.pushHere(e.local(this.pc()), { category: TO_USER, asid, user: 0 });
      const { lastUserAsid, lastUserEntryAsid, missed } = MMU_AT;
      e.increase(0, COUNTED_AT.userEntriesWithNewAsid, e.isNot(asid, e.load(0, lastUserEntryAsid)));
      e.store(0, lastUserEntryAsid, asid);
      const old = e.local(e.load(0, lastUserAsid));
      e.if(e.isNot(old, asid), () => {
        e.store(0, lastUserAsid, asid);
        e.store(0, missed, NOTHING_MISSED);
        e.do(e.call(this.index.flush, 1, old, asid, this.pc()));
      });
    });
    e.if(e.isBelow(e.sub(this.cause(), ExcCode.TLBL), 2), () => e.do(e.call(this.index.retry)));
  }

  /** Whether user mode, if `user`, or else kernel mode can be entered with no more to be done than a flush. */
  protected isReady(user: Value): Value {
    const { e } = this;
    const ready = e.local(e.select(user, e.load(0, PATHS_AT.userReady), e.load(0, PATHS_AT.kernelReady)));
    const isOther = e.isNot(e.load(0, MMU_AT.lastUserAsid), this.mmu.asid());
    e.if(e.and(isOther, user), () => e.set(ready, e.and(ready, this.flushes.canFlush(1))));
    return ready;
  }

  /** What did not find its page in the host TLB, the access that `exit` tells of or PC itself, looks elsewhere. */
  missed(exit: Local, refuseIf: Refuse): void {
    const { e, index } = this;
    const va = e.local(this.pc());
    const write = e.local(0);
    const slot = e.local(0);
    e.if(
      e.is(e.shr(exit, EXIT_REASON), Reason.Miss),
      () => {
        e.set(va, e.load(0, JIT_ADDRESS_AT));
        e.set(write, e.isNot(e.and(exit, EXIT_WRITE), 0));
        e.set(slot, e.isNot(e.and(exit, EXIT_SLOT), 0));
        // What is misaligned is another exception.
        refuseIf(e.and(va, e.and(e.shr(exit, EXIT_ALIGNMENT), 7)));
        refuseIf(e.and(write, this.isWatchedStore(va)));
      },
      () => refuseIf(e.and(va, 3)),
    );
    refuseIf(e.not(e.call(index.miss, va, write, slot)));
  }
}
