/**
 * Fields of the CP0 registers, most significant first: MIPS32 PRA (MIPS Architecture For Programmers, Volume III,
 * MD00090), chapter 9, by section; what is implementation-dependent by the 24K Software User's Manual (MD00343), chapter
 * 6. The one list that the CPU panel and conditions of breakpoints decode from.
 */
import { Cp0 } from '../cpu/cp0.ts';
import { EXCEPTION_NAMES } from '../cpu/exceptions.ts';

/** How a field's value is written. */
type Format =
  | 'hex'
  | 'decimal'
  /** Bits as they are, all of the field's width. */
  | 'binary'
  /** The value as it stands in the register: an address whose low bits are other fields. */
  | 'inPlace'
  | readonly string[]
  | ((value: number) => string);

export interface Cp0Field {
  name: string;
  /** Bit numbers, inclusive. */
  msb: number;
  lsb: number;
  format: Format;
  /** What it says, in a few words. */
  about: string;
}

export interface Cp0Register {
  /** `register * 8 + select`. */
  index: number;
  name: string;
  section: string;
  fields: readonly Cp0Field[];
}

const field = (name: string, msb: number, lsb: number, about: string, format: Format = 'hex'): Cp0Field => ({
  name,
  msb,
  lsb,
  format,
  about,
});
const bit = (name: string, n: number, about: string) => field(name, n, n, about, 'decimal');

const KSU = ['kernel', 'supervisor', 'user', 'reserved'] as const;
const COHERENCY = ['0', '1', 'uncached', 'cacheable', '4', '5', '6', 'uncached accelerated'] as const;
const MMU_TYPES = ['none', 'TLB', 'BAT', 'fixed', '4', '5', '6', '7'] as const;
const RELEASES = ['1', '2', '3', '4', '5', '6', '7', '8'] as const;
const ARCHITECTURES = ['MIPS32', 'MIPS64, 32-bit segments', 'MIPS64', 'reserved'] as const;
const exception = (value: number) => EXCEPTION_NAMES[value]!;
const thousands = (value: number) => value.toLocaleString('en-US');
const plusOne = (value: number) => String(value + 1);
/** Sizes of a cache, as Config1 codes them. */
const cacheSets = (value: number) => String(value === 7 ? 32 : 64 << value);
const lineBytes = (value: number) => (value === 0 ? 'no cache' : `${2 << value} bytes`);
const pageSize = (value: number) => {
  const kib = (value + 1) * 4;
  return kib < 1024 ? `${kib} KiB` : `${kib / 1024} MiB`;
};

const entryLo = [
  field('PFN', 29, 6, 'page frame number'),
  field('C', 5, 3, 'coherency', 'decimal'),
  bit('D', 2, 'dirty: may be written'),
  bit('V', 1, 'valid'),
  bit('G', 0, 'global: any ASID; needs both halves'),
];
const address = (name: string) => [field(name, 31, 0, 'virtual address', 'inPlace')];
const moreConfig = bit('M', 31, 'the next Config register is there');

