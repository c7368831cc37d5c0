/**
 * What the host does for accesses and fetches that generated code did not find in the host TLB, on `malta`: it asks the
 * MMU, as the interpreter would, before the instruction is executed. So generated code can go on at that instruction.
 */
import { Cp0 } from '../cpu/cp0.ts';
import { DEVICE, FAULT, FETCH, READ, WRITE, type Access, type Cpu } from '../cpu/cpu.ts';
import { ExcCode } from '../cpu/exceptions.ts';
import { CP0_AT, JIT_ADDRESS_AT } from '../memory.ts';
import { EXIT_ALIGNMENT, EXIT_SLOT, EXIT_WRITE } from './exits.ts';

const CAUSE = (CP0_AT >>> 2) + Cp0.Cause;
const BAD_VADDR = (CP0_AT >>> 2) + Cp0.BadVAddr;

export class Misses {
  private readonly words: Int32Array;

  constructor(
    private readonly cpu: Cpu,
    private readonly fullSystem: boolean,
  ) {
    this.words = cpu.memory.words;
  }

  /** Looks for the page of PC. False where there is no host TLB entry to be had. */
  fetch(pc: number): boolean {
    return this.fullSystem && (pc & 3) === 0 && this.look(pc, FETCH, false);
  }

  /** Does what the access that has missed asks of the MMU. False when the interpreter must execute the instruction. */
  fill(exit: number): boolean {
    const { cpu, words } = this;
    const va = words[JIT_ADDRESS_AT >>> 2]!;
    const write = (exit & EXIT_WRITE) !== 0;
    // What is misaligned is another exception, and an access is an exit of the hypervisor's each time.
    if (!this.fullSystem || (va & ((exit >>> EXIT_ALIGNMENT) & 7)) !== 0) return false;
    // A store that is watched.
    if (write && (words[cpu.writes + (va >>> 12)]! & 1) !== 0) return false;
    return this.look(va, write ? WRITE : READ, (exit & EXIT_SLOT) !== 0);
  }

  /**
   * What an access of the instruction at PC, or of that in the delay slot behind it, does before anything is fetched,
   * loaded or stored. True when a fault has been delivered, or the host TLB has it now and the CPU is where it was.
   */
  private look(va: number, access: Access, inSlot: boolean): boolean {
    const { cpu, words } = this;
    const { pc } = cpu;
    // kseg1: mostly devices, and never in the host TLB.
    if (va >>> 29 === 5) return false;
    const counted = inSlot ? 2 : 1;
    cpu.left -= counted;
    if (inSlot) {
      cpu.pc = (pc + 4) | 0;
      cpu.delay = 1;
    }
    const host = cpu.system.resolve(va, access);
    if (host === FAULT) return true;
    cpu.pc = pc;
    // Somebody may have ended the slice meanwhile.
    cpu.left += counted;
    cpu.delay = 0;
    const table = access === WRITE ? cpu.writes : cpu.reads;
    return host !== DEVICE && (words[table + (va >>> 12)]! ^ va) >= 0;
  }

  /** After the ERET of a TLB handler: the access that missed is made again, and may as well be looked up at once. */
  retry(): void {
    const { cpu, words } = this;
    const code = (words[CAUSE]! >>> 2) & 31;
    if (code !== ExcCode.TLBL && code !== ExcCode.TLBS) return;
    if (cpu.left <= 2 || !this.fullSystem) return;
    const host = words[cpu.reads + (cpu.pc >>> 12)]! ^ cpu.pc;
    const va = words[BAD_VADDR]!;
    if ((host & 0x80000003) !== 0) {
      if (va === cpu.pc && (va & 3) === 0) this.look(va, FETCH, false);
      return;
    }
    const word = words[host >> 2]!;
    if (isAccess(word, code, va) && ((cpu.r[(word >>> 21) & 31]! + ((word << 16) >> 16)) | 0) === va) {
      this.look(va, code === ExcCode.TLBS ? WRITE : READ, false);
    }
  }
}

/**
 * Whether the word is a load or a store (the exception's code says which) with base and offset that does no more, and may
 * be at that address.
 */
function isAccess(word: number, code: ExcCode, va: number): boolean {
  const opcode = word >>> 26;
  // Of the even ones those of bytes and of parts of words.
  const alignment = (opcode & 1) === 0 ? 0 : (opcode & 2) | 1;
  if ((va & alignment) !== 0) return false;
  return code === ExcCode.TLBS ? opcode >= 0x28 && opcode <= 0x2e : opcode >= 0x20 && opcode <= 0x26;
}
