/**
 * WebAssembly's binary format (Core Specification 2.0, chapter 5), as far as the translator needs it: opcodes, and a
 * writer of modules whose functions are written straight into the module's bytes.
 */

export const I32 = 0x7f;
export const I64 = 0x7e;
export const F32 = 0x7d;
export const F64 = 0x7c;
export type ValueType = typeof I32 | typeof I64 | typeof F32 | typeof F64;
/** Block type without result. */
export const VOID = 0x40;

export const enum Op {
  Unreachable = 0x00,
  Block = 0x02,
  Loop = 0x03,
  If = 0x04,
  Else = 0x05,
  End = 0x0b,
  Br = 0x0c,
  BrIf = 0x0d,
  BrTable = 0x0e,
  Return = 0x0f,
  Call = 0x10,
  CallIndirect = 0x11,
  ReturnCall = 0x12,
  ReturnCallIndirect = 0x13,
  Drop = 0x1a,
  Select = 0x1b,
  LocalGet = 0x20,
  LocalSet = 0x21,
  LocalTee = 0x22,
  I32Load = 0x28,
  I64Load = 0x29,
  I64Load32U = 0x35,
  F32Load = 0x2a,
  F64Load = 0x2b,
  I32Load8S = 0x2c,
  I32Load8U = 0x2d,
  I32Load16S = 0x2e,
  I32Load16U = 0x2f,
  I32Store = 0x36,
  I64Store = 0x37,
  F32Store = 0x38,
  F64Store = 0x39,
  I32Store8 = 0x3a,
  I32Store16 = 0x3b,
  I32Const = 0x41,
  I64Const = 0x42,
  F32Const = 0x43,
  F64Const = 0x44,
  I32Eqz = 0x45,
  I32Eq = 0x46,
  I32Ne = 0x47,
  I32LtS = 0x48,
  I32LtU = 0x49,
  I32GtS = 0x4a,
  I32GtU = 0x4b,
  I32LeS = 0x4c,
  I32GeS = 0x4e,
  I32GeU = 0x4f,
  I64Eqz = 0x50,
  I64Ne = 0x52,
  F32Eq = 0x5b,
  F32Ne = 0x5c,
  F32Lt = 0x5d,
  F32Gt = 0x5e,
  F32Le = 0x5f,
  F32Ge = 0x60,
  F64Eq = 0x61,
  F64Ne = 0x62,
  F64Lt = 0x63,
  F64Gt = 0x64,
  F64Le = 0x65,
  F64Ge = 0x66,
  I32Clz = 0x67,
  I32Ctz = 0x68,
  I32Add = 0x6a,
  I32Sub = 0x6b,
  I32Mul = 0x6c,
  I32DivS = 0x6d,
  I32DivU = 0x6e,
  I32RemS = 0x6f,
  I32RemU = 0x70,
  I32And = 0x71,
  I32Or = 0x72,
  I32Xor = 0x73,
  I32Shl = 0x74,
  I32ShrS = 0x75,
  I32ShrU = 0x76,
  I32Rotr = 0x78,
  I64Add = 0x7c,
  I64Sub = 0x7d,
  I64Mul = 0x7e,
  I64Or = 0x84,
  I64Shl = 0x86,
  I64ShrU = 0x88,
  I64Rotl = 0x89,
  F32Abs = 0x8b,
  F32Neg = 0x8c,
  F32Sqrt = 0x91,
  F32Add = 0x92,
  F32Sub = 0x93,
  F32Mul = 0x94,
  F32Div = 0x95,
  F64Abs = 0x99,
  F64Neg = 0x9a,
  F64Ceil = 0x9b,
  F64Floor = 0x9c,
  F64Trunc = 0x9d,
  F64Nearest = 0x9e,
  F64Sqrt = 0x9f,
  F64Add = 0xa0,
  F64Sub = 0xa1,
  F64Mul = 0xa2,
  F64Div = 0xa3,
  I32WrapI64 = 0xa7,
  I32TruncF64S = 0xaa,
  I64ExtendI32S = 0xac,
  I64TruncF64S = 0xb0,
  I64ExtendI32U = 0xad,
  F32ConvertI32S = 0xb2,
  F32DemoteF64 = 0xb6,
  F64ConvertI32S = 0xb7,
  F64ConvertI32U = 0xb8,
  F64PromoteF32 = 0xbb,
  I32ReinterpretF32 = 0xbc,
  I64ReinterpretF64 = 0xbd,
  F32ReinterpretI32 = 0xbe,
  F64ReinterpretI64 = 0xbf,
  I32Extend8S = 0xc0,
  I32Extend16S = 0xc1,
}