export const CP0_REGISTERS: readonly Cp0Register[] = [
  {
    index: Cp0.EntryHi,
    name: 'EntryHi',
    section: '9.14',
    fields: [field('VPN2', 31, 13, 'virtual page pair', 'inPlace'), field('ASID', 7, 0, 'address space')],
  },
  {
    index: Cp0.Status,
    name: 'Status',
    section: '9.17',
    fields: [
      field('CU', 31, 28, 'coprocessors 3 to 0 usable', 'binary'),
      bit('RP', 27, 'reduced power'),
      bit('FR', 26, '64-bit FP registers'),
      bit('RE', 25, 'user mode in reverse byte order'),
      bit('BEV', 22, 'bootstrap exception vectors'),
      bit('TS', 21, 'TLB shutdown'),
      bit('SR', 20, 'soft reset'),
      bit('NMI', 19, 'non-maskable interrupt'),
      field('IM', 15, 8, 'interrupts 7 to 0 unmasked', 'binary'),
      field('KSU', 4, 3, 'mode outside exceptions', KSU),
      bit('ERL', 2, 'error level'),
      bit('EXL', 1, 'exception level'),
      bit('IE', 0, 'interrupts enabled'),
    ],
  },
  {
    index: Cp0.Cause,
    name: 'Cause',
    section: '9.22',
    fields: [
      bit('BD', 31, 'in a branch delay slot'),
      bit('TI', 30, 'timer interrupt'),
      field('CE', 29, 28, 'coprocessor of a CpU exception', 'decimal'),
      bit('DC', 27, 'Count stands still'),
      bit('PCI', 26, 'performance counter interrupt'),
      bit('IV', 23, 'interrupts have a vector of their own'),
      bit('WP', 22, 'watch exception deferred'),
      field('IP', 15, 8, 'interrupts 7 to 0 pending', 'binary'),
      field('ExcCode', 6, 2, 'last exception', exception),
    ],
  },
  { index: Cp0.EPC, name: 'EPC', section: '9.23', fields: address('EPC') },
  { index: Cp0.BadVAddr, name: 'BadVAddr', section: '9.10', fields: address('BadVAddr') },
  {
    index: Cp0.Context,
    name: 'Context',
    section: '9.6',
    fields: [field('PTEBase', 31, 23, 'page table base', 'inPlace'), field('BadVPN2', 22, 4, 'page pair of the miss')],
  },
  {
    index: Cp0.Index,
    name: 'Index',
    section: '9.2',
    fields: [bit('P', 31, 'TLBP found nothing'), field('Index', 5, 0, 'TLB entry', 'decimal')],
  },
  {
    index: Cp0.Random,
    name: 'Random',
    section: '9.3',
    fields: [field('Random', 5, 0, 'entry TLBWR takes', 'decimal')],
  },
  {
    index: Cp0.Wired,
    name: 'Wired',
    section: '9.9',
    fields: [field('Wired', 5, 0, 'entries TLBWR leaves alone', 'decimal')],
  },
  { index: Cp0.EntryLo0, name: 'EntryLo0', section: '9.4', fields: entryLo },
  { index: Cp0.EntryLo1, name: 'EntryLo1', section: '9.4', fields: entryLo },
  {
    index: Cp0.PageMask,
    name: 'PageMask',
    section: '9.7',
    fields: [field('Mask', 28, 13, 'size of each page of a pair', pageSize)],
  },
  { index: Cp0.Count, name: 'Count', section: '9.12', fields: [field('Count', 31, 0, 'timer ticks', thousands)] },
  {
    index: Cp0.Compare,
    name: 'Compare',
    section: '9.16',
    fields: [field('Compare', 31, 0, 'Count at the next timer interrupt', thousands)],
  },
  { index: Cp0.ErrorEPC, name: 'ErrorEPC', section: '9.48', fields: address('ErrorEPC') },
  {
    index: Cp0.EBase,
    name: 'EBase',
    section: '9.26',
    fields: [field('ExceptionBase', 31, 12, 'vectors', 'inPlace'), field('CPUNum', 9, 0, 'CPU', 'decimal')],
  },
  {
    index: Cp0.IntCtl,
    name: 'IntCtl',
    section: '9.18',
    fields: [
      field('IPTI', 31, 29, 'interrupt of the timer', 'decimal'),
      field('IPPCI', 28, 26, 'interrupt of performance counters', 'decimal'),
      field('VS', 9, 5, 'vector spacing, in 32 bytes', 'decimal'),
    ],
  },
  {
    index: Cp0.UserLocal,
    name: 'UserLocal',
    section: '9.8',
    fields: [field('UserLocal', 31, 0, 'RDHWR 29: thread pointer')],
  },
  {
    index: Cp0.HWREna,
    name: 'HWREna',
    section: '9.11',
    fields: [
      bit('ULR', 29, 'user mode may read UserLocal'),
      bit('CCRes', 3, 'user mode may read the counter resolution'),
      bit('CC', 2, 'user mode may read Count'),
      bit('SYNCI_Step', 1, 'user mode may read the SYNCI step'),
      bit('CPUNum', 0, 'user mode may read the CPU number'),
    ],
  },
  {
    index: Cp0.PRId,
    name: 'PRId',
    section: '9.25',
    fields: [
      field('CompanyID', 23, 16, '1: MIPS Technologies'),
      field('ProcessorID', 15, 8, '0x93: 24K; 0x95: 34K'),
      field('Revision', 7, 0, 'revision'),
    ],
  },
  {
    index: Cp0.Config,
    name: 'Config',
    section: '9.27',
    fields: [
      moreConfig,
      bit('BE', 15, 'big endian'),
      field('AT', 14, 13, 'architecture', ARCHITECTURES),
      field('AR', 12, 10, 'release', RELEASES),
      field('MT', 9, 7, 'MMU', MMU_TYPES),
      bit('VI', 3, 'virtual instruction cache'),
      field('K0', 2, 0, 'coherency of kseg0', COHERENCY),
    ],
  },
  {
    index: Cp0.Config1,
    name: 'Config1',
    section: '9.28',
    fields: [
      moreConfig,
      field('MMUSize', 30, 25, 'TLB entries', plusOne),
      field('IS', 24, 22, 'I-cache sets a way', cacheSets),
      field('IL', 21, 19, 'I-cache line', lineBytes),
      field('IA', 18, 16, 'I-cache ways', plusOne),
      field('DS', 15, 13, 'D-cache sets a way', cacheSets),
      field('DL', 12, 10, 'D-cache line', lineBytes),
      field('DA', 9, 7, 'D-cache ways', plusOne),
      bit('C2', 6, 'coprocessor 2'),
      bit('MD', 5, 'MDMX'),
      bit('PC', 4, 'performance counters'),
      bit('WR', 3, 'watch registers'),
      bit('CA', 2, 'MIPS16e'),
      bit('EP', 1, 'EJTAG'),
      bit('FP', 0, 'FPU'),
    ],
  },
  {
    index: Cp0.Config2,
    name: 'Config2',
    section: '9.29',
    fields: [
      moreConfig,
      field('TU', 30, 28, 'tertiary cache', 'hex'),
      field('SS', 11, 8, 'secondary cache sets', 'hex'),
      field('SL', 7, 4, 'secondary cache line', lineBytes),
      field('SA', 3, 0, 'secondary cache ways', plusOne),
    ],
  },
  {
    index: Cp0.Config3,
    name: 'Config3',
    section: '9.30',
    fields: [
      moreConfig,
      bit('ULRI', 13, 'UserLocal is there'),
      bit('DSP2P', 11, 'DSP release 2'),
      bit('DSPP', 10, 'DSP'),
      bit('LPA', 7, 'large physical addresses'),
      bit('VEIC', 6, 'external interrupt controller'),
      bit('VInt', 5, 'vectored interrupts'),
      bit('SP', 4, '1 KiB pages'),
      bit('MT', 2, 'multithreading'),
      bit('SM', 1, 'SmartMIPS'),
      bit('TL', 0, 'trace logic'),
    ],
  },
  {
    index: Cp0.Config4,
    name: 'Config4',
    section: '9.31',
    fields: [moreConfig, field('KScrExist', 23, 16, 'kernel scratch registers', 'binary')],
  },
  { index: Cp0.Config5, name: 'Config5', section: '9.32', fields: [bit('NFExists', 0, 'nested faults')] },
  {
    index: Cp0.Config7,
    name: 'Config7',
    section: 'MD00343, 6.2',
    fields: [bit('WII', 31, 'WAIT ends for a masked interrupt'), bit('ES', 10, 'external sync')],
  },
];

