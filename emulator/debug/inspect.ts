/**
 * The CPU at an instant: registers, CP0 field by field, code and memory, each with what has changed since the machine
 * last stood still.
 */
import { Cp0 } from '../cpu/cp0.ts';
import { FCSR_WORD, FPR_WORDS } from '../cpu/fpu.ts';
import type { CodeView, Cp0View, CpuRequest, CpuView, MemoryView } from '../protocol.ts';
import { CP0_REGISTERS, WRITABLE_CP0, fieldValue, formatField, type Cp0Register } from './cp0-fields.ts';
import { listing } from './listing.ts';
import { peekBytes } from './peek.ts';
import type { DebugTarget } from './target.ts';
import { addressNow } from './values.ts';

const CONFIG_M = 0x80000000;
const CONFIG3_ULRI = 0x2000;
/** HI, LO and PC behind the GPRs. */
const [HI, PC] = [32, 34];
const FPR_WORDS_COUNT = 64;

interface Snapshot {
  registers: Uint32Array;
  cp0: Map<number, number>;
  fpr: Int32Array;
  fcsr: number;
}

/** What was on the screen of the memory view. */
interface SeenMemory {
  start: number;
  physical: boolean;
  bytes: Uint8Array;
  readable: Uint8Array;
}

/** Remembers one stop of a machine, to tell what has changed by the next. */
export class Inspector {
  private before: Snapshot | null = null;
  private memoryBefore: SeenMemory | null = null;
  private request: CpuRequest | null = null;

  constructor(private readonly target: DebugTarget) {}

  /** Somebody has seen the CPU. */
  get looked(): boolean {
    return this.request !== null;
  }

  /** The machine is about to run: what there is now is what changes are told from. */
  mark(): void {
    this.before = this.snapshot();
    const memory = this.request?.memory;
    this.memoryBefore = null;
    if (!memory) return;
    try {
      this.memoryBefore = this.read(memory);
    } catch {
      // The address has no value now, so there is nothing to compare with.
    }
  }

  view(request: CpuRequest): CpuView {
    this.request = request;
    const { target, before } = this;
    const now = this.snapshot();
    const changed = before ? [...now.registers.keys()].filter((i) => now.registers[i] !== before.registers[i]) : [];
    const view: CpuView = {
      registers: now.registers,
      changed,
      linked: target.cpu.linked,
      cp0: cp0Registers(target).map((register) => this.cp0(register, now)),
      code: this.code(request),
      memory: request.memory ? this.memory(request.memory) : null,
      fpu: null,
    };
    if (request.fpu && target.kind === 'malta') {
      view.fpu = {
        registers: Uint32Array.from(now.fpr),
        fcsr: now.fcsr >>> 0,
        usable: target.cpu.fpuUsable,
        changed: before ? [...now.fpr.keys()].filter((i) => now.fpr[i] !== before.fpr[i]) : [],
      };
    }
    return view;
  }

  private snapshot(): Snapshot {
    const { cpu, system } = this.target;
    const registers = new Uint32Array(PC + 1);
    registers.set(cpu.r.subarray(0, HI + 2));
    registers[PC] = cpu.pc;
    const cp0 = new Map(cp0Registers(this.target).map(({ index }) => [index, system.peekCp0(index)]));
    const { words } = cpu.memory;
    return { registers, cp0, fpr: words.slice(FPR_WORDS, FPR_WORDS + FPR_WORDS_COUNT), fcsr: words[FCSR_WORD]! };
  }

  private cp0(register: Cp0Register, now: Snapshot): Cp0View {
    const { index, name, section, fields } = register;
    const value = now.cp0.get(index)!;
    const old = this.before?.cp0.get(index) ?? value;
    const whole = fields.length === 1 && fields[0]!.msb === 31 && fields[0]!.lsb === 0;
    const isAddress = whole && fields[0]!.format === 'inPlace';
    return {
      name,
      index,
      writable: WRITABLE_CP0.has(index),
      number: `${index >>> 3}.${index & 7}`,
      section,
      value,
      changed: old !== value,
      old,
      symbol: isAddress ? this.target.symbols.describe(value) : '',
      fields: fields
        .filter((field) => !isAddress && !(whole && field.format === 'hex'))
        .map((field) => ({
          name: field.name,
          text: formatField(field, value),
          about: field.about,
          changed: fieldValue(field, old) !== fieldValue(field, value),
          old: formatField(field, old),
        })),
    };
  }

  private code({ code }: CpuRequest): CodeView {
    const { target } = this;
    try {
      const middle = code.address === null ? target.cpu.pc >>> 0 : addressNow(target, code.address);
      const start = ((middle & ~3) - 4 * code.before) >>> 0;
      const first = start > middle ? 0 : start;
      return { address: (middle & ~3) >>> 0, lines: listing(target, first, code.before + code.after + 1), error: '' };
    } catch (error) {
      return { address: 0, lines: [], error: (error as Error).message };
    }
  }

  private read(memory: NonNullable<CpuRequest['memory']>): SeenMemory & { why: (string | null)[] } {
    const start = (addressNow(this.target, memory.address) & ~15) >>> 0;
    const length = Math.min(memory.bytes, 2 ** 32 - start);
    return { start, physical: memory.physical, ...peekBytes(this.target, start, length, memory.physical) };
  }

  private memory(memory: NonNullable<CpuRequest['memory']>): MemoryView {
    try {
      const now = this.read(memory);
      const { start, bytes, readable, why } = now;
      const old = this.memoryBefore;
      const comparable = old !== null && old.start === start && old.physical === now.physical;
      const changed = new Uint8Array(bytes.length);
      if (comparable) {
        for (let i = 0; i < bytes.length; i++) {
          if (readable[i] && (old.bytes[i] !== bytes[i] || !old.readable[i])) changed[i] = 1;
        }
      }
      return {
        start,
        physical: memory.physical,
        bytes,
        readable,
        changed,
        why: why.map((each) => each ?? ''),
        symbol: memory.physical ? '' : this.target.symbols.describe(start),
        error: '',
      };
    } catch (error) {
      const none = new Uint8Array(0);
      const message = (error as Error).message;
      return {
        start: 0,
        physical: memory.physical,
        bytes: none,
        readable: none,
        changed: none,
        why: [],
        symbol: '',
        error: message,
      };
    }
  }
}

/** The registers that a machine has, in the table's order. */
export function cp0Registers({ kind, system }: DebugTarget): Cp0Register[] {
  const config = (index: number) => system.cp0[index]!;
  const has: Partial<Record<number, boolean>> = {
    // The kvm guest's TLBWR draws its entry without a register that shows it.
    [Cp0.Random]: kind === 'malta',
    [Cp0.UserLocal]: (config(Cp0.Config3) & CONFIG3_ULRI) !== 0,
    [Cp0.Config4]: (config(Cp0.Config3) & CONFIG_M) !== 0,
    [Cp0.Config5]: (config(Cp0.Config3) & CONFIG_M) !== 0 && (config(Cp0.Config4) & CONFIG_M) !== 0,
  };
  return CP0_REGISTERS.filter(({ index }) => has[index] !== false);
}
