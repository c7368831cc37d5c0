/**
 * What the translator must know of an instruction before it generates code: the registers it reads and writes, and how
 * it ends a block. Found out once a row, by running the row's semantics on a target that only takes notes.
 */
import { ENCODINGS, type Encoding } from '../cpu/encoding.ts';
import type { Instruction } from '../cpu/instructions.ts';
import type { Destination, FloatFormat, FloatRegister, Helper, LoadKind, StoreKind, Target } from '../cpu/semantics.ts';

/** How an instruction leaves its place. */
export const enum Flow {
  /** On to the next instruction. */
  None,
  /** PC-relative. */
  Branch,
  /** Within the 256 MiB region. */
  Jump,
  /** Through a register. */
  Register,
  /** The interpreter executes it, within generated code. */
  Step,
  /** The interpreter executes it, and generated code is left for good: SYSCALL, ERET. */
  Leave,
}

/** Bits of Traits.reads and .writes: fields, and registers that no field names. */
export const enum Field {
  Rs = 1,
  Rt = 2,
  Rd = 4,
  Ra = 8,
  HiLo = 16,
}

export interface Traits {
  instruction: Instruction;
  reads: number;
  writes: number;
  flow: Flow;
  likely: boolean;
  link: boolean;
  /** May leave generated code for the interpreter, to be executed there. */
  faults: boolean;
  /** Uses coprocessor 1. */
  float: boolean;
}

/** Destination fields' bits. */
const WRITES: Record<Destination, Field> = {
  rd: Field.Rd,
  rt: Field.Rt,
  ra: Field.Ra,
  hi: Field.HiLo,
  lo: Field.HiLo,
};

class Notes implements Target<0> {
  reads = 0;
  writes = 0;
  flow = Flow.None;
  likely = false;
  linked = false;
  faults = false;
  isFloat = false;

  get rs(): 0 {
    this.reads |= Field.Rs;
    return 0;
  }
  get rt(): 0 {
    this.reads |= Field.Rt;
    return 0;
  }
  get hi(): 0 {
    this.reads |= Field.HiLo;
    return 0;
  }
  get lo(): 0 {
    this.reads |= Field.HiLo;
    return 0;
  }
  readonly imm = 0;
  readonly uimm = 0;
  readonly sa = 0;
  readonly pc = 0;
  constant(): 0 {
    return 0;
  }
  add = this.constant;
  sub = this.constant;
  mul = this.constant;
  and = this.constant;
  or = this.constant;
  xor = this.constant;
  not = this.constant;
  shl = this.constant;
  shr = this.constant;
  sar = this.constant;
  rotr = this.constant;
  lessSigned = this.constant;
  lessUnsigned = this.constant;
  equal = this.constant;
  notEqual = this.constant;
  signExtend8 = this.constant;
  signExtend16 = this.constant;
  clz = this.constant;
  swapBytesInHalves = this.constant;
  extractBits = this.constant;
  insertBits = this.constant;

  set(destination: Destination): void {
    this.writes |= WRITES[destination];
    // HI and LO are one to the translator, so that writing one of them keeps the other.
    if (destination === 'hi' || destination === 'lo') this.reads |= Field.HiLo;
  }
  setIf(_condition: 0, destination: Destination): void {
    this.writes |= WRITES[destination];
    this.reads |= WRITES[destination];
  }
  multiply(_a: 0, _b: 0, _signed: boolean, accumulate?: 'add' | 'subtract'): void {
    this.writes |= Field.HiLo;
    if (accumulate) this.reads |= Field.HiLo;
  }
  divide(): void {
    this.writes |= Field.HiLo;
  }
  addOrOverflow(destination: Destination): void {
    this.faults = true;
    this.writes |= WRITES[destination];
  }
  subtractOrOverflow(destination: Destination): void {
    this.addOrOverflow(destination);
  }
  branch(_condition: 0, options: { likely?: boolean; link?: boolean } = {}): void {
    this.flow = Flow.Branch;
    this.likely = options.likely ?? false;
    this.link(options, Field.Ra);
  }
  jumpRegion(options: { link?: boolean } = {}): void {
    this.flow = Flow.Jump;
    this.link(options, Field.Ra);
  }
  jumpRegister(_target: 0, options: { link?: boolean } = {}): void {
    this.flow = Flow.Register;
    this.link(options, Field.Rd);
  }
  private link(options: { link?: boolean }, field: Field): void {
    this.linked = options.link ?? false;
    if (this.linked) this.writes |= field;
  }
  load(kind: LoadKind): void {
    this.faults = true;
    this.writes |= Field.Rt;
    if (kind === 'lwl' || kind === 'lwr') this.reads |= Field.Rt;
  }
  store(kind: StoreKind): void {
    this.faults = true;
    this.reads |= Field.Rt;
    if (kind === 'sc') this.writes |= Field.Rt;
  }
  trap(): void {
    this.faults = true;
  }
  helper(name: Helper): void {
    this.flow = name === 'cop0' || name === 'cache' || name === 'rdhwr' ? Flow.Step : Flow.Leave;
  }
  nothing(): void {}