/** What a debugger may write: MTC0 has an effect on it that a guest's kernel could have caused. */
export const WRITABLE_CP0: ReadonlySet<number> = new Set([
  Cp0.Index,
  Cp0.EntryLo0,
  Cp0.EntryLo1,
  Cp0.Context,
  Cp0.UserLocal,
  Cp0.PageMask,
  Cp0.Wired,
  Cp0.HWREna,
  Cp0.Count,
  Cp0.EntryHi,
  Cp0.Compare,
  Cp0.Status,
  Cp0.Cause,
  Cp0.EPC,
  Cp0.EBase,
  Cp0.ErrorEPC,
]);

const BY_NAME = new Map(CP0_REGISTERS.map((register) => [register.name.toLowerCase(), register]));

/** The register of this name, in any case, or null. */
export function cp0Register(name: string): Cp0Register | null {
  return BY_NAME.get(name.toLowerCase()) ?? null;
}

/** A field's bits, right-aligned. */
export function fieldValue({ msb, lsb }: Cp0Field, value: number): number {
  return (value >>> lsb) & (0xffffffff >>> (31 - (msb - lsb)));
}

/** A field's value as people read it. */
export function formatField(field: Cp0Field, value: number): string {
  const bits = fieldValue(field, value) >>> 0;
  const { format } = field;
  if (typeof format === 'function') return format(bits);
  if (typeof format === 'object') return format[bits] ?? String(bits);
  switch (format) {
    case 'decimal':
      return String(bits);
    case 'binary':
      return bits.toString(2).padStart(field.msb - field.lsb + 1, '0');
    case 'inPlace':
      return `0x${((bits << field.lsb) >>> 0).toString(16).padStart(8, '0')}`;
    case 'hex':
      return `0x${bits.toString(16).padStart(Math.ceil((field.msb - field.lsb + 1) / 4), '0')}`;
  }
}
