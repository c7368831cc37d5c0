/**
 * Reader of ELF32 executables for MIPS, both byte orders: what to load, where to start, and the symbols.
 *
 * Sources: Tool Interface Standard ELF specification 1.2; System V ABI, MIPS supplement, chapter 4 (e_flags).
 */

/** A file the machine cannot boot. The message is one sentence: the file, the byte or field, what to do. */
export class LoadError extends Error {
  override readonly name = 'LoadError';
}

/** A PT_LOAD segment. Addresses and sizes are in bytes. */
export interface ElfSegment {
  virtualAddress: number;
  /** Guest physical address: the program header's p_paddr without its segment bits (31 to 29). */
  gpa: number;
  /** The bytes the file holds; the rest of `memorySize` is zeros. A view of the file. */
  bytes: Uint8Array;
  memorySize: number;
}

export interface ElfSymbol {
  name: string;
  value: number;
  size: number;
  kind: 'function' | 'object' | 'label';
}

export interface ElfImage {
  name: string;
  bigEndian: boolean;
  /** Entry point, a virtual address. */
  entry: number;
  /** e_flags. */
  flags: number;
  /** Ascending by `gpa`, not overlapping. */
  segments: ElfSegment[];
  /** Named functions, objects and untyped labels, in the file's order. */
  symbols: ElfSymbol[];
}

const HEADER_SIZE = 52;
const PROGRAM_HEADER_SIZE = 32;
const SECTION_HEADER_SIZE = 40;
const SYMBOL_SIZE = 16;

const HEADER = {
  class: 4,
  data: 5,
  type: 16,
  machine: 18,
  entry: 24,
  phoff: 28,
  shoff: 32,
  flags: 36,
  phentsize: 42,
  phnum: 44,
  shentsize: 46,
  shnum: 48,
} as const;
const PROGRAM = { type: 0, offset: 4, paddr: 12, vaddr: 8, filesz: 16, memsz: 20 } as const;
const SECTION = { type: 4, offset: 16, size: 20, link: 24, entsize: 36 } as const;
const SYMBOL = { name: 0, value: 4, size: 8, info: 12, shndx: 14 } as const;

const CLASS_32 = 1;
const DATA_LITTLE = 1;
const DATA_BIG = 2;
const TYPE_EXEC = 2;
const MACHINE_MIPS = 8;
const SEGMENT_LOAD = 1;
const SECTION_SYMTAB = 2;
const SYMBOL_KINDS: Readonly<Record<number, ElfSymbol['kind']>> = { 0: 'label', 1: 'object', 2: 'function' };

/** e_flags' architectures that a MIPS32 release 2 CPU runs: MIPS I, MIPS II, MIPS32 and MIPS32 release 2. */
const ARCHITECTURES = new Set([0x0, 0x1, 0x5, 0x7]);
const FLAG_ABI2 = 0x20;

/** Bits of an address below the segment bits of kseg0, kseg1 and KVM's guest kseg0. */
const PHYSICAL_MASK = 0x1fffffff;
/** 2 to the 32, the end of every address space here. */
const ADDRESS_END = 0x100000000;
const MAX_NAME = 1024;

const hex = (value: number): string => `0x${value.toString(16)}`;

/**
 * Reads an executable.
 * @param name the file's name, for error messages
 * @throws LoadError when the file is not a sound MIPS32 executable
 */