  requireFloat(): void {
    this.isFloat = this.faults = true;
  }
  reserveFloat(): void {
    this.flow = Flow.Leave;
  }
  requireFr(): void {
    this.requireFloat();
  }
  requireEven(): void {
    this.requireFloat();
  }
  floatCondition(): 0 {
    this.requireFloat();
    return 0;
  }
  floatWord(_register: FloatRegister): 0 {
    this.requireFloat();
    return 0;
  }
  setFloatWord(): void {
    this.requireFloat();
  }
  loadFloat(): void {
    this.requireFloat();
  }
  storeFloat(): void {
    this.requireFloat();
  }
  floatControl(direction: 'from' | 'to'): void {
    this.flow = Flow.Step;
    if (direction === 'from') this.writes |= Field.Rt;
    else this.reads |= Field.Rt;
  }
  float(): void {
    this.requireFloat();
  }
  floatConvert(): void {
    this.requireFloat();
  }
  floatCompare(): void {
    this.requireFloat();
  }
  floatMove(_format: FloatFormat): void {
    this.requireFloat();
  }
  floatMoveIf(): void {
    this.requireFloat();
  }
}

/** Rows that the semantics leave to the CPU, after which execution goes on elsewhere or not at all. */
const LEAVING = new Set(['eret', 'deret', 'wait']);

function traitsOf(instruction: Instruction): Traits {
  const notes = new Notes();
  instruction.does(notes);
  const { reads, writes, likely, linked, faults, isFloat } = notes;
  const flow = LEAVING.has(instruction.name) ? Flow.Leave : notes.flow;
  return { instruction, reads, writes, flow, likely, link: linked, faults, float: isFloat };
}

interface Row {
  mask: number;
  value: number;
  traits: Traits;
}

const ROWS: Row[] = ENCODINGS.filter((e) => !e.instruction.alias).map((e: Encoding) => ({
  mask: e.mask | 0,
  value: e.value | 0,
  traits: traitsOf(e.instruction),
}));

/** Rows by opcode, and for SPECIAL, SPECIAL2, SPECIAL3 by function as well. */
const CANDIDATES: Row[][] = Array.from({ length: 64 * 64 }, (_, i) => {
  const [opcode, low] = [i >>> 6, i & 63];
  const word = (opcode << 26) | low;
  const byFunction = opcode === 0 || opcode === 0x1c || opcode === 0x1f || opcode === 0x11 || opcode === 0x13;
  const bits = byFunction ? 0xfc00003f | 0 : 0xfc000000 | 0;
  return ROWS.filter((row) => ((row.value ^ word) & row.mask & bits) === 0);
});

/** The traits of an instruction word, or null for a reserved instruction. */
export function traits(word: number): Traits | null {
  const rows = CANDIDATES[((word >>> 26) << 6) | (word & 63)]!;
  for (const row of rows) if (((word ^ row.value) & row.mask) === 0) return row.traits;
  return null;
}

/** Registers that `fields` stand for in `word`, as a bit mask: bit n is register n, bit 0 the pair HI and LO. */
export function registers(fields: number, word: number): number {
  let mask = 0;
  if ((fields & Field.Rs) !== 0) mask |= 1 << ((word >>> 21) & 31);
  if ((fields & Field.Rt) !== 0) mask |= 1 << ((word >>> 16) & 31);
  if ((fields & Field.Rd) !== 0) mask |= 1 << ((word >>> 11) & 31);
  if ((fields & Field.Ra) !== 0) mask |= 1 << 31;
  // Register 0 is none; its bit is HI and LO's.
  mask &= ~1;
  return (fields & Field.HiLo) !== 0 ? mask | 1 : mask;
}
