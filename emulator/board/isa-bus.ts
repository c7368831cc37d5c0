/** The ISA bus's 64 KiB of I/O ports: which device answers at which port. Little endian, as seen from PCI. */

import type { AccessSize, Device } from './device.ts';
import { SIZE_MASK } from './lanes.ts';

/** How often a device has been accessed since power-on. */
export interface AccessCount {
  reads: number;
  writes: number;
}

interface Claim {
  device: Device;
  /** Subtracted from the port to give the device's offset. */
  base: number;
  /** Takes 2- and 4-byte accesses whole; others see them byte by byte. */
  wide: boolean;
  count: AccessCount;
}

const PORTS = 0x10000;

export class IsaBus {
  private readonly claims: (Claim | null)[] = [null];
  private readonly owner = new Uint8Array(PORTS);

  /** Gives `device` the ports from `first`, which it sees as offsets from `offset`. Returns what releases them. */
  claim(
    first: number,
    ports: number,
    device: Device,
    count: AccessCount,
    { offset = 0, wide = false }: { offset?: number; wide?: boolean } = {},
  ): () => void {
    const free = this.claims.indexOf(null, 1);
    const index = free < 0 ? this.claims.length : free;
    this.claims[index] = { device, base: first - offset, wide, count };
    // Ports that another device holds stay with it, so a movable block cannot hide a fixed one.
    for (let port = first; port < Math.min(first + ports, PORTS); port++) this.owner[port] ||= index;
    return () => {
      for (let port = 0; port < PORTS; port++) if (this.owner[port] === index) this.owner[port] = 0;
      this.claims[index] = null;
    };
  }

  /** Where no device answers, the bus floats: all ones. */
  read(port: number, size: AccessSize): number {
    const claim = this.claims[this.owner[port] ?? 0];
    if (claim && (size === 1 || claim.wide)) {
      claim.count.reads++;
      return (claim.device.read(port - claim.base, size) & SIZE_MASK[size]) >>> 0;
    }
    if (size === 1) return 0xff;
    let value = 0;
    for (let i = 0; i < size; i++) value |= this.read(port + i, 1) << (8 * i);
    return value >>> 0;
  }

  write(port: number, size: AccessSize, value: number): void {
    const claim = this.claims[this.owner[port] ?? 0];
    if (claim && (size === 1 || claim.wide)) {
      claim.count.writes++;
      claim.device.write(port - claim.base, size, value);
    } else if (size > 1) {
      for (let i = 0; i < size; i++) this.write(port + i, 1, (value >>> (8 * i)) & 0xff);
    }
  }
}
