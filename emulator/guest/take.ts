/** What there is to take out of a file: a package's kernel or busybox, or the file itself. */
import { LoadError, parseElf } from '../boot/elf.ts';
import { isCpio, readCpio } from './cpio.ts';
import { unpackDeb } from './deb.ts';
import { unpackAll } from './decompress.ts';
import { checkBusybox } from './initramfs.ts';

export type TakenKind = 'kernel' | 'busybox' | 'initramfs';

export interface Taken {
  kind: TakenKind;
  /** A file name. */
  name: string;
  /** Empty where the file does not tell. */
  version: string;
  /** As Debian names it, `mips` or `mipsel`; empty where it makes no difference. */
  architecture: string;
  bytes: Uint8Array;
}

const KERNEL = /^boot\/vmlinu[xz](?:-[^/]+)?$/;
const BUSYBOX = /^(?:usr\/)?bin\/busybox$/;
/** Bytes an initial RAM disk may unpack to: no machine here has more RAM. */
const MAX_INITRAMFS = 2 ** 30;
/** Below this are programs, above it kernels of KVM guests. */
const KERNELS_START = 0x40000000;

/** @throws LoadError when the package is damaged or holds neither of the two */
export async function takeFromPackage(name: string, bytes: Uint8Array): Promise<Taken> {
  const deb = await unpackDeb(name, bytes);
  for await (const entry of deb.files()) {
    if (entry.kind !== 'file') continue;
    const isKernel = KERNEL.test(entry.path);
    if (!isKernel && !BUSYBOX.test(entry.path)) continue;
    const contents = await entry.read();
    const what = `${name}: ${entry.path}`;
    if (isKernel) parseElf(what, contents);
    else checkBusybox(what, contents);
    return {
      kind: isKernel ? 'kernel' : 'busybox',
      name: isKernel ? entry.path.slice('boot/'.length) : 'busybox',
      version: deb.version,
      architecture: deb.architecture,
      bytes: contents,
    };
  }
  const real = deb.depends.find((one) => one.startsWith('linux-image-'));
  throw new LoadError(
    real
      ? `${name}: only points to the package ${real}; choose that one.`
      : `${name}: holds neither a kernel (boot/vmlinux-* or boot/vmlinuz-*) nor bin/busybox; choose another package.`,
  );
}

/** @throws LoadError when the file is neither a kernel nor busybox for a 32-bit MIPS */
export function takeElf(name: string, bytes: Uint8Array): Taken {
  const little = bytes[5] === 1;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isProgram = bytes.length >= 52 && bytes[4] === 1 && view.getUint32(24, little) < KERNELS_START;
  const architecture = little ? 'mipsel' : 'mips';
  if (isProgram) {
    checkBusybox(name, bytes);
    const version = printed(bytes, 'BusyBox v');
    if (version === '') throw new LoadError(`${name}: is a program, but not busybox; choose a kernel or busybox.`);
    return { kind: 'busybox', name, version, architecture, bytes };
  }
  parseElf(name, bytes);
  const version = printed(bytes, 'Linux version ') || (/vmlinu[xz]-(\w[\w.+~-]*)$/.exec(name)?.[1] ?? '');
  return { kind: 'kernel', name, version, architecture, bytes };
}

/** @throws LoadError when the initial RAM disk is damaged or larger than a machine's RAM */
export async function takeInitramfs(name: string, bytes: Uint8Array): Promise<Taken> {
  readCpio(name, isCpio(bytes) ? bytes : await unpackAll(name, bytes, MAX_INITRAMFS));
  return { kind: 'initramfs', name, version: '', architecture: '', bytes };
}

/** A static busybox, given as a package or as the program. @throws LoadError when it is none */
export async function takeBusybox(name: string, bytes: Uint8Array, isPackage: boolean): Promise<Taken> {
  const taken = isPackage ? await takeFromPackage(name, bytes) : takeElf(name, bytes);
  if (taken.kind === 'busybox') return taken;
  throw new LoadError(`${name}: is a kernel, not busybox; choose Debian's busybox-static package or a static busybox.`);
}

/** The word after `prefix` where it stands in the file; empty where it does not. */
function printed(bytes: Uint8Array, prefix: string): string {
  const wanted = new TextEncoder().encode(prefix);
  for (let at = bytes.indexOf(wanted[0]!); at >= 0; at = bytes.indexOf(wanted[0]!, at + 1)) {
    if (!wanted.every((byte, i) => bytes[at + i] === byte)) continue;
    const start = at + wanted.length;
    const word = new TextDecoder('latin1').decode(bytes.subarray(start, start + 64));
    const version = /^\d[\w.+~-]*/.exec(word)?.[0];
    if (version) return version;
  }
  return '';
}
