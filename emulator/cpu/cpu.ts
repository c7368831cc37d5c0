/**
 * The CPU's integer state and the slow ends of its memory accesses. The interpreter runs on this; what is privileged
 * goes to a {@link System}, which is where the two machines differ.
 */
import { LINKED_AT, REGISTERS_AT, type LinearMemory } from '../memory.ts';
import { storeLeft, storeRight } from './bits.ts';
import { ExcCode } from './exceptions.ts';
import { Fpu } from './fpu.ts';

/** What an access is for. */
export const READ = 0;
export const WRITE = 1;
export const FETCH = 2;
export type Access = typeof READ | typeof WRITE | typeof FETCH;

/** {@link System.resolve}: an exception was raised; the access goes to the bus at `cpu.gpa`. */
export const FAULT = -1;
export const DEVICE = -2;

/** The privileged architecture round the CPU. */
export interface System {
  /** Host address that `va` translates to in the present mode, or FAULT or DEVICE. `va` is aligned as it must be. */
  resolve(va: number, access: Access): number;
  /** Enters the handler of a general exception at the present instruction. */
  exception(code: ExcCode, coprocessor?: number): void;
  addressError(va: number, access: Access): void;
  /** These execute their instruction whole: they advance the CPU or raise. */
  syscall(word: number): void;
  cop0(word: number): void;
  cop2(word: number): void;
  cache(word: number): void;
  rdhwr(word: number): void;
}

/** The physical bus beyond RAM. */
export interface Bus {
  read(gpa: number, size: 1 | 2 | 4): number;
  write(gpa: number, size: 1 | 2 | 4, value: number): void;
}

export class Cpu {
  /** GPRs, then HI at 32 and LO at 33. */
  readonly r: Int32Array;
  pc = 0;
  /** In a delay slot (`delay` 1): where execution goes on after it. */
  next = 0;
  delay = 0;
  /** Instructions left in the present slice. */
  left = 0;
  /** Set when an instruction raised an exception: pc, mode and tables are no longer what they were. */
  raised = false;
  /** Word indices of the host TLB's flat tables for the present mode. */
  reads = 0;
  writes = 0;
  /** 3 on a big-endian CPU: what to xor a byte address with. */
  readonly byteSwizzle: number;
  /** Guest physical address of an access that {@link DEVICE} answered. */
  gpa = 0;
  system!: System;
  readonly fpu: Fpu;
  /** There is an FPU and the guest's Status lets it be used. */
  fpuUsable = false;

  constructor(
    readonly memory: LinearMemory,
    readonly bigEndian: boolean,
    readonly bus: Bus,
  ) {
    this.r = memory.words.subarray(REGISTERS_AT >>> 2, (REGISTERS_AT >>> 2) + 34);
    this.byteSwizzle = bigEndian ? 3 : 0;
    this.fpu = new Fpu(this);
  }

  /** LL has been executed, and nothing since that breaks its link. */
  get linked(): boolean {
    return this.memory.words[LINKED_AT >>> 2] !== 0;
  }
  set linked(value: boolean) {
    this.memory.words[LINKED_AT >>> 2] = value ? 1 : 0;
  }
  /** Virtual address of LL's word. */
  get linkedAddress(): number {
    return this.memory.words[(LINKED_AT >>> 2) + 1]!;
  }
  set linkedAddress(va: number) {
    this.memory.words[(LINKED_AT >>> 2) + 1] = va;
  }

  /** Goes on to the next instruction. */
  advance(): void {
    if (this.delay !== 0) {
      this.pc = this.next;
      this.delay = 0;
    } else this.pc = (this.pc + 4) | 0;
  }

  raise(code: ExcCode): void {
    this.system.exception(code);
  }
  reserved(_word: number): void {
    this.system.exception(ExcCode.RI);
  }
  breakpoint(_word: number): void {
    this.system.exception(ExcCode.Bp);
  }
  syscall(word: number): void {
    this.system.syscall(word);
  }
  cop0(word: number): void {
    this.system.cop0(word);
  }
  unusable(coprocessor: number): void {
    this.system.exception(ExcCode.CpU, coprocessor);
  }
  cop2(word: number): void {
    this.system.cop2(word);
  }
  cache(word: number): void {
    this.system.cache(word);
  }
  rdhwr(word: number): void {
    this.system.rdhwr(word);
  }

  /** The instruction word at `pc`; `raised` is set when there is none. */
  fetch(pc: number): number {
    if ((pc & 3) !== 0) return this.misaligned(pc, FETCH);
    const at = this.system.resolve(pc, FETCH);
    if (at >= 0) return this.memory.words[at >> 2]!;
    return at === FAULT ? 0 : this.bus.read(this.gpa, 4) | 0;
  }

