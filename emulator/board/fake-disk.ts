/** A disk in memory for the board's tests: every byte of a sector is the sector's number to begin with. */

import { type BlockDevice, DiskError, SECTOR_SIZE } from '../disk/block-device.ts';

export class FakeDisk implements BlockDevice {
  readonly bytes: Uint8Array;
  flushes = 0;
  /** Everything fails, as when the host's file has gone. */
  broken = false;

  constructor(
    readonly sectors: number,
    readonly readOnly = false,
  ) {
    this.bytes = new Uint8Array(sectors * SECTOR_SIZE);
    for (let lba = 0; lba < sectors; lba++) this.bytes.fill(lba, lba * SECTOR_SIZE, (lba + 1) * SECTOR_SIZE);
  }

  sector(lba: number): Uint8Array {
    return this.bytes.slice(lba * SECTOR_SIZE, (lba + 1) * SECTOR_SIZE);
  }

  read(lba: number, count: number): Uint8Array {
    this.check();
    if (lba < 0 || lba + count > this.sectors) throw new Error(`read beyond the disk: ${lba}, ${count}`);
    return this.bytes.slice(lba * SECTOR_SIZE, (lba + count) * SECTOR_SIZE);
  }

  write(lba: number, bytes: Uint8Array): void {
    this.check();
    if (this.readOnly || lba < 0 || lba * SECTOR_SIZE + bytes.length > this.bytes.length) {
      throw new Error(`write beyond the disk: ${lba}, ${bytes.length} bytes`);
    }
    this.bytes.set(bytes, lba * SECTOR_SIZE);
  }

  flush(): void {
    this.check();
    this.flushes++;
  }

  close(): void {}

  private check(): void {
    if (this.broken) throw new DiskError('disk.img: gone.');
  }
}
