/**
 * virtio-blk: a disk behind one virtqueue.
 *
 * Source: Virtual I/O Device (VIRTIO) Version 1.0, 5.2 (block device).
 */

import { type BlockDevice, DiskError, SECTOR_SIZE } from '../disk/block-device.ts';
import { accessNs } from '../disk/timing.ts';
import type { BoardHost } from './device.ts';
import { VirtioPci } from './virtio-pci.ts';
import { type Chain, Virtqueue } from './virtqueue.ts';

const FEATURE = { segMax: 1 << 2, readOnly: 1 << 5, blockSize: 1 << 6, flush: 1 << 9 } as const;
const QUEUE_SIZE = 256;
/** Segments of data in a request: a queue less the header's and the status' descriptors. */
const SEG_MAX = QUEUE_SIZE - 2;
const FIELD = { capacity: 0, segMax: 12, blockSize: 20, size: 24 } as const;

const HEADER_SIZE = 16;
const REQUEST = { in: 0, out: 1, flush: 4, getId: 8 } as const;
const STATUS = { ok: 0, ioError: 1, unsupported: 2 } as const;
const ID_SIZE = 20;
/** Sectors copied at a time. */
const PIECE = 128;

export class VirtioBlk extends VirtioPci {
  /** @param serial at most 20 characters, what GET_ID answers */
  constructor(
    protected readonly host: BoardHost,
    private readonly disk: BlockDevice,
    private readonly serial: string,
  ) {
    super({
      type: 2,
      transitional: 1,
      classCode: 0x010000,
      features: FEATURE.segMax | FEATURE.blockSize | FEATURE.flush | (disk.readOnly ? FEATURE.readOnly : 0),
    });
    this.queues = [new Virtqueue(host, QUEUE_SIZE)];
  }

  protected configuration(littleEndian: boolean): DataView {
    const view = new DataView(new ArrayBuffer(FIELD.size));
    view.setBigUint64(FIELD.capacity, BigInt(this.disk.sectors), littleEndian);
    view.setUint32(FIELD.segMax, SEG_MAX, littleEndian);
    view.setUint32(FIELD.blockSize, SECTOR_SIZE, littleEndian);
    return view;
  }

  protected cost(_queue: number, chain: Chain): number {
    const bytes = chain.readableLength + chain.writableLength;
    return accessNs(Math.min(Math.floor(bytes / SECTOR_SIZE), this.disk.sectors));
  }

  protected execute(_queue: number, chain: Chain): number {
    const { writableLength } = chain;
    // Without a byte for the status nothing can be said.
    if (writableLength === 0) return 0;
    let written = 0;
    let status: number;
    try {
      [status, written] = this.serve(chain, writableLength - 1);
    } catch (failure) {
      if (!(failure instanceof DiskError)) throw failure;
      status = STATUS.ioError;
    }
    chain.write(writableLength - 1, Uint8Array.of(status));
    return written + 1;
  }

  /** @param room writable bytes before the status. Returns the status and how many of them were filled. */
  private serve(chain: Chain, room: number): [status: number, written: number] {
    const bytes = chain.read(0, HEADER_SIZE);
    if (bytes.length < HEADER_SIZE) return [STATUS.ioError, 0];
    const header = new DataView(bytes.buffer);
    const sector = Number(header.getBigUint64(8, this.littleEndian));
    switch (header.getUint32(0, this.littleEndian)) {
      case REQUEST.in:
        return this.transfer(sector, room, (lba, count, at) => chain.write(at, this.disk.read(lba, count)), room);
      case REQUEST.out:
        if (this.disk.readOnly) return [STATUS.ioError, 0];
        return this.transfer(sector, chain.readableLength - HEADER_SIZE, (lba, count, at) => {
          this.disk.write(lba, chain.read(HEADER_SIZE + at, count * SECTOR_SIZE));
        });
      case REQUEST.flush:
        this.disk.flush();
        return [STATUS.ok, 0];
      case REQUEST.getId: {
        const id = Uint8Array.from({ length: ID_SIZE }, (_, i) => this.serial.charCodeAt(i) || 0);
        const length = Math.min(room, ID_SIZE);
        chain.write(0, id.subarray(0, length));
        return [STATUS.ok, length];
      }
      default:
        return [STATUS.unsupported, 0];
    }
  }

  private transfer(
    sector: number,
    length: number,
    move: (lba: number, count: number, at: number) => void,
    written = 0,
  ): [status: number, written: number] {
    const sectors = length / SECTOR_SIZE;
    if (!Number.isInteger(sectors) || sector + sectors > this.disk.sectors) return [STATUS.ioError, 0];
    for (let done = 0; done < sectors; done += PIECE) {
      move(sector + done, Math.min(PIECE, sectors - done), done * SECTOR_SIZE);
    }
    return [STATUS.ok, written];
  }
}
