/**
 * Kernel modules out of a kernel's package, for an initial RAM disk: the drivers a guest needs to get at its disks,
 * with what these depend on, in the order they are inserted.
 *
 * A package has no modules.dep (depmod writes it where a kernel is installed), so the order is worked out from what the
 * modules say of themselves. Source: modinfo(8), modules.dep(5), modprobe.d(5) on soft dependencies; ELF, "Sections".
 */
import { LoadError } from '../boot/elf.ts';
import type { CpioEntry } from './cpio.ts';
import { unpackDeb } from './deb.ts';
import { compressionOf, unpackAll } from './decompress.ts';

/** What a module's .modinfo section says, as far as it matters for inserting it. */
export interface ModuleInfo {
  name: string;
  /** Names of modules that must be there before. */
  depends: string[];
  /** Names or aliases of modules that should be there before, if they exist. */
  softBefore: string[];
  aliases: string[];
}

export interface KernelModule extends ModuleInfo {
  /** Below lib/modules/RELEASE. */
  path: string;
  bytes: Uint8Array;
}

export interface KernelModules {
  /** What `uname -r` prints under their kernel. */
  release: string;
  /** In the order they are inserted. */
  modules: KernelModule[];
}

/** IDE, SATA's and SCSI's disks, virtio's disk, entropy source and console, and the file system of most disks. */
export const DISK_MODULES = [
  'sd_mod',
  'ata_piix',
  'virtio_pci',
  'virtio_blk',
  'virtio_rng',
  'virtio_console',
  'ext4',
] as const;

const MODULE = /^(?:usr\/)?lib\/modules\/([^/]+)\/((?:[^/]+\/)*([^/]+)\.ko)(?:\.(?:gz|xz|zst))?$/;
const MAX_MODULE = 64 * 1024 * 1024;

/**
 * @param name the package's file name, for error messages
 * @param wanted module names; one that the package does not have is taken to be a part of the kernel itself
 * @throws LoadError when the package is damaged or has no modules, or a module lacks one that it needs
 */
export async function takeModules(
  name: string,
  deb: Uint8Array,
  wanted: readonly string[] = DISK_MODULES,
): Promise<KernelModules> {
  const found: KernelModule[] = [];
  let release = '';
  for await (const entry of (await unpackDeb(name, deb)).files()) {
    const match = entry.kind === 'file' ? MODULE.exec(entry.path) : null;
    if (!match) continue;
    const [, of, path] = match as unknown as [string, string, string];
    if (release !== '' && of !== release) {
      throw new LoadError(`${name}: holds modules of the kernels ${release} and ${of}; choose the package of one.`);
    }
    release = of;
    const packed = await entry.read();
    const what = `${name}: ${entry.path}`;
    const bytes = compressionOf(packed) === 'none' ? packed : await unpackAll(what, packed, MAX_MODULE);
    found.push({ path, bytes, ...readModuleInfo(what, bytes) });
  }
  if (found.length === 0) {
    throw new LoadError(`${name}: holds no kernel modules (lib/modules/*/*.ko); choose a linux-image package.`);
  }
  return { release, modules: inOrder(name, found, wanted) };
}

/** Those wanted and all they depend on, every one after what it depends on. */
export function inOrder<M extends ModuleInfo>(name: string, found: readonly M[], wanted: readonly string[]): M[] {
  const byName = new Map(found.map((module) => [module.name, module]));
  const order = new Set<M>();
  const above = new Set<M>();
  const add = (module: M): void => {
    if (order.has(module)) return;
    if (above.has(module)) throw new LoadError(`${name}: the module ${module.name} depends on itself; choose another.`);
    above.add(module);
    for (const soft of module.softBefore.map(sameDash)) {
      for (const other of found) {
        if (other !== module && (other.name === soft || other.aliases.includes(soft))) add(other);
      }
    }
    for (const needed of module.depends) {
      const other = byName.get(needed);
      if (!other) {
        throw new LoadError(`${name}: the module ${module.name} needs ${needed}, which is missing; choose another.`);
      }
      add(other);
    }
    above.delete(module);
    order.add(module);
  };
  for (const one of wanted) {
    const module = byName.get(sameDash(one));
    if (module) add(module);
  }
  return [...order];
}

/** Modules are named with either; the kernel takes them for the same. */
const sameDash = (name: string): string => name.replaceAll('-', '_');

const ELF_MAGIC = 0x7f454c46;
const MACHINE_MIPS = 8;
const HEADER = { machine: 18, sections: 32, sectionSize: 46, sectionCount: 48, nameSection: 50, size: 52 } as const;
const SECTION = { name: 0, offset: 16, length: 20, size: 40 } as const;

/** @throws LoadError when it is no module for a 32-bit MIPS */
export function readModuleInfo(name: string, bytes: Uint8Array): ModuleInfo {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const refuse = (what: string): LoadError => new LoadError(`${name}: ${what}; choose another package.`);
  if (bytes.length < HEADER.size || view.getUint32(0) !== ELF_MAGIC) throw refuse('is not an ELF file');
  const little = bytes[5] === 1;
  const half = (at: number): number => view.getUint16(at, little);
  const word = (at: number): number => view.getUint32(at, little);
  if (bytes[4] !== 1 || half(HEADER.machine) !== MACHINE_MIPS) throw refuse('is not a module for a 32-bit MIPS');
  const table = word(HEADER.sections);
  const size = half(HEADER.sectionSize);
  const count = half(HEADER.sectionCount);
  if (size < SECTION.size || table + count * size > bytes.length) throw refuse('is damaged at its section headers');
  const contents = (index: number): Uint8Array => {
    const at = table + index * size;
    const offset = word(at + SECTION.offset);
    return bytes.subarray(offset, offset + word(at + SECTION.length));
  };
  const text = (part: Uint8Array): string => new TextDecoder('latin1').decode(part);
  const names = half(HEADER.nameSection) < count ? text(contents(half(HEADER.nameSection))) : '';
  for (let i = 0; i < count; i++) {
    const start = word(table + i * size + SECTION.name);
    if (names.slice(start, names.indexOf('\0', start)) !== '.modinfo') continue;
    return parseModuleInfo(text(contents(i)), refuse);
  }
  throw refuse('has no section .modinfo');
}

function parseModuleInfo(text: string, refuse: (what: string) => LoadError): ModuleInfo {
  const all = (key: string): string[] =>
    text
      .split('\0')
      .filter((line) => line.startsWith(`${key}=`))
      .map((line) => line.slice(key.length + 1));
  const [name] = all('name');
  if (!name) throw refuse('does not say its name');
  return {
    name: sameDash(name),
    depends: all('depends').flatMap((list) => list.split(',').filter(Boolean).map(sameDash)),
    softBefore: all('softdep').flatMap((line) => {
      const before = /pre:\s*((?:[^\s:]+(?:\s+|$))*)/.exec(line)?.[1] ?? '';
      return before.split(/\s+/).filter(Boolean);
    }),
    aliases: all('alias').map(sameDash),
  };
}

/** Names of the modules' files in their order, one a line, below lib/modules/RELEASE. */
export const MODULE_LIST = 'modules.load';

/** The modules as an initial RAM disk has them, with a list of the order. */
export function moduleEntries({ release, modules }: KernelModules): CpioEntry[] {
  const folder = `lib/modules/${release}`;
  const list = modules.map(({ path }) => `${path}\n`).join('');
  const files = [...modules, { path: MODULE_LIST, bytes: new TextEncoder().encode(list) }];
  return files.map(({ path, bytes }) => ({ path: `${folder}/${path}`, kind: 'file', mode: 0o644, contents: bytes }));
}
