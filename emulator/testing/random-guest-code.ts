/** Where a random guest has what, what its registers are for, and what collects its words. */
import { INSTRUCTIONS, type Instruction } from '../cpu/instructions.ts';
import { encode, type Random } from '../cpu/random-program.ts';

/** Physical addresses: handlers and their variables, code, data round a pointer, a stack, pages that come and go. */
export const VARIABLES = 0x2000;
export const CODE_AT = 0x00100000;
export const DATA_AT = 0x00208000;
export const STACK_AT = 0x00280000;
export const PAGED_AT = 0x00400000;

/** Registers that the code relies on. */
export const TARGET = 24;
export const COUNTER = 25;
export const K0 = 26;
export const K1 = 27;
export const DATA = 28;
export const SP = 29;
export const PAGED = 30;
export const RA = 31;
export const DEPTH = 23;
/** Registers below are any instruction's. */
export const LOWEST_RESERVED = 23;

/** Bits of Status. */
export const IE = 1;
export const EXL = 2;
export const ERL = 4;
export const USER_MODE = 0x10;
export const SUPERVISOR_MODE = 0x08;
export const IM7 = 0x8000;
export const FR = 0x04000000;
export const CU0 = 0x10000000;
export const CU1 = 0x20000000;

/** Instructions by name. */
export const rows = new Map(INSTRUCTIONS.map((row) => [row.name, row]));

export interface RandomGuestOptions {
  kind: 'malta' | 'kvm';
  bigEndian: boolean;
  /** What the code is mostly made of; `quiet` has hardly anything that may raise an exception. */
  flavour: 'mixed' | 'integer' | 'quiet' | 'float' | 'calls' | 'patching' | 'privileged';
  /** Words of code. */
  length?: number;
}

export type Fields = Record<string, number>;

/** Collects words; labels are indices into them. */
export class Code {
  readonly words: number[] = [];
  constructor(
    readonly random: Random,
    /** Address of the first word, without its segment. */
    readonly base: number,
  ) {}

  get here(): number {
    return this.base + 4 * this.words.length;
  }
  emit(name: string, fields: Fields = {}): void {
    this.row(rows.get(name)!, { s: 0, t: 0, d: 0, a: 0, i: 0, j: 0, c: 0, e: 0, k: 0, ...fields });
  }
  row(row: Instruction, fields: Fields): void {
    this.words.push(encode(row, fields, this.random));
  }
  li(register: number, value: number): void {
    this.emit('lui', { t: register, i: value >>> 16 });
    this.emit('ori', { s: register, t: register, i: value & 0xffff });
  }
  mfc0(t: number, index: number): void {
    this.emit('mfc0', { t, d: index >>> 3, e: index & 7 });
  }
  mtc0(t: number, index: number): void {
    this.emit('mtc0', { t, d: index >>> 3, e: index & 7 });
  }
}
