/** From a guest physical page to every virtual address that reaches it: windows, guest TLB entries, GVA page tables. */
import { LO_D, LO_V } from '../mmu/guest-tlb.ts';
import { PTE_COMMPAGE, PTE_DIRTY, PTE_WRITABLE } from '../mmu/gva-page-table.ts';
import { KSEG0, KSEG1 } from '../mmu/layout.ts';
import type { ReverseStory, ReverseWay } from '../protocol.ts';
import type { DebugTarget } from './target.ts';
import { addressNow } from './values.ts';

/** Most ways listed; a page shared by more is counted. */
const MOST_WAYS = 500;

/** @throws ExpressionError for an address that is none */
export function reverse(target: DebugTarget, text: string): ReverseStory {
  const { mmu, system } = target;
  const gpa = addressNow(target, text);
  const host = mmu.ram(gpa);
  const slot = mmu.gpa.slotAt(gpa);
  const within = gpa & 0xfff;
  const ways: ReverseWay[] = [];
  const add = (via: ReverseWay['via'], va: number, more: Partial<ReverseWay> = {}) =>
    ways.push({
      via,
      va: va >>> 0,
      symbol: target.symbols.describe(va >>> 0),
      asid: null,
      entry: null,
      writable: true,
      state: '',
      ...more,
    });

  for (const { start } of mmu.layout.segments) {
    const segment = mmu.layout.segmentOf[start >>> 29];
    if (gpa < 0x20000000 && segment === KSEG0) add('kseg0', start + gpa, { state: 'fixed window, kernel mode' });
    if (gpa < 0x20000000 && segment === KSEG1) add('kseg1', start + gpa, { state: 'fixed window, uncached' });
  }
  if (target.kind === 'kvm' && gpa < 0x20000000) {
    for (const base of [0x80000000, 0xa0000000]) {
      add('emulated', base + gpa, { state: 'each access an exit, guest kernel mode' });
    }
  }
  const { tlb } = mmu;
  for (let i = 0; i < tlb.entries; i++) {
    const pageBytes = ((tlb.mask[i]! | 0x1fff) + 1) / 2;
    for (const [half, lo] of [tlb.lo0[i]!, tlb.lo1[i]!].entries()) {
      if ((lo & LO_V) === 0) continue;
      const va = tlb.start(i) + half * pageBytes;
      const first = tlb.physical(i, va);
      const same = gpa >= first && gpa < first + pageBytes;
      const offset = same ? gpa - first : aliasOffset(target, host, first, pageBytes);
      if (offset < 0) continue;
      const asid = tlb.isGlobal(i) ? null : tlb.hi[i]! & 0xff;
      const whose = asid === null ? 'global' : asid === system.asid ? 'current ASID' : 'other ASID';
      add('tlb', va + offset, { asid, entry: i, writable: (lo & LO_D) !== 0, state: whose });
    }
  }
  if (host >= 0) {
    const page = host & ~0xfff;
    const tables = [
      ['kernel', system.asid, mmu.kernel],
      ...mmu.userTables().map(([asid, space]) => ['user', asid, space] as const),
    ] as const;
    for (const [table, asid, space] of tables) {
      const stale = table === 'user' && mmu.policy !== 'tagged' && mmu.isUserStale(system.asid);
      space.gva.forEach((va, pte) => {
        if ((pte & ~0xfff) !== page || (pte & PTE_COMMPAGE) !== 0) return;
        const kind = (pte & PTE_DIRTY) !== 0 ? 'dirty' : (pte & PTE_WRITABLE) !== 0 ? 'clean' : 'read-only';
        const owner = mmu.layout.segmentOf[va >>> 29] === KSEG0 ? null : asid;
        add(table, va + within, {
          asid: owner,
          writable: (pte & PTE_WRITABLE) !== 0,
          state: `${kind}${stale ? ', stale' : ''}`,
        });
      });
    }
  }
  return {
    direction: 'physical',
    gpa,
    hpa: host,
    slot: slot?.name ?? '',
    ways: ways.slice(0, MOST_WAYS),
    more: Math.max(0, ways.length - MOST_WAYS),
  };
}

/** Offset in a TLB page at another guest physical address that shows the same host memory (RAM and its alias), or -1. */
function aliasOffset({ mmu }: DebugTarget, host: number, first: number, pageBytes: number): number {
  if (host < 0) return -1;
  for (let at = 0; at < pageBytes; at += 0x1000) {
    const there = mmu.ram(first + at);
    if (there >= 0 && (there & ~0xfff) === (host & ~0xfff)) return at + (host & 0xfff);
  }
  return -1;
}
