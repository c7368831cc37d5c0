/**
 * A split virtqueue, from the device's side: rings and descriptors in guest RAM.
 *
 * Source: Virtual I/O Device (VIRTIO) Version 1.0, 2.4 (split virtqueues). Neither indirect descriptors nor event indices
 * are offered.
 */

import type { BoardHost } from './device.ts';

const DESCRIPTOR = { size: 16, address: 0, length: 8, flags: 12, next: 14 } as const;
const FLAG = { next: 0x1, write: 0x2 } as const;
const NO_INTERRUPT = 0x1;
/** Offsets of the index and the first entry, in both rings. */
const RING = { flags: 0, index: 2, entries: 4 } as const;
const LEGACY_ALIGN = 4096;

interface Segment {
  gpa: number;
  length: number;
}

type Dma = Pick<BoardHost, 'dmaRead' | 'dmaWrite'>;

/** A request: the bytes that the device reads, and those that it writes. Lengths are the guest's, and may be vast. */
export class Chain {
  readonly readable: Segment[] = [];
  readonly writable: Segment[] = [];

  constructor(
    readonly head: number,
    private readonly dma: Dma,
  ) {}

  get readableLength(): number {
    return total(this.readable);
  }

  get writableLength(): number {
    return total(this.writable);
  }

  /** `length` readable bytes from byte `at`; fewer at the end. */
  read(at: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    const done = walk(this.readable, at, length, (gpa, from, to) => {
      bytes.set(this.dma.dmaRead(gpa, to - from), from);
    });
    return bytes.subarray(0, done);
  }

  /** Writes from writable byte `at`; what goes beyond the end is lost. */
  write(at: number, bytes: Uint8Array): void {
    walk(this.writable, at, bytes.length, (gpa, from, to) => this.dma.dmaWrite(gpa, bytes.subarray(from, to)));
  }
}

function total(segments: readonly Segment[]): number {
  return segments.reduce((sum, { length }) => sum + length, 0);
}

/** Visits the `length` bytes from byte `at` of the segments, piece by piece. Returns how many there were. */
function walk(
  segments: readonly Segment[],
  at: number,
  length: number,
  visit: (gpa: number, from: number, to: number) => void,
): number {
  let done = 0;
  for (const segment of segments) {
    if (done === length) break;
    if (at >= segment.length) {
      at -= segment.length;
      continue;
    }
    const piece = Math.min(segment.length - at, length - done);
    visit(segment.gpa + at, done, done + piece);
    done += piece;
    at = 0;
  }
  return done;
}

export class Virtqueue {
  /** Entries, a power of two. */
  size: number;
  enabled = false;
  /** Byte addresses of the three areas. */
  descriptors = 0;
  available = 0;
  used = 0;
  /** Under the legacy interface the areas are in the guest's own byte order. */
  littleEndian = true;
  private lastAvailable = 0;
  private usedIndex = 0;

  constructor(
    private readonly dma: Dma,
    readonly maxSize: number,
  ) {
    this.size = maxSize;
  }

  reset(): void {
    this.size = this.maxSize;
    this.enabled = false;
    this.descriptors = 0;
    this.available = 0;
    this.used = 0;
    this.littleEndian = true;
    this.lastAvailable = 0;
    this.usedIndex = 0;
  }

  /** Places the areas as the legacy interface has them: one after the other from `base`, the last on a page of its own. */
  setLegacyBase(base: number, bigEndian: boolean): void {
    this.reset();
    this.littleEndian = !bigEndian;
    this.enabled = base !== 0;
    this.descriptors = base;
    this.available = base + DESCRIPTOR.size * this.size;
    const end = this.available + RING.entries + 2 * this.size + 2;
    this.used = Math.ceil(end / LEGACY_ALIGN) * LEGACY_ALIGN;
  }

  /** The next request, null when there is none, or 'broken' when the driver has left nonsense. */
  pop(): Chain | 'broken' | null {
    if (!this.enabled) return null;
    const index = this.read(this.available + RING.index, 2).getUint16(0, this.littleEndian);
    const waiting = (index - this.lastAvailable) & 0xffff;
    if (waiting === 0) return null;
    if (waiting > this.size) return 'broken';
    const slot = this.available + RING.entries + 2 * (this.lastAvailable % this.size);
    this.lastAvailable = (this.lastAvailable + 1) & 0xffff;
    return this.chain(this.read(slot, 2).getUint16(0, this.littleEndian));
  }

  /** Hands a request back with `written` bytes in its writable part. */
  push(head: number, written: number): void {
    const entry = new DataView(new ArrayBuffer(8));
    entry.setUint32(0, head, this.littleEndian);
    entry.setUint32(4, written, this.littleEndian);
    this.write(this.used + RING.entries + 8 * (this.usedIndex % this.size), entry);
    this.usedIndex = (this.usedIndex + 1) & 0xffff;
    const index = new DataView(new ArrayBuffer(2));
    index.setUint16(0, this.usedIndex, this.littleEndian);
    this.write(this.used + RING.index, index);
  }

  /** Whether the driver wants to hear of requests handed back. */
  wantsInterrupt(): boolean {
    return !(this.read(this.available + RING.flags, 2).getUint16(0, this.littleEndian) & NO_INTERRUPT);
  }

  /** A chain has at most as many descriptors as the queue has entries; a longer one runs in circles. */
  private chain(head: number): Chain | 'broken' {
    const chain = new Chain(head, this.dma);
    let next = head;
    for (let seen = 0; seen < this.size; seen++) {
      if (next >= this.size) return 'broken';
      const descriptor = this.read(this.descriptors + DESCRIPTOR.size * next, DESCRIPTOR.size);
      const word = (at: number): number => descriptor.getUint32(at, this.littleEndian);
      const [first, second] = [word(DESCRIPTOR.address), word(DESCRIPTOR.address + 4)];
      const gpa = this.littleEndian ? second * 2 ** 32 + first : first * 2 ** 32 + second;
      const flags = descriptor.getUint16(DESCRIPTOR.flags, this.littleEndian);
      if (flags & ~(FLAG.next | FLAG.write)) return 'broken';
      const segment = { gpa, length: word(DESCRIPTOR.length) };
      if (flags & FLAG.write) chain.writable.push(segment);
      else if (chain.writable.length > 0) return 'broken';
      else chain.readable.push(segment);
      if (!(flags & FLAG.next)) return chain;
      next = descriptor.getUint16(DESCRIPTOR.next, this.littleEndian);
    }
    return 'broken';
  }

  private read(gpa: number, length: number): DataView {
    const bytes = this.dma.dmaRead(gpa, length);
    return new DataView(bytes.buffer, bytes.byteOffset, length);
  }

  private write(gpa: number, view: DataView): void {
    this.dma.dmaWrite(gpa, new Uint8Array(view.buffer));
  }
}