export function parseElf(name: string, bytes: Uint8Array): ElfImage {
  const refuse = (what: string): never => {
    throw new LoadError(`${name}: ${what}`);
  };
  if (bytes.length < 4 || bytes[0] !== 0x7f || bytes[1] !== 0x45 || bytes[2] !== 0x4c || bytes[3] !== 0x46) {
    refuse('byte 0 does not start an ELF file; choose a MIPS kernel in ELF format (vmlinux or vmlinuz).');
  }
  if (bytes.length < HEADER_SIZE) {
    refuse(`the ELF header needs ${HEADER_SIZE} bytes, the file ends at byte ${bytes.length}; copy the file again.`);
  }
  if (bytes[HEADER.class] !== CLASS_32) {
    const is64 = bytes[HEADER.class] === 2 ? ' (ELF64)' : '';
    refuse(`byte 4 gives ELF class ${bytes[HEADER.class]}${is64}; choose a 32-bit kernel (ELF32).`);
  }
  const data = bytes[HEADER.data];
  if (data !== DATA_LITTLE && data !== DATA_BIG) {
    refuse(`byte 5 gives byte order ${data}, which is neither little (1) nor big (2) endian; copy the file again.`);
  }
  const bigEndian = data === DATA_BIG;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const half = (at: number): number => view.getUint16(at, !bigEndian);
  const word = (at: number): number => view.getUint32(at, !bigEndian);

  const machine = half(HEADER.machine);
  if (machine !== MACHINE_MIPS) {
    refuse(`e_machine at byte 18 is ${machine}, not 8 (MIPS); choose a kernel built for MIPS.`);
  }
  const type = half(HEADER.type);
  if (type !== TYPE_EXEC) {
    refuse(`e_type at byte 16 is ${type}, not 2 (EXEC); choose a linked executable, not an object or a library.`);
  }
  const flags = word(HEADER.flags);
  if (!ARCHITECTURES.has(flags >>> 28) || flags & FLAG_ABI2) {
    refuse(`e_flags at byte 36 is ${hex(flags)}, not MIPS32 code; choose a kernel for MIPS32 release 1 or 2.`);
  }

  const segments = readSegments();
  const entry = word(HEADER.entry);
  if (!segments.some((s) => entry >= s.virtualAddress && entry - s.virtualAddress < s.memorySize)) {
    refuse(`the entry point ${hex(entry)} at byte 24 is in no loaded segment; link the kernel with a valid entry.`);
  }
  return { name, bigEndian, entry, flags, segments, symbols: readSymbols() };

  function readSegments(): ElfSegment[] {
    const offset = word(HEADER.phoff);
    const count = half(HEADER.phnum);
    if (count === 0) refuse('e_phnum at byte 44 is 0, so there is nothing to load; choose a linked kernel.');
    if (half(HEADER.phentsize) !== PROGRAM_HEADER_SIZE) {
      refuse(`e_phentsize at byte 42 is ${half(HEADER.phentsize)}, not ${PROGRAM_HEADER_SIZE}; copy the file again.`);
    }
    if (offset + count * PROGRAM_HEADER_SIZE > bytes.length) {
      refuse(
        `${count} program headers at byte ${offset} run past the end of the file at byte ${bytes.length}; ` +
          'copy the file again.',
      );
    }
    const found: ElfSegment[] = [];
    for (let i = 0; i < count; i++) {
      const at = offset + i * PROGRAM_HEADER_SIZE;
      // A segment of no size loads nothing, wherever it claims to be.
      if (word(at + PROGRAM.type) === SEGMENT_LOAD && word(at + PROGRAM.memsz) > 0) found.push(readSegment(at, i));
    }
    if (found.length === 0) refuse('no program header is of type PT_LOAD; choose a linked kernel.');
    found.sort((a, b) => a.gpa - b.gpa);
    for (let i = 1; i < found.length; i++) {
      if (found[i - 1]!.gpa + found[i - 1]!.memorySize > found[i]!.gpa) {
        refuse(
          `the segments at physical ${hex(found[i - 1]!.gpa)} and ${hex(found[i]!.gpa)} overlap; ` +
            'link the kernel with segments apart.',
        );
      }
    }
    return found;
  }

  function readSegment(at: number, index: number): ElfSegment {
    const offset = word(at + PROGRAM.offset);
    const fileSize = word(at + PROGRAM.filesz);
    const memorySize = word(at + PROGRAM.memsz);
    const virtualAddress = word(at + PROGRAM.vaddr);
    const where = `program header ${index} at byte ${at}`;
    if (offset + fileSize > bytes.length) {
      refuse(
        `the segment of ${where} takes bytes ${offset} to ${offset + fileSize - 1}, the file ends at byte ` +
          `${bytes.length}; copy the file again.`,
      );
    }
    if (memorySize < fileSize) {
      refuse(`${where} has p_memsz ${memorySize} below p_filesz ${fileSize}; link the kernel again.`);
    }
    const gpa = word(at + PROGRAM.paddr) & PHYSICAL_MASK;
    if (virtualAddress + memorySize > ADDRESS_END || gpa + memorySize > PHYSICAL_MASK + 1) {
      refuse(`${where} ends beyond its address space (p_memsz ${hex(memorySize)}); link the kernel again.`);
    }
    return { virtualAddress, gpa, bytes: bytes.subarray(offset, offset + fileSize), memorySize };
  }

  function readSymbols(): ElfSymbol[] {
    const offset = word(HEADER.shoff);
    const count = half(HEADER.shnum);
    if (offset === 0 || count === 0) return [];
    if (half(HEADER.shentsize) !== SECTION_HEADER_SIZE) {
      refuse(`e_shentsize at byte 46 is ${half(HEADER.shentsize)}, not ${SECTION_HEADER_SIZE}; copy the file again.`);
    }
    if (offset + count * SECTION_HEADER_SIZE > bytes.length) {
      refuse(
        `${count} section headers at byte ${offset} run past the end of the file at byte ${bytes.length}; ` +
          'copy the file again.',
      );
    }
    const section = (index: number, field: number): number => word(offset + index * SECTION_HEADER_SIZE + field);
    const inFile = (index: number): void => {
      if (section(index, SECTION.offset) + section(index, SECTION.size) > bytes.length) {
        refuse(`section ${index} runs past the end of the file at byte ${bytes.length}; copy the file again.`);
      }
    };
    for (let i = 0; i < count; i++) {
      if (section(i, SECTION.type) !== SECTION_SYMTAB) continue;
      const strings = section(i, SECTION.link);
      if (strings >= count || section(i, SECTION.entsize) !== SYMBOL_SIZE) {
        refuse(
          `the symbol table in section ${i} is malformed (sh_link or sh_entsize); strip the kernel or copy it again.`,
        );
      }
      inFile(i);
      inFile(strings);
      const names = section(strings, SECTION.offset);
      return readTable(
        section(i, SECTION.offset),
        Math.floor(section(i, SECTION.size) / SYMBOL_SIZE),
        bytes.subarray(names, names + section(strings, SECTION.size)),
      );
    }
    return [];
  }

  function readTable(offset: number, count: number, names: Uint8Array): ElfSymbol[] {
    const symbols: ElfSymbol[] = [];
    for (let i = 0; i < count; i++) {
      const at = offset + i * SYMBOL_SIZE;
      const kind = SYMBOL_KINDS[bytes[at + SYMBOL.info]! & 15];
      if (!kind || half(at + SYMBOL.shndx) === 0) continue;
      const symbol = readName(names, word(at + SYMBOL.name));
      // The assembler's own labels ($L12, .Ltmp3) name nothing a reader knows.
      if (symbol === '' || symbol.startsWith('$') || symbol.startsWith('.L')) continue;
      symbols.push({ name: symbol, value: word(at + SYMBOL.value), size: word(at + SYMBOL.size), kind });
    }
    return symbols;
  }
}

function readName(names: Uint8Array, start: number): string {
  let name = '';
  for (let i = start; i < names.length && names[i] !== 0 && name.length < MAX_NAME; i++) {
    name += String.fromCharCode(names[i]!);
  }
  return name;
}
