/**
 * Coprocessor 0 registers (MIPS PRA, MD00090, chapter 9). They are kept by register and select, 32 by 8 words, the
 * order in which KVM keeps a guest's; an index here is `register * 8 + select`.
 */

export const Cp0 = {
  Index: 0,
  Random: 8,
  EntryLo0: 16,
  EntryLo1: 24,
  Context: 32,
  UserLocal: 34,
  PageMask: 40,
  Wired: 48,
  HWREna: 56,
  BadVAddr: 64,
  Count: 72,
  EntryHi: 80,
  Compare: 88,
  Status: 96,
  IntCtl: 97,
  SRSCtl: 98,
  Cause: 104,
  EPC: 112,
  PRId: 120,
  EBase: 121,
  Config: 128,
  Config1: 129,
  Config2: 130,
  Config3: 131,
  Config4: 132,
  Config5: 133,
  Config7: 135,
  LLAddr: 136,
  WatchLo: 144,
  WatchHi: 152,
  Debug: 184,
  DEPC: 192,
  PerfCnt: 200,
  ErrCtl: 208,
  CacheErr: 216,
  TagLo: 224,
  DataLo: 225,
  TagHi: 232,
  ErrorEPC: 240,
  DESAVE: 248,
} as const;

export const STATUS_IE = 1;
export const STATUS_EXL = 2;
export const STATUS_ERL = 4;
export const STATUS_KSU = 0x18;
/** The bit of KSU that is user mode's alone. */
export const STATUS_UM = 0x10;
export const STATUS_BEV = 0x00400000;
export const STATUS_FR = 0x04000000;
export const STATUS_CU0 = 0x10000000;
export const STATUS_CU1 = 0x20000000;

export const CAUSE_IP = 0xff00;
export const CAUSE_IV = 0x00800000;
export const CAUSE_DC = 0x08000000;
export const CAUSE_TI = 0x40000000;
export const CAUSE_BD = 0x80000000;
/** Cause.IP7, the CP0 timer's line. */
export const CAUSE_IP7 = 0x8000;

const NAMES: string[] = Array.from({ length: 256 }, (_, i) => `$${i >> 3}${i & 7 ? `,${i & 7}` : ''}`);
for (const [name, index] of Object.entries(Cp0)) NAMES[index] = name;
for (let i = 1; i < 8; i++) {
  NAMES[Cp0.WatchLo + i] = `WatchLo${i}`;
  NAMES[Cp0.WatchHi + i] = `WatchHi${i}`;
}

/** The register's architectural name, e.g. `EntryHi`, or `$n,sel`. */
export function cp0Name(index: number): string {
  return NAMES[index]!;
}

/** Size field of Config1.MMU for a TLB of so many entries, in place. */
export function config1Mmu(entries: number): number {
  return (entries - 1) << 25;
}
