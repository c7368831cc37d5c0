/** The start page's form as data: defaults of a guest, what is wrong with a field, and the request it makes. */
import { MAX_MIGRATE_EVERY, type BootConfig, type MachineKind } from '../../emulator/protocol.ts';
import type { BootRequest, DiskRequest, GuestEntry } from '../../main/bridge.ts';
import { GUESTS, type Guest } from '../lib/guests.ts';
import { MACHINE_LABEL } from '../lib/layouts.ts';

/** What the form is for. */
export type Choice =
  | { kind: 'bundled'; guest: Guest }
  | { kind: 'library'; entry: GuestEntry }
  /** A kernel opened by hand, or one a configuration names by its path. */
  | { kind: 'file'; id: number; name: string };

export interface DiskSetting {
  /** A library entry's id, or `#` and the number of an open file. */
  source: string;
  interface: DiskRequest['interface'];
  writable: boolean;
}

/** As the form's controls hold it. */
export interface Settings {
  /** `kernel`: the one it is linked for. */
  machine: 'kernel' | MachineKind;
  memory: string;
  /** `machine`: as many as the machine has by itself. */
  tlb: 'machine' | '16' | '32' | '64';
  commandLine: string;
  /** A library entry's id, or empty. */
  initrd: string;
  seed: string;
  cpu: NonNullable<BootConfig['cpu']>;
  policy: NonNullable<BootConfig['policy']>;
  geometry: NonNullable<BootConfig['geometry']>;
  /** A number. */
  hostCpus: string;
  /** Instructions; empty: the guest stays where it is. Of no meaning with one CPU. */
  migrateEvery: string;
  dynamicTranslation: boolean;
  keepReplaced: boolean;
  check: boolean;
  disks: DiskSetting[];
  /** What the form does not show, as the request had it. */
  nsPerInstruction?: number;
}

export const TLB_ENTRIES: Record<MachineKind, '16' | '64'> = { kvm: '64', malta: '16' };
const MEMORY = { bundled: '128', library: '256' } as const;
const SEED = '1';
/** What every machine does when nothing else is said. */
const USUAL = {
  cpu: '24Kf',
  policy: 'lazy-user',
  geometry: 'm32_4k',
  hostCpus: '1',
  migrateEvery: '',
  dynamicTranslation: false,
  keepReplaced: false,
  check: false,
} as const;
const LINUX_COMMAND_LINE = 'console=ttyS0';

/** Whether a kernel is a Linux, which speaks at ttyS0 only when told to. */
const isLinux = ({ version, name }: GuestEntry): boolean => version !== '' || name.toLowerCase().includes('linu');

/** Whether programs of this RAM disk run under that kernel; one that does not tell may. */
export const matches = (initrd: GuestEntry, kernel: GuestEntry): boolean =>
  !initrd.architecture || !kernel.architecture || initrd.architecture === kernel.architecture;

/** @param initrds of the library, newest first */
export function defaultSettings(choice: Choice, initrds: readonly GuestEntry[]): Settings {
  if (choice.kind === 'bundled') {
    const machine = choice.guest.request.machine ?? 'kvm';
    const tlb = TLB_ENTRIES[machine];
    return { ...USUAL, machine, memory: MEMORY.bundled, tlb, commandLine: '', initrd: '', seed: SEED, disks: [] };
  }
  const linux = choice.kind === 'library' && isLinux(choice.entry) ? choice.entry : null;
  return {
    ...USUAL,
    machine: 'kernel',
    memory: MEMORY.library,
    tlb: 'machine',
    commandLine: linux ? LINUX_COMMAND_LINE : '',
    initrd: linux ? (initrds.find((initrd) => matches(initrd, linux))?.id ?? '') : '',
    seed: SEED,
    disks: [],
  };
}

/** The settings a boot had; what it left to the machine is the guest's default, what it left out is out. */
export function settingsOf(request: BootRequest, choice: Choice): Settings {
  const base = defaultSettings(choice, []);
  return {
    machine: request.machine ?? base.machine,
    memory: request.memoryMiB === undefined ? base.memory : String(request.memoryMiB),
    tlb:
      request.tlbEntries === undefined
        ? request.machine
          ? TLB_ENTRIES[request.machine]
          : base.tlb
        : (String(request.tlbEntries) as Settings['tlb']),
    commandLine: request.commandLine ?? '',
    initrd: request.initrdGuest ?? '',
    seed: request.seed === undefined ? base.seed : String(request.seed),
    cpu: request.cpu ?? base.cpu,
    policy: request.policy ?? base.policy,
    geometry: request.geometry ?? base.geometry,
    hostCpus: request.hostCpus === undefined ? base.hostCpus : String(request.hostCpus),
    migrateEvery: request.migrateEvery === undefined ? base.migrateEvery : String(request.migrateEvery),
    dynamicTranslation: request.dynamicTranslation ?? base.dynamicTranslation,
    keepReplaced: request.keepReplaced ?? base.keepReplaced,
    check: request.check ?? base.check,
    disks: (request.disks ?? []).map(({ fileId, guest, ...disk }) => ({ ...disk, source: guest ?? `#${fileId}` })),
    ...(request.nsPerInstruction === undefined ? {} : { nsPerInstruction: request.nsPerInstruction }),
  };
}

