/**
 * A guest's memory without any table: a list of TLB entries in order, the current ASID, and the contents of RAM by guest
 * physical address. What the emulator's tables do must never be told apart from this.
 */
import type { MachineKind } from '../protocol.ts';

export interface PlainEntry {
  hi: number;
  lo: [even: number, odd: number];
}

export type PlainAnswer =
  { kind: 'memory'; gpa: number } | { kind: 'refill' | 'invalid' | 'modified' | 'addressError' | 'device' };

export class PlainModel {
  readonly entries: PlainEntry[];
  asid = 0;
  user = false;
  private readonly memory = new Map<number, number>();

  constructor(
    readonly machine: MachineKind,
    entries: number,
    private readonly ramSize: number,
  ) {
    this.entries = Array.from({ length: entries }, () => ({ hi: 0, lo: [0, 0] }));
  }

  /** What an aligned access to `va` comes to. Pages are 4 KiB. */
  answer(va: number, write: boolean): PlainAnswer {
    const kernelStart = this.machine === 'kvm' ? 0x40000000 : 0x80000000;
    if (va >= kernelStart) {
      if (this.user) return { kind: 'addressError' };
      const windowEnd = this.machine === 'kvm' ? 0x60000000 : 0xc0000000;
      if (va < windowEnd || (this.machine === 'kvm' && va >= 0x80000000)) return this.physical(va % 0x20000000);
    }
    for (const { hi, lo } of this.entries) {
      if (Math.floor(hi / 0x2000) !== Math.floor(va / 0x2000)) continue;
      const global = (lo[0] & lo[1] & 1) === 1;
      if (!global && hi % 256 !== this.asid) continue;
      const half = lo[Math.floor(va / 0x1000) % 2 === 1 ? 1 : 0];
      if ((half & 2) === 0) return { kind: 'invalid' };
      if (write && (half & 4) === 0) return { kind: 'modified' };
      return this.physical((half >>> 6) * 0x1000 + (va % 0x1000));
    }
    return { kind: 'refill' };
  }

  private physical(gpa: number): PlainAnswer {
    return gpa < this.ramSize ? { kind: 'memory', gpa } : { kind: 'device' };
  }

  load(gpa: number): number {
    return this.memory.get(gpa) ?? 0;
  }
  store(gpa: number, value: number): void {
    this.memory.set(gpa, value);
  }
}
