/** The start page's form as data: defaults of a guest, what is wrong with a field, and the request it makes. */
import type { MachineKind } from '../../emulator/protocol.ts';
import type { BootRequest, GuestEntry } from '../../main/bridge.ts';
import type { Guest } from '../lib/guests.ts';

/** What the form is for. */
export type Choice = { kind: 'bundled'; guest: Guest } | { kind: 'library'; entry: GuestEntry };

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
}

export const TLB_ENTRIES: Record<MachineKind, '16' | '64'> = { kvm: '64', malta: '16' };
const MEMORY = { bundled: '128', library: '256' } as const;
const SEED = '1';
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
    return { machine, memory: MEMORY[choice.kind], tlb: TLB_ENTRIES[machine], commandLine: '', initrd: '', seed: SEED };
  }
  return {
    machine: 'kernel',
    memory: MEMORY[choice.kind],
    tlb: 'machine',
    commandLine: isLinux(choice.entry) ? LINUX_COMMAND_LINE : '',
    initrd: isLinux(choice.entry) ? (initrds.find((initrd) => matches(initrd, choice.entry))?.id ?? '') : '',
    seed: SEED,
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
  };
}

function wholeNumber(text: string, from: number, to: number): number | null {
  const trimmed = text.trim();
  if (!/^\d{1,10}$/.test(trimmed)) return null;
  const value = Number(trimmed);
  return value >= from && value <= to ? value : null;
}

export type Problems = Partial<Record<'memory' | 'commandLine' | 'seed', string>>;

/** What is wrong, one sentence a field. */
export function problemsOf({ memory, commandLine, seed }: Settings): Problems {
  const problems: Problems = {};
  if (wholeNumber(memory, 16, 1024) === null) problems.memory = 'Memory is a whole number of MiB, from 16 to 1,024.';
  if (commandLine.length > 4095) problems.commandLine = 'A command line has at most 4,095 characters.';
  if (wholeNumber(seed, 0, 0xffff_ffff) === null) problems.seed = 'The seed is a whole number from 0 to 4,294,967,295.';
  return problems;
}

/** The request of settings without problems. */
export function requestOf(choice: Choice, settings: Settings): BootRequest {
  const request: BootRequest =
    choice.kind === 'bundled' ? { ...choice.guest.request } : { kernelGuest: choice.entry.id };
  if (choice.kind === 'library' && settings.machine !== 'kernel') request.machine = settings.machine;
  request.memoryMiB = Number(settings.memory.trim());
  if (settings.tlb !== 'machine') request.tlbEntries = Number(settings.tlb) as 16 | 32 | 64;
  const commandLine = settings.commandLine.trim();
  if (commandLine) request.commandLine = commandLine;
  if (choice.kind === 'library' && settings.initrd) request.initrdGuest = settings.initrd;
  request.seed = Number(settings.seed.trim());
  return request;
}

export function titleOf(choice: Choice): string {
  return choice.kind === 'bundled' ? choice.guest.label : choice.entry.name;
}
