/** What kind of guest file this is, by its contents. */
import { LoadError } from '../boot/elf.ts';
import { isAr } from './ar.ts';
import { isCpio } from './cpio.ts';
import { compressionOf, unpack } from './decompress.ts';

export type FileKind = 'package' | 'elf' | 'initramfs' | 'disk';

/** Bytes of a file's beginning that tell its kind: more than zstd's largest block, which unpacks as a whole. */
export const HEAD_SIZE = 256 * 1024;

const u16 = (bytes: Uint8Array, at: number): number => (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);

const ascii = (bytes: Uint8Array, at: number, text: string): boolean =>
  [...text].every((character, i) => bytes[at + i] === character.charCodeAt(0));

/** Marks of raw disk images: a partition table, ext2 to ext4, squashfs, XFS, ISO 9660, swap. */
function isDisk(head: Uint8Array): boolean {
  return (
    u16(head, 510) === 0xaa55 ||
    u16(head, 0x438) === 0xef53 ||
    ascii(head, 0, 'hsqs') ||
    ascii(head, 0, 'XFSB') ||
    ascii(head, 0x8001, 'CD001') ||
    ascii(head, 4086, 'SWAPSPACE2')
  );
}

/**
 * @param head the file's first {@link HEAD_SIZE} bytes, or all of a smaller one
 * @throws LoadError when it is none of them
 */
export async function identify(name: string, head: Uint8Array): Promise<FileKind> {
  if (isAr(head)) return 'package';
  if (ascii(head, 0, '\x7fELF')) return 'elf';
  if (isCpio(head)) return 'initramfs';
  const compression = compressionOf(head);
  if (compression !== 'none') {
    // The head of a larger file ends early; its first bytes come out all the same.
    const first = await firstPiece(name, head);
    if (first && isCpio(first)) return 'initramfs';
    throw new LoadError(
      `${name}: holds ${compression} data, but no initial RAM disk in it; unpack it and choose the file inside.`,
    );
  }
  if (ascii(head, 0, 'QFI\xfb')) {
    throw new LoadError(`${name}: is a qcow2 image; make it a raw one first (qemu-img convert -O raw).`);
  }
  if (isDisk(head)) return 'disk';
  throw new LoadError(
    `${name}: is no kernel (ELF), Debian package, initial RAM disk (cpio) or raw disk image; choose one of these.`,
  );
}

async function firstPiece(name: string, head: Uint8Array): Promise<Uint8Array | null> {
  try {
    for await (const piece of unpack(name, head)) return piece;
  } catch {
    // As good as nothing in it.
  }
  return null;
}