/** Of vectors of 128 bits: what follows the prefix. */
export const enum Simd {
  Load = 0x00,
  Store = 0x0b,
  I32x4Splat = 0x11,
  I32x4Eq = 0x37,
  And = 0x4e,
  Xor = 0x51,
  I32x4AllTrue = 0xa3,
  I32x4Bitmask = 0xa4,
}
const SIMD_PREFIX = 0xfd;

export interface FunctionType {
  parameters: readonly ValueType[];
  results: readonly ValueType[];
}

export type Import = { module: string; name: string } & (
  { kind: 'function'; type: number } | { kind: 'memory' } | { kind: 'table' }
);

const enum Section {
  Type = 1,
  Import = 2,
  Function = 3,
  Table = 4,
  Export = 7,
  Code = 10,
}

/** Lengths not known when they are written take this many bytes: a LEB128 number padded to 28 bits. */
const PADDED = 4;

/** A module under construction. Sections are written in order; {@link begin} starts one over. */
export class ModuleWriter {
  private bytes = new Uint8Array(1 << 16);
  /** Bytes written. */
  length = 0;
  private codeAt = 0;
  private bodyAt = 0;

  /** @param types function types by index */
  begin(types: readonly FunctionType[], imports: readonly Import[]): void {
    this.length = 0;
    for (const byte of [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]) this.byte(byte);
    this.section(Section.Type, () => {
      this.unsigned(types.length);
      for (const { parameters, results } of types) {
        this.byte(0x60);
        for (const list of [parameters, results]) {
          this.unsigned(list.length);
          for (const type of list) this.byte(type);
        }
      }
    });
    this.section(Section.Import, () => {
      this.unsigned(imports.length);
      for (const each of imports) {
        this.name(each.module);
        this.name(each.name);
        if (each.kind === 'function') {
          this.byte(0);
          this.unsigned(each.type);
        } else if (each.kind === 'table') for (const byte of [1, 0x70, 0, 0]) this.byte(byte);
        else for (const byte of [2, 0, 0]) this.byte(byte);
      }
    });
  }

  /** Declares the module's functions, by type. */
  functions(types: readonly number[]): void {
    this.functionCount = types.length;
    this.section(Section.Function, () => {
      this.unsigned(types.length);
      for (const type of types) this.unsigned(type);
    });
  }
  private functionCount = 0;

  /** Declares a table of functions, of {@link tableSize} elements; it is exported as `table`. */
  table(): void {
    this.section(Section.Table, () => {
      for (const byte of [1, 0x70, 0]) this.byte(byte);
      this.tableAt = this.length;
      this.length += PADDED;
    });
  }
  private tableAt = 0;
  /** Can be said as late as before {@link end}. */
  set tableSize(elements: number) {
    this.patch(this.tableAt, elements);
  }

  /** Exports functions by name, from index `first` on. @param table whether there is one, too */
  exports(names: readonly string[], first: number, table = false): void {
    this.section(Section.Export, () => {
      this.unsigned(names.length + (table ? 1 : 0));
      if (table) {
        this.name('table');
        for (const byte of [1, 0]) this.byte(byte);
      }
      for (const [i, name] of names.entries()) {
        this.name(name);
        this.byte(0);
        this.unsigned(first + i);
      }
    });
  }

