/**
 * Malta's monitor flash, read-only here: 4 MiB at 0x1e000000, seen again from the reset vector's 0x1fc00000.
 *
 * Source: MIPS Malta User's Manual (MD00048), 4.2 and 5.1 (REVISION register).
 */

import type { AccessSize, Device } from './device.ts';

export const ROM_SIZE = 4 << 20;

/** The REVISION register replaces the word at 0x1fc00010: Malta, CoreLV (GT-64120). */
const REVISION_OFFSET = 0x10;
const REVISION = 0x420;

export class BootRom implements Device {
  readonly name = 'boot-rom';
  /** The image as the guest's CPU sees it, byte for byte; for the machine to fetch instructions from. */
  readonly bytes = new Uint8Array(ROM_SIZE);
  private readonly view = new DataView(this.bytes.buffer);

  constructor(private readonly bigEndian: boolean) {
    this.load(0, new Uint8Array(0));
  }

  /** Copies an image in at `offset`; what would lie beyond the ROM is dropped. */
  load(offset: number, image: Uint8Array): void {
    if (offset < ROM_SIZE) this.bytes.set(image.subarray(0, ROM_SIZE - offset), offset);
    this.view.setUint32(REVISION_OFFSET, REVISION, !this.bigEndian);
  }

  /** Bytes beyond the end read 0. */
  read(offset: number, size: AccessSize): number {
    if (offset + size > ROM_SIZE) return 0;
    if (size === 1) return this.bytes[offset]!;
    return size === 2 ? this.view.getUint16(offset, !this.bigEndian) : this.view.getUint32(offset, !this.bigEndian);
  }

  write(): void {}

  /** A ROM keeps its contents. */
  reset(): void {}
}
