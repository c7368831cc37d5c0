/** What a boot needs, and what is known of one as it goes on. */
import type { CPUS, HOST_GEOMETRIES, MachineKind, POLICIES } from './machine.ts';

/** Most host CPUs, and most instructions between two moves from one to the next. */
export const MAX_HOST_CPUS = 8;

export const MAX_MIGRATE_EVERY = 1_000_000_000;

/** What a boot needs. Absent fields take the machine's defaults. */
export interface BootConfig {
  /** The kernel's ELF file; absent: the bundled Lab kernel for `machine` (default `kvm`, little endian). */
  kernel?: { name: string; bytes: Uint8Array };
  machine?: MachineKind;
  /** Byte order of the bundled kernel; a given kernel's own ELF header decides otherwise. */
  bigEndian?: boolean;
  /** Guest RAM in MiB, 16 to 1024. */
  memoryMiB?: number;
  tlbEntries?: 16 | 32 | 64;
  commandLine?: string;
  initrd?: { name: string; bytes: Uint8Array };
  /** Virtual time of one instruction, in whole nanoseconds. */
  nsPerInstruction?: number;
  /** Seed of everything random in the machine (TLBWR under KVM). */
  seed?: number;
  /** The core of a `malta`. */
  cpu?: (typeof CPUS)[number];
  /** When page tables are flushed as the guest changes its ASID. */
  policy?: (typeof POLICIES)[number];
  /** Host page tables, both of 4 KiB pages: two levels or three. */
  geometry?: (typeof HOST_GEOMETRIES)[number];
  /** Host CPUs that the guest may run on, 1 to MAX_HOST_CPUS; each has its own ASIDs and its own TLB. */
  hostCpus?: number;
  /** With more than one: so many instructions' time after which the guest moves to the next one; absent: it stays. */
  migrateEvery?: number;
  /** `kvm` only: trapping CP0 instructions are rewritten into accesses of the commpage. */
  dynamicTranslation?: boolean;
  /**
   * `malta` only: pages of a TLB entry that TLBWR replaces stay mapped for as long as the guest cannot tell, as QEMU has
   * it. Fewer refills; not with `check`.
   */
  keepReplaced?: boolean;
  /** Every translation that is used is compared with the guest TLB, which is slow. */
  check?: boolean;
  /** At most two of each interface, in the guest's order. They stay open until the next boot, resets included. */
  disks?: DiskConfig[];
}

/** A disk drive with a raw image in it: the PIIX4's IDE, or a virtio card in a PCI slot. */
export interface DiskConfig {
  /** The image's file, on the computer the emulator runs on. */
  path: string;
  interface: 'ide' | 'virtio';
  /** What the guest writes goes to the file; otherwise to an overlay in memory that is gone with the next boot. */
  writable: boolean;
}

/** What a booting guest says it is at. */
export interface BootPhase {
  /** In a few words. */
  name: string;
  /** Guest time of the line that says so, in seconds; null where the kernel stamps none. */
  seconds: number | null;
}

/** What has happened since power-on. */
export interface EventCounts {
  /** To the hypervisor; none on `malta`. */
  exits: number;
  /** Taken by the guest's own handlers. */
  exceptions: number;
  asidChanges: number;
  kernelFlushes: number;
  userFlushes: number;
  gpaFlushes: number;
  /** Dropped from both tables by all of these. */
  pagesFlushed: number;
  tlbWrites: number;
  /** Refill exceptions of the guest. */
  tlbRefills: number;
  hostTlbRefills: number;
  userEntries: number;
  consoleBytes: number;
}

/** The instant a boot phase begins, or, with `phase` null, the one at which the boot is over. */
export interface PhaseMark {
  phase: BootPhase | null;
  instructions: number;
  virtualNs: number;
  counts: EventCounts;
}

/** Longest kernel or initrd file, in bytes. */
export const MAX_FILE = 512 * 1024 * 1024;