  /** Begins the functions' bodies. */
  bodies(): void {
    this.byte(Section.Code);
    this.codeAt = this.length;
    this.length += PADDED;
    this.unsigned(this.functionCount);
  }

  /** Starts the next function's body. @param locals runs of locals beyond the parameters */
  beginBody(locals: readonly (readonly [count: number, type: ValueType])[]): void {
    this.bodyAt = this.length;
    this.length += PADDED;
    this.unsigned(locals.length);
    for (const [count, type] of locals) {
      this.unsigned(count);
      this.byte(type);
    }
  }

  endBody(): void {
    this.byte(Op.End);
    this.patch(this.bodyAt, this.length - this.bodyAt - PADDED);
  }

  /** The whole module; the bytes are the writer's own, good until the next {@link begin}. */
  end(): Uint8Array<ArrayBuffer> {
    this.patch(this.codeAt, this.length - this.codeAt - PADDED);
    return this.bytes.subarray(0, this.length);
  }

  private section(id: Section, write: () => void): void {
    this.byte(id);
    const at = this.length;
    this.length += PADDED;
    write();
    this.patch(at, this.length - at - PADDED);
  }

  private patch(at: number, value: number): void {
    const { bytes } = this;
    bytes[at] = (value & 0x7f) | 0x80;
    bytes[at + 1] = ((value >>> 7) & 0x7f) | 0x80;
    bytes[at + 2] = ((value >>> 14) & 0x7f) | 0x80;
    bytes[at + 3] = (value >>> 21) & 0x7f;
  }

  private name(text: string): void {
    this.unsigned(text.length);
    for (let i = 0; i < text.length; i++) this.byte(text.charCodeAt(i));
  }

  byte(value: number): void {
    if (this.length + 16 > this.bytes.length) {
      const grown = new Uint8Array(this.bytes.length * 2);
      grown.set(this.bytes);
      this.bytes = grown;
    }
    this.bytes[this.length++] = value;
  }

  unsigned(value: number): void {
    while (value > 127) {
      this.byte((value & 0x7f) | 0x80);
      value >>>= 7;
    }
    this.byte(value);
  }

  signed(value: number): void {
    for (;;) {
      const low = value & 0x7f;
      value >>= 7;
      if ((value === 0 && (low & 0x40) === 0) || (value === -1 && (low & 0x40) !== 0)) return this.byte(low);
      this.byte(low | 0x80);
    }
  }

  // Instructions

  op(op: Op): void {
    this.byte(op);
  }
  simd(op: Simd): void {
    this.byte(SIMD_PREFIX);
    this.unsigned(op);
  }
  /** An instruction with one unsigned immediate: locals, branches, calls. */
  op1(op: Op, immediate: number): void {
    this.byte(op);
    this.unsigned(immediate);
  }
  constant(value: number): void {
    this.byte(Op.I32Const);
    this.signed(value | 0);
  }
  double(value: number): void {
    this.byte(Op.F64Const);
    scratch.setFloat64(0, value, true);
    for (let i = 0; i < 8; i++) this.byte(scratch.getUint8(i));
  }
  /** A load or store at the address on the stack plus `offset`. @param align log2 of the alignment promised */
  memory(op: Op, offset: number, align: number): void {
    this.byte(op);
    this.unsigned(align);
    this.unsigned(offset);
  }
  /** Loads the vector at the address on the stack plus `offset`, a multiple of 16 bytes. */
  loadVector(offset: number): void {
    this.vector(Simd.Load, offset);
  }
  /** Stores the vector at the address below it on the stack plus `offset`, a multiple of 16 bytes. */
  storeVector(offset: number): void {
    this.vector(Simd.Store, offset);
  }
  private vector(op: Simd, offset: number): void {
    this.simd(op);
    this.unsigned(4);
    this.unsigned(offset);
  }
}

const scratch = new DataView(new ArrayBuffer(8));
