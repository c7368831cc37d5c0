/**
 * Guest memory as the guest would see it, without touching anything: by its TLB and segments, not by what the page
 * tables happen to hold. Devices are not read, since reading them changes them.
 */
import { READ } from '../cpu/cpu.ts';
import { Cp0, STATUS_ERL } from '../cpu/cp0.ts';
import { CP0_AT } from '../memory.ts';
import { LO_V } from '../mmu/guest-tlb.ts';
import { KSEG0, KSEG1, USEG } from '../mmu/layout.ts';
import { gpaOf, probe } from './probe.ts';
import type { DebugTarget } from './target.ts';

/** Why an address cannot be read. */
export type Unreadable = 'unmapped' | 'invalid' | 'device' | 'none';

/**
 * Where in linear memory `va` lies for kernel mode under the guest's ASID, which sees all that user mode does; or why
 * nowhere.
 */
export function locate(target: DebugTarget, va: number): number | Unreadable {
  const { kind, mmu, system } = target;
  const segment = mmu.layout.segmentOf[va >>> 29]!;
  if (target.mode === 'kernel' && mmu.isCommpage(va)) return CP0_AT + (va - mmu.commpage);
  if (kind === 'kvm' && va >= 0xc0000000) return 'none';
  const fixed =
    segment === KSEG0 ||
    segment === KSEG1 ||
    (kind === 'kvm' && va >= 0x80000000) ||
    (kind === 'malta' && segment === USEG && target.mode === 'kernel' && (system.cp0[Cp0.Status]! & STATUS_ERL) !== 0);
  if (!fixed) {
    const index = mmu.tlb.lookup(va, system.asid);
    if (index < 0) return 'unmapped';
    if ((mmu.tlb.lo(index, va) & LO_V) === 0) return 'invalid';
  }
  const host = mmu.ram(gpaOf(target, probe(target, va, READ)));
  return host >= 0 ? host : 'device';
}

/** The bytes of a range in the guest's order; null where there is none to read. `length` may cross pages. */
export function peekBytes(
  target: DebugTarget,
  start: number,
  length: number,
  physical = false,
): { bytes: Uint8Array; readable: Uint8Array; why: (Unreadable | null)[] } {
  const { memory, byteSwizzle } = target.cpu;
  const bytes = new Uint8Array(length);
  const readable = new Uint8Array(length);
  const why: (Unreadable | null)[] = [];
  for (let done = 0; done < length;) {
    const at = (start + done) >>> 0;
    const piece = Math.min(length - done, 0x1000 - (at & 0xfff));
    const host = physical ? target.mmu.ram(at) : locate(target, at);
    if (typeof host === 'number' && host >= 0) {
      for (let i = 0; i < piece; i++) bytes[done + i] = memory.bytes[(host + i) ^ byteSwizzle]!;
      readable.fill(1, done, done + piece);
      why.push(null);
    } else why.push(typeof host === 'number' ? 'device' : host);
    done += piece;
  }
  return { bytes, readable, why };
}

/** A word, halfword or byte, unsigned, at an address of its alignment; null where it cannot be read. */
export function peekValue(target: DebugTarget, va: number, size: 1 | 2 | 4): number | null {
  if (va % size !== 0) return null;
  const host = locate(target, va >>> 0);
  if (typeof host !== 'number') return null;
  const { memory, byteSwizzle } = target.cpu;
  if (size === 4) return memory.words[host >> 2]! >>> 0;
  return size === 2 ? memory.halves[(host ^ (byteSwizzle & 2)) >> 1]! : memory.bytes[host ^ byteSwizzle]!;
}
