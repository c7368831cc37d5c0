/** From a boot configuration to a machine that is ready to run. */
import { LoadError, parseElf, type ElfImage } from './boot/elf.ts';
import { inferMachine, planBoot, type BootPlan } from './boot/load.ts';
import type { CodeStore } from './jit/cache-options.ts';
import { CPU_TRAITS } from './cpu/models.ts';
import { Machine } from './machine.ts';
import { DEFAULTS, type MachineOptions } from './machine-options.ts';
import { MAX_HOST_CPUS, type BootConfig, type MachineKind } from './protocol.ts';

/** A BootConfig with its disks opened; or a raw image at the reset vector instead of a kernel. */
export type CreateConfig = Omit<BootConfig, 'disks'> & {
  bios?: { name: string; bytes: Uint8Array };
  /** Where the translations of a guest are kept from run to run, which depend on no more than this. */
  openCode?: ((guest: GuestName) => CodeStore | undefined) | undefined;
} & Partial<
    Pick<
      MachineOptions,
      | 'hostUnmapEvery'
      | 'hostProtectEvery'
      | 'disks'
      | 'virtioConsole'
      | 'engine'
      | 'warmUp'
      | 'threshold'
      | 'batch'
      | 'gather'
      | 'makeCompiler'
      | 'timelineEvents'
    >
  >;

/** What translations are good for: the kernel, and the machine as far as generated code knows it. */
export interface GuestName {
  kernel: Uint8Array;
  machine: Readonly<Record<string, string | number | boolean>>;
}

export interface CreatedMachine {
  machine: Machine;
  /** The kernel's file name, for people. */
  guest: string;
  commandLine: string;
}

/** What KVM gives every guest. */
const KVM_TLB_ENTRIES = 64;
/** Boot ROM in bytes: the largest firmware image. */
const LARGEST_BIOS = 4 << 20;
const RESET_VECTOR = 0xbfc00000;

/**
 * @param bundled reads the bundled kernel for a machine and byte order
 * @throws LoadError naming the file or setting, with one sentence
 */
export function createMachine(
  config: CreateConfig,
  bundled: (machine: MachineKind, bigEndian: boolean) => { name: string; bytes: Uint8Array },
): CreatedMachine {
  const memoryMiB = config.memoryMiB ?? DEFAULTS.memoryMiB;
  const nsPerInstruction = config.nsPerInstruction ?? DEFAULTS.nsPerInstruction;
  const seed = config.seed ?? DEFAULTS.seed;
  if (!Number.isInteger(memoryMiB) || memoryMiB < 16 || memoryMiB > 1024) {
    throw new LoadError(`${memoryMiB} MiB of memory: a guest has 16 to 1024 MiB.`);
  }
  const { hostCpus = 1, migrateEvery = 0 } = config;
  if (!Number.isInteger(hostCpus) || hostCpus < 1 || hostCpus > MAX_HOST_CPUS) {
    throw new LoadError(`${hostCpus} host CPUs: there are 1 to ${MAX_HOST_CPUS}.`);
  }
  if (migrateEvery > 0 && hostCpus === 1) {
    throw new LoadError('With one host CPU there is nowhere to move to: set hostCpus to 2 or more.');
  }
  if (config.keepReplaced && config.check) {
    throw new LoadError(
      'Replaced TLB entries are kept, which the checker would take for mistakes: leave one of the two out.',
    );
  }
  const make = (kind: MachineKind, bigEndian: boolean, kernel: Uint8Array | null): Machine => {
    if (config.keepReplaced && kind !== 'malta') {
      throw new LoadError('Replaced TLB entries can be kept on malta only: KVM takes them from the tables at once.');
    }
    const tlbEntries =
      config.tlbEntries ?? (kind === 'kvm' ? KVM_TLB_ENTRIES : CPU_TRAITS[config.cpu ?? '24Kf'].tlbEntries);
    const { cpu = '24Kf', engine, warmUp = DEFAULTS.warmUp } = config;
    const guest = kernel && { kernel, machine: { kind, bigEndian, memoryMiB, cpu } };
    const codeStore = guest && engine === 'jit' ? config.openCode?.(guest) : undefined;
    // What the two have by the same name goes over as it is; the machine's own needs stand after it.
    const own = { kind, bigEndian, memoryMiB, tlbEntries, nsPerInstruction, seed, codeStore, warmUp };
    return new Machine({ ...config, ...own });
  };

  if (config.bios) {
    const { name, bytes } = config.bios;
    if (bytes.length === 0 || bytes.length > LARGEST_BIOS) {
      throw new LoadError(`${name}: a firmware image has 1 to ${LARGEST_BIOS} bytes, this one ${bytes.length}.`);
    }
    const machine = make('malta', config.bigEndian ?? false, null);
    machine.boot({
      pc: RESET_VECTOR,
      writes: [],
      rom: [{ offset: 0, bytes }],
      registers: {},
      leavesReset: false,
      symbols: [],
    });
    return { machine, guest: name, commandLine: '' };
  }

  const file = config.kernel ?? bundledFor(config, bundled);
  const elf: ElfImage = parseElf(file.name, file.bytes);
  const kind = config.machine ?? inferMachine(elf);
  const plan: BootPlan = planBoot({
    machine: kind,
    elf,
    kernelName: file.name,
    ramSize: memoryMiB << 20,
    commandLine: config.commandLine ?? '',
    initrd: config.initrd,
    seed,
  });
  const machine = make(kind, elf.bigEndian, file.bytes);
  machine.boot(plan);
  return { machine, guest: file.name, commandLine: plan.commandLine };
}

function bundledFor(
  config: CreateConfig,
  bundled: (machine: MachineKind, bigEndian: boolean) => { name: string; bytes: Uint8Array },
): { name: string; bytes: Uint8Array } {
  const bigEndian = config.bigEndian ?? false;
  const kind = config.machine ?? (bigEndian ? 'malta' : 'kvm');
  if (kind === 'kvm' && bigEndian) {
    throw new LoadError('The bundled kernel comes big-endian for malta only; choose the malta machine.');
  }
  return bundled(kind, bigEndian);
}
