/**
 * virtio-rng: random bytes, which follow from the machine's seed.
 *
 * Source: Virtual I/O Device (VIRTIO) Version 1.0, 5.4 (entropy device).
 */

import type { BoardHost } from './device.ts';
import { VirtioPci } from './virtio-pci.ts';
import { type Chain, Virtqueue } from './virtqueue.ts';

const QUEUE_SIZE = 64;
const REQUEST_NS = 10_000;
/** Bytes that one request gets at most. */
const LARGEST = 4096;

export class VirtioRng extends VirtioPci {
  private state: number;

  constructor(
    protected readonly host: BoardHost,
    seed: number,
  ) {
    super({ type: 4, transitional: 5, classCode: 0x00ff00, features: 0 });
    this.queues = [new Virtqueue(host, QUEUE_SIZE)];
    this.state = (seed ^ 0x2545f491) >>> 0 || 1;
  }

  protected configuration(): DataView {
    return new DataView(new ArrayBuffer(0));
  }

  protected cost(): number {
    return REQUEST_NS;
  }

  protected execute(_queue: number, chain: Chain): number {
    const bytes = new Uint8Array(Math.min(chain.writableLength, LARGEST));
    for (let i = 0; i < bytes.length; i++) bytes[i] = this.draw() >>> 24;
    chain.write(0, bytes);
    return bytes.length;
  }

  /** xorshift32 */
  private draw(): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return this.state;
  }
}
