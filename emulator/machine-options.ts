/** What is chosen of a machine when it is made, and what it starts with. */
import type { DiskOptions } from './board/board.ts';
import type { ElfSymbol } from './boot/elf.ts';
import type { RamWrite, RomWrite } from './boot/load.ts';
import type { CpuModel } from './cpu/models.ts';
import type { CacheLimits, CodeStore } from './jit/cache-options.ts';
import type { Compiler, CompilerOptions } from './jit/compiler.ts';
import type { GeometryName } from './mmu/geometry.ts';
import type { FlushPolicy } from './mmu/policy.ts';
import type { MachineKind } from './protocol.ts';

export interface MachineOptions {
  kind: MachineKind;
  bigEndian: boolean;
  memoryMiB: number;
  tlbEntries: number;
  /** Virtual time of one instruction, whole nanoseconds. */
  nsPerInstruction: number;
  seed: number;
  /** The core of a `malta` machine; 24Kf if absent. */
  cpu?: CpuModel;
  /** When the GVA page tables are flushed. */
  policy?: FlushPolicy;
  /** `malta` only: what TLBWR replaces stays mapped for as long as the guest cannot tell; see KeptPairs. */
  keepReplaced?: boolean;
  /** Compare every translation that is used with the guest TLB. */
  check?: boolean;
  /** Host page-table geometry. */
  geometry?: GeometryName;
  /** Host CPUs that the vCPU may run on. */
  hostCpus?: number;
  /** Instructions after which the vCPU moves on to the next host CPU; 0 for never. */
  migrateEvery?: number;
  /** Instructions after which the host takes all of guest RAM away, or write-protects it; 0 for never. */
  hostUnmapEvery?: number;
  hostProtectEvery?: number;
  /** `kvm` only: rewrite trapping instructions. */
  dynamicTranslation?: boolean;
  disks?: readonly DiskOptions[];
  /** What executes the guest's instructions; the interpreter if absent. */
  engine?: EngineName;
  /** Instructions that the interpreter alone executes before the translator is made; absent: none. */
  warmUp?: number;
  /** Entries to a block after which it is translated. */
  threshold?: number;
  /** A virtio console card. Keys go to the console that the guest has written to last. */
  virtioConsole?: boolean;
  /** Blocks that are translated at a time. */
  batch?: number;
  /** Instructions that the guest runs for between two times that it stands still for translation. */
  rest?: number;
  /** Instructions between two times that it is looked whether translations should be made again, all together. */
  gather?: number;
  /** Translations from run to run; absent: none. */
  codeStore?: CodeStore | undefined;
  /** Makes what makes the translator's modules; absent: it makes them itself, while the guest stands still. */
  makeCompiler?: (options: CompilerOptions) => Compiler;
  /** What the cache of generated code may hold. */
  cacheLimits?: Partial<CacheLimits>;
  /** Events that the timeline keeps, a power of two; absent: there is none. */
  timelineEvents?: number;
}

export const ENGINES = ['interpreter', 'jit'] as const;
export type EngineName = (typeof ENGINES)[number];

export const DEFAULTS = { memoryMiB: 128, nsPerInstruction: 4, seed: 1, warmUp: 500_000, threshold: 2400 } as const;

/** What a machine starts with; a BootPlan is one. */
export interface StartPlan {
  /** Virtual address of the first instruction. */
  pc: number;
  registers: Record<number, number>;
  writes: readonly RamWrite[];
  rom: readonly RomWrite[];
  symbols: readonly ElfSymbol[];
  /** Firmware has run or will: the CPU starts with Status.ERL clear. */
  leavesReset: boolean;
}