  load8(va: number): number {
    const at = this.system.resolve(va, READ);
    if (at >= 0) return this.memory.bytes[at ^ this.byteSwizzle]!;
    return at === FAULT ? 0 : this.bus.read(this.gpa, 1);
  }
  load16(va: number): number {
    if ((va & 1) !== 0) return this.misaligned(va, READ);
    const at = this.system.resolve(va, READ);
    if (at >= 0) return this.memory.halves[(at ^ (this.byteSwizzle & 2)) >> 1]!;
    return at === FAULT ? 0 : this.bus.read(this.gpa, 2);
  }
  load32(va: number): number {
    if ((va & 3) !== 0) return this.misaligned(va, READ);
    return this.loadPart(va);
  }
  /** The aligned word round `va`, for LWL and LWR; an exception names `va` itself. */
  loadPart(va: number): number {
    const at = this.system.resolve(va, READ);
    if (at >= 0) return this.memory.words[at >> 2]!;
    return at === FAULT ? 0 : this.bus.read((this.gpa & ~3) >>> 0, 4) | 0;
  }

  store8(va: number, value: number): void {
    const at = this.system.resolve(va, WRITE);
    if (at >= 0) this.memory.bytes[at ^ this.byteSwizzle] = value;
    else if (at === DEVICE) this.bus.write(this.gpa, 1, value & 0xff);
  }
  store16(va: number, value: number): void {
    if ((va & 1) !== 0) {
      this.misaligned(va, WRITE);
      return;
    }
    const at = this.system.resolve(va, WRITE);
    if (at >= 0) this.memory.halves[(at ^ (this.byteSwizzle & 2)) >> 1] = value;
    else if (at === DEVICE) this.bus.write(this.gpa, 2, value & 0xffff);
  }
  store32(va: number, value: number): void {
    if ((va & 3) !== 0) {
      this.misaligned(va, WRITE);
      return;
    }
    const at = this.system.resolve(va, WRITE);
    if (at >= 0) this.memory.words[at >> 2] = value;
    else if (at === DEVICE) this.bus.write(this.gpa, 4, value >>> 0);
  }
  storeLeft(va: number, value: number): void {
    this.storePart(va, (word, byte) => storeLeft(value, word, byte));
  }
  storeRight(va: number, value: number): void {
    this.storePart(va, (word, byte) => storeRight(value, word, byte));
  }
  private storePart(va: number, merge: (word: number, byte: number) => number): void {
    const byte = (va ^ this.byteSwizzle) & 3;
    const at = this.system.resolve(va, WRITE);
    if (at >= 0) this.memory.words[at >> 2] = merge(this.memory.words[at >> 2]!, byte);
    else if (at === DEVICE) {
      const gpa = (this.gpa & ~3) >>> 0;
      this.bus.write(gpa, 4, merge(this.bus.read(gpa, 4) | 0, byte) >>> 0);
    }
  }

  /** Loads a doubleword into linear memory's words at `index`, the lower one first. */
  loadDouble(va: number, index: number): void {
    if ((va & 7) !== 0) {
      this.misaligned(va, READ);
      return;
    }
    const at = this.system.resolve(va, READ);
    if (at === FAULT) return;
    const { words } = this.memory;
    const swap = this.byteSwizzle & 1;
    for (const i of [0, 1]) {
      words[index + (i ^ swap)] = at >= 0 ? words[(at >> 2) + i]! : this.bus.read((this.gpa + 4 * i) >>> 0, 4) | 0;
    }
  }
  storeDouble(va: number, index: number): void {
    if ((va & 7) !== 0) {
      this.misaligned(va, WRITE);
      return;
    }
    const at = this.system.resolve(va, WRITE);
    if (at === FAULT) return;
    const { words } = this.memory;
    const swap = this.byteSwizzle & 1;
    for (const i of [0, 1]) {
      const value = words[index + (i ^ swap)]!;
      if (at >= 0) words[(at >> 2) + i] = value;
      else this.bus.write((this.gpa + 4 * i) >>> 0, 4, value >>> 0);
    }
  }

  /** LL: a load that links. */
  loadLinked(word: number, va: number): void {
    const { words } = this.memory;
    const cached = words[this.reads + (va >>> 12)]! ^ va;
    const value = (cached & 0x80000003) === 0 ? words[cached >> 2]! : this.load32(va);
    if (this.raised) return;
    this.setRegister((word >>> 16) & 31, value);
    this.linked = true;
    this.linkedAddress = va;
    this.advance();
  }

  /** SC: stores only if nothing came between it and its LL; rt tells. */
  storeConditional(word: number, va: number): void {
    if ((va & 3) !== 0) {
      this.misaligned(va, WRITE);
      return;
    }
    const rt = (word >>> 16) & 31;
    let succeeds = this.linked && this.linkedAddress === va;
    if (succeeds) {
      const cached = this.memory.words[this.writes + (va >>> 12)]! ^ va;
      const at = cached >= 0 ? cached : this.system.resolve(va, WRITE);
      if (at === FAULT) return;
      // Where the access was an exit to a hypervisor, the return from it has broken the link.
      succeeds = this.linked;
      if (succeeds && at >= 0) this.memory.words[at >> 2] = this.r[rt]!;
      else if (succeeds) this.bus.write(this.gpa, 4, this.r[rt]! >>> 0);
    }
    this.linked = false;
    this.setRegister(rt, succeeds ? 1 : 0);
    this.advance();
  }

  setRegister(register: number, value: number): void {
    if (register !== 0) this.r[register] = value;
  }

  private misaligned(va: number, access: Access): number {
    this.system.addressError(va, access);
    return 0;
  }
}
