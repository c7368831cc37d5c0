/**
 * virtio-console: one port, the guest's hvc0.
 *
 * Source: Virtual I/O Device (VIRTIO) Version 1.0, 5.3 (console device), without the multiport feature: queue 0 takes
 * input to the guest, queue 1 its output.
 */

import type { BoardHost } from './device.ts';
import { MAX_HOST_QUEUE } from './uart16550.ts';
import { VirtioPci } from './virtio-pci.ts';
import { type Chain, Virtqueue } from './virtqueue.ts';

const QUEUE_SIZE = 64;
const [RECEIVE, TRANSMIT] = [0, 1] as const;
const REQUEST_NS = 10_000;
/** A megabyte a second: a host that shows what the guest sends keeps up. */
const BYTE_NS = 1000;
/** Bytes of output taken from one request; no driver's are as long. */
const LARGEST = 1 << 20;
/** Bytes copied at a time. */
const PIECE = 4096;

export class VirtioConsole extends VirtioPci {
  /** Input that the guest has given no buffer for yet. */
  private waiting = new Uint8Array(0);

  constructor(protected readonly host: BoardHost) {
    super({ type: 3, transitional: 3, classCode: 0x078000, features: 0 });
    this.queues = [new Virtqueue(host, QUEUE_SIZE), new Virtqueue(host, QUEUE_SIZE)];
  }

  /** Input for the guest; returns how many of the bytes were taken. It survives a reset, as a UART's does. */
  receive(bytes: Uint8Array): number {
    const taken = Math.min(bytes.length, MAX_HOST_QUEUE - this.waiting.length);
    const both = new Uint8Array(this.waiting.length + taken);
    both.set(this.waiting);
    both.set(bytes.subarray(0, taken), this.waiting.length);
    this.waiting = both;
    this.resume(RECEIVE);
    return taken;
  }

  protected configuration(): DataView {
    // Columns and rows, which count only where the size feature is offered.
    return new DataView(new ArrayBuffer(4));
  }

  protected cost(queue: number, chain: Chain): number {
    const bytes = queue === TRANSMIT ? chain.readableLength : Math.min(chain.writableLength, this.waiting.length);
    return REQUEST_NS + BYTE_NS * Math.min(bytes, LARGEST);
  }

  protected override mayServe(queue: number): boolean {
    return queue === TRANSMIT || this.waiting.length > 0;
  }

  protected execute(queue: number, chain: Chain): number {
    if (queue === TRANSMIT) {
      const length = Math.min(chain.readableLength, LARGEST);
      for (let at = 0; at < length; at += PIECE) {
        for (const byte of chain.read(at, Math.min(PIECE, length - at))) this.host.transmit('hvc0', byte);
      }
      return 0;
    }
    const length = Math.min(chain.writableLength, this.waiting.length);
    chain.write(0, this.waiting.subarray(0, length));
    this.waiting = this.waiting.slice(length);
    return length;
  }
}
