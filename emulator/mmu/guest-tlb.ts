/** The guest's TLB (MIPS PRA, MD00090, section 4.9): fully associative entries, each an even and an odd page. */
import { MMU_AT, type LinearMemory } from '../memory.ts';

export const MOST_ENTRIES = 64;
/** Byte offsets of the entries' words of each kind. */
const at = (kind: number) => MMU_AT.guestTlb + 4 * MOST_ENTRIES * kind;
export const GUEST_TLB = {
  hi: at(0),
  mask: at(1),
  lo0: at(2),
  lo1: at(3),
  compared: at(4),
  tags: at(5),
  tagged: at(6),
} as const;

export const LO_G = 1;
export const LO_V = 2;
export const LO_D = 4;

export class GuestTlb {
  /** Register images of the entries; VPN2 bits that the mask covers are kept as written. */
  readonly hi: Uint32Array;
  readonly mask: Uint32Array;
  readonly lo0: Uint32Array;
  readonly lo1: Uint32Array;
  /** VPN2 bits that the page size leaves. */
  private readonly compared: Int32Array;
  /** EntryHi as a lookup compares it, and the bits of it that it compares: with the ASID unless the entry is global. */
  private readonly tags: Int32Array;
  private readonly tagged: Int32Array;

  constructor(
    memory: LinearMemory,
    readonly entries: number,
  ) {
    const { buffer } = memory.memory;
    this.hi = new Uint32Array(buffer, GUEST_TLB.hi, entries);
    this.mask = new Uint32Array(buffer, GUEST_TLB.mask, entries);
    this.lo0 = new Uint32Array(buffer, GUEST_TLB.lo0, entries);
    this.lo1 = new Uint32Array(buffer, GUEST_TLB.lo1, entries);
    this.compared = new Int32Array(buffer, GUEST_TLB.compared, entries).fill(~0x1fff);
    this.tags = new Int32Array(buffer, GUEST_TLB.tags, entries);
    this.tagged = new Int32Array(buffer, GUEST_TLB.tagged, entries).fill(~0x1f00);
  }

  write(index: number, hi: number, mask: number, lo0: number, lo1: number): void {
    this.hi[index] = hi;
    this.mask[index] = mask;
    this.lo0[index] = lo0;
    this.lo1[index] = lo1;
    const compared = ~(mask | 0x1fff);
    this.compared[index] = compared;
    this.tags[index] = hi;
    this.tagged[index] = (lo0 & lo1 & LO_G) !== 0 ? compared : compared | 0xff;
  }

  /** Whether what would be written to entry `index` matches the addresses and ASIDs that it matches now. */
  isSamePair(index: number, hi: number, mask: number, lo0: number, lo1: number): boolean {
    const global = (lo0 & lo1 & LO_G) !== 0;
    const isSameRange = this.mask[index] === mask && ((this.hi[index]! ^ hi) & ~(mask | 0x1fff)) === 0;
    const isSameAsid = global === this.isGlobal(index) && (global || ((this.hi[index]! ^ hi) & 0xff) === 0);
    return isSameRange && isSameAsid;
  }

  isGlobal(index: number): boolean {
    return (this.lo0[index]! & this.lo1[index]! & LO_G) !== 0;
  }

  /** Index of the first entry that matches `va` under `asid`, or -1. */
  lookup(va: number, asid: number): number {
    const { tags, tagged, entries } = this;
    const tag = (va & ~0xff) | asid;
    for (let i = 0; i < entries; i++) if (((tags[i]! ^ tag) & tagged[i]!) === 0) return i;
    return -1;
  }

  /** First and last byte address that the entry's page pair covers. */
  start(index: number): number {
    return (this.hi[index]! & this.compared[index]!) >>> 0;
  }
  end(index: number): number {
    return (this.start(index) | ~this.compared[index]!) >>> 0;
  }

  /** EntryLo of the half of entry `index` that maps `va`. */
  lo(index: number, va: number): number {
    const pair = this.mask[index]! | 0x1fff;
    return (va & (pair & ~(pair >>> 1))) === 0 ? this.lo0[index]! : this.lo1[index]!;
  }

  /** Guest physical address of `va` through entry `index`. */
  physical(index: number, va: number): number {
    const offset = (this.mask[index]! | 0x1fff) >>> 1;
    return ((((this.lo(index, va) & 0x03ffffc0) << 6) & ~offset) | (va & offset)) >>> 0;
  }
}
