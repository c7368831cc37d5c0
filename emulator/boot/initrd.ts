/** Where the initial RAM disk goes: near the top of RAM, as QEMU's Malta places it. */

import { LoadError } from './elf.ts';

/** The kernel puts its bootmap after the disk; 128 KiB is its most. */
const BOOTMAP_BYTES = 128 << 10;
/** Aligned for the largest pages a MIPS kernel may use. */
const ALIGNMENT = 64 << 10;

/**
 * The guest physical address for a RAM disk of `size` bytes.
 * @param ramTop end of the RAM the kernel may use, in bytes
 * @param kernelEnd first guest physical byte after the kernel
 * @throws LoadError when the disk does not fit between the two
 */
export function placeInitrd(name: string, size: number, ramTop: number, kernelEnd: number): number {
  if (size === 0) throw new LoadError(`${name}: the file is empty; choose an initrd (a cpio archive), or none.`);
  const gpa = Math.ceil((ramTop - size - BOOTMAP_BYTES) / ALIGNMENT) * ALIGNMENT;
  if (gpa < kernelEnd || gpa + size > ramTop) {
    // Rounding up, and the MiB that a KVM guest's firmware takes.
    const needed = Math.ceil((kernelEnd + size + BOOTMAP_BYTES + ALIGNMENT) / (1 << 20)) + 1;
    throw new LoadError(
      `${name}: the initrd of ${size} bytes does not fit in ${ramTop} bytes of RAM above the kernel's end at ` +
        `0x${kernelEnd.toString(16)}; give the guest at least ${needed} MiB or choose a smaller initrd.`,
    );
  }
  return gpa;
}
