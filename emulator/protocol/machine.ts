/** The machine as messages name it: kinds and names, what is fixed from a boot on, and whether it runs. */
export type MachineKind = 'kvm' | 'malta';
export type SegmentName = 'useg' | 'kseg0' | 'kseg1' | 'kseg23';
export type TableName = 'kernel' | 'user';
export type FlushKind = 'KMF_KERN' | 'KMF_USER' | 'KMF_GPA|KMF_KERN' | 'KMF_GPA|KMF_USER';
export const CPUS = ['24Kf', '24Kc', '34Kf-like'] as const;
export const POLICIES = ['lazy-user', 'eager', 'everything', 'tagged', 'never'] as const;
export const HOST_GEOMETRIES = ['m32_4k', 'm64_4k'] as const;

/** A stretch of the address space, as the Segments panel draws it. */
export interface SegmentLayout {
  name: SegmentName;
  /** First and last byte address, inclusive. */
  start: number;
  end: number;
  /** True when the guest TLB maps it, false when it is a fixed window on physical memory. */
  mapped: boolean;
  /** True when guest user mode may reach it. */
  user: boolean;
}

/** What is fixed from a boot on. */
export interface MachineInfo {
  guest: string;
  machine: MachineKind;
  bigEndian: boolean;
  memoryMiB: number;
  tlbEntries: number;
  nsPerInstruction: number;
  commandLine: string;
  policy: (typeof POLICIES)[number];
  /** Whether pages of a TLB entry that TLBWR replaces stay mapped for as long as the guest cannot tell. */
  keepReplaced: boolean;
  /** Instructions after which the guest moves to the next host CPU; 0: it stays. */
  migrateEvery: number;
  /** Page-table geometry, e.g. `32-bit 4K`; slots are pgd entries from address 0 up to the layout's end. */
  geometry: { name: string; pageSize: number; slots: number; slotBytes: number; pagesPerSlot: number };
  segments: SegmentLayout[];
}

/** What a run may be under way to, at which it will stop. */
export type SearchGoal = 'asidChange' | 'userFlush';

export type RunState =
  | { state: 'off' }
  | { state: 'running'; until?: SearchGoal }
  /** `stop`: what stopped it, if it was not asked to. */
  | { state: 'paused'; stop?: StopReport }
  /** The guest powered off, panicked, or the emulator stopped it; `message` is one sentence. */
  | { state: 'ended'; reason: 'powerOff' | 'panic' | 'error'; message: string };

/** Where and why a breakpoint, or a run to a place, stopped the machine. */
export interface StopReport {
  /** Number of the breakpoint; null when a run to a place has arrived. */
  breakpoint: number | null;
  spec: string;
  /** Of the instruction that it stopped before, or whose event stopped it. */
  pc: number;
  instructions: number;
  /** One sentence; empty for an arrival. */
  message: string;
}
