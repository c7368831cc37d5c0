/** Disks as the devices on the board see them: sectors that are read and written at once. */

export const SECTOR_SIZE = 512;

/** A disk of 512-byte sectors. What fails on the host's side throws {@link DiskError}. */
export interface BlockDevice {
  /** Capacity. Callers keep within it. */
  readonly sectors: number;
  readonly readOnly: boolean;
  /** `count` sectors from sector `lba`. */
  read(lba: number, count: number): Uint8Array;
  /** Writes whole sectors from sector `lba`. */
  write(lba: number, bytes: Uint8Array): void;
  /** Returns when what was written is safe. */
  flush(): void;
  /** Lets go of what is below; the disk is not used after it. */
  close(): void;
}

/** An image that cannot be used or a host file that fails; the message is one sentence that names it. */
export class DiskError extends Error {}

/** Random access to an image, which the host provides. Offsets and lengths in bytes, within `size`. */
export interface ImageAccess {
  readonly size: number;
  read(offset: number, length: number): Uint8Array;
  /** Absent: the image is not to be changed. */
  write?(offset: number, bytes: Uint8Array): void;
  flush?(): void;
  close?(): void;
}

/** Image formats that are not raw, by the bytes they start with. */
const OTHER_FORMATS: readonly (readonly [magic: string, format: string])[] = [
  ['QFI\xfb', 'a QCOW'],
  ['KDMV', 'a VMDK'],
  ['# Disk DescriptorFile', 'a VMDK'],
  ['<<<', 'a VDI'],
  ['vhdxfile', 'a VHDX'],
  ['conectix', 'a VHD'],
  ['\x1f\x8b', 'a gzip-compressed'],
  ['\xfd7zXZ\0', 'an xz-compressed'],
];

/** A raw image: sector n is at byte 512 n. */
export class RawImage implements BlockDevice {
  readonly sectors: number;
  readonly readOnly: boolean;

  /** @param name the image's file, for messages */
  constructor(
    name: string,
    private readonly access: ImageAccess,
  ) {
    const { size } = access;
    if (size === 0 || size % SECTOR_SIZE !== 0) {
      throw new DiskError(
        `${name}: a disk image is whole sectors of ${SECTOR_SIZE} bytes, and this has ${size} bytes.`,
      );
    }
    const start = String.fromCharCode(...access.read(0, 32));
    const other = OTHER_FORMATS.find(([magic]) => start.startsWith(magic));
    if (other) throw new DiskError(`${name}: this is ${other[1]} image; make it a raw one first.`);
    this.sectors = size / SECTOR_SIZE;
    this.readOnly = access.write === undefined;
  }

  read(lba: number, count: number): Uint8Array {
    return this.access.read(lba * SECTOR_SIZE, count * SECTOR_SIZE);
  }

  write(lba: number, bytes: Uint8Array): void {
    this.access.write?.(lba * SECTOR_SIZE, bytes);
  }

  flush(): void {
    this.access.flush?.();
  }

  close(): void {
    this.access.close?.();
  }
}

/** Sectors that are copied together on the first write to one of them: 64 KiB. */
const CLUSTER = 128;

/** Copy on write: takes every write into memory, so the disk below stays as it is. Never larger than that disk. */
export class Overlay implements BlockDevice {
  readonly readOnly = false;
  private readonly clusters = new Map<number, Uint8Array>();

  constructor(private readonly base: BlockDevice) {}

  get sectors(): number {
    return this.base.sectors;
  }

  /** Bytes of memory that changed sectors take. */
  get size(): number {
    return this.clusters.size * CLUSTER * SECTOR_SIZE;
  }

  read(lba: number, count: number): Uint8Array {
    if (this.clusters.size === 0) return this.base.read(lba, count);
    const bytes = new Uint8Array(count * SECTOR_SIZE);
    for (const { cluster, first, sector, sectors } of pieces(lba, count)) {
      const held = this.clusters.get(cluster);
      const at = (sector - lba) * SECTOR_SIZE;
      if (!held) bytes.set(this.base.read(sector, sectors), at);
      else bytes.set(held.subarray(first * SECTOR_SIZE, (first + sectors) * SECTOR_SIZE), at);
    }
    return bytes;
  }

  write(lba: number, bytes: Uint8Array): void {
    for (const { cluster, first, sector, sectors } of pieces(lba, bytes.length / SECTOR_SIZE)) {
      const at = (sector - lba) * SECTOR_SIZE;
      this.hold(cluster).set(bytes.subarray(at, at + sectors * SECTOR_SIZE), first * SECTOR_SIZE);
    }
  }

  flush(): void {}

  close(): void {
    this.clusters.clear();
    this.base.close();
  }

  private hold(cluster: number): Uint8Array {
    let held = this.clusters.get(cluster);
    if (!held) {
      held = new Uint8Array(CLUSTER * SECTOR_SIZE);
      const first = cluster * CLUSTER;
      held.set(this.base.read(first, Math.min(CLUSTER, this.sectors - first)));
      this.clusters.set(cluster, held);
    }
    return held;
  }
}

/** Cuts a run of sectors at the clusters' borders; `first` is the sector's number within its cluster. */
function* pieces(
  lba: number,
  count: number,
): Generator<{ cluster: number; first: number; sector: number; sectors: number }> {
  for (let sector = lba; sector < lba + count;) {
    const first = sector % CLUSTER;
    const sectors = Math.min(CLUSTER - first, lba + count - sector);
    yield { cluster: Math.floor(sector / CLUSTER), first, sector, sectors };
    sector += sectors;
  }
}