/**
 * What a request boots, or null when the library does not have it any more.
 *
 * @param names of files by number, as a configuration has them
 */
export function choiceOf(
  request: BootRequest,
  kernels: readonly GuestEntry[],
  names: Record<number, string> = {},
): Choice | null {
  if (request.kernelId !== undefined) {
    return { kind: 'file', id: request.kernelId, name: names[request.kernelId] ?? 'kernel' };
  }
  if (request.kernelGuest !== undefined) {
    const entry = kernels.find(({ id }) => id === request.kernelGuest);
    return entry ? { kind: 'library', entry } : null;
  }
  const bigEndian = request.bigEndian ?? false;
  const machine = request.machine ?? (bigEndian ? 'malta' : 'kvm');
  const guest = GUESTS.find((one) => one.request.machine === machine && one.request.bigEndian === bigEndian);
  return guest ? { kind: 'bundled', guest } : null;
}

function wholeNumber(text: string, from: number, to: number): number | null {
  const trimmed = text.trim();
  if (!/^\d{1,10}$/.test(trimmed)) return null;
  const value = Number(trimmed);
  return value >= from && value <= to ? value : null;
}

/** Fields that are typed. */
export type TextField = 'memory' | 'commandLine' | 'migrateEvery' | 'seed';
export type Problems = Partial<Record<TextField, string>>;

/** What is wrong, one sentence a field. */
export function problemsOf({ memory, commandLine, hostCpus, migrateEvery, seed }: Settings): Problems {
  const problems: Problems = {};
  if (wholeNumber(memory, 16, 1024) === null) problems.memory = 'Memory is a whole number of MiB, from 16 to 1,024.';
  if (commandLine.length > 4095) problems.commandLine = 'A command line has at most 4,095 characters.';
  if (hostCpus !== '1' && migrateEvery.trim() !== '' && wholeNumber(migrateEvery, 1, MAX_MIGRATE_EVERY) === null) {
    problems.migrateEvery = 'A whole number of instructions, from 1 to 1,000,000,000; empty: it stays on CPU 0.';
  }
  if (wholeNumber(seed, 0, 0xffff_ffff) === null) problems.seed = 'The seed is a whole number from 0 to 4,294,967,295.';
  return problems;
}

/** The request of settings without problems; what is as usual is left out. */
export function requestOf(choice: Choice, settings: Settings): BootRequest {
  const request: BootRequest =
    choice.kind === 'bundled'
      ? { ...choice.guest.request }
      : choice.kind === 'library'
        ? { kernelGuest: choice.entry.id }
        : { kernelId: choice.id };
  if (choice.kind !== 'bundled' && settings.machine !== 'kernel') request.machine = settings.machine;
  request.memoryMiB = Number(settings.memory.trim());
  if (settings.tlb !== 'machine') request.tlbEntries = Number(settings.tlb) as 16 | 32 | 64;
  if (settings.machine !== 'kvm' && settings.cpu !== USUAL.cpu) request.cpu = settings.cpu;
  const commandLine = settings.commandLine.trim();
  if (commandLine) request.commandLine = commandLine;
  if (choice.kind !== 'bundled' && settings.initrd) request.initrdGuest = settings.initrd;
  if (settings.disks.length > 0) {
    request.disks = settings.disks.map(({ source, ...disk }) =>
      source.startsWith('#')
        ? { ...disk, fileId: Number(source.slice(1)) }
        : { ...disk, guest: source, writable: false },
    );
  }
  if (settings.policy !== USUAL.policy) request.policy = settings.policy;
  if (settings.geometry !== USUAL.geometry) request.geometry = settings.geometry;
  if (settings.hostCpus !== USUAL.hostCpus) {
    request.hostCpus = Number(settings.hostCpus);
    if (settings.migrateEvery.trim() !== '') request.migrateEvery = Number(settings.migrateEvery.trim());
  }
  if (settings.machine !== 'malta' && settings.dynamicTranslation) request.dynamicTranslation = true;
  if (settings.machine !== 'kvm' && settings.keepReplaced) request.keepReplaced = true;
  if (settings.check) request.check = true;
  if (settings.nsPerInstruction !== undefined) request.nsPerInstruction = settings.nsPerInstruction;
  request.seed = Number(settings.seed.trim());
  return request;
}

export function titleOf(choice: Choice): string {
  if (choice.kind === 'bundled') return choice.guest.label;
  return choice.kind === 'library' ? choice.entry.name : choice.name;
}

/** The machine in a few words, for a row. */
export function machineText({ machine }: Settings): string {
  return machine === 'kernel' ? 'as linked' : MACHINE_LABEL[machine];
}
