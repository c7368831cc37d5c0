/** What the words of a translation's story are made from: the probe, and what is easily asked about it. */
import { KSEG23, USEG } from '../mmu/layout.ts';
import { ExcCode } from '../cpu/exceptions.ts';
import { gpaOf, probe, type Outcome, type Probe } from './probe.ts';
import type { DebugTarget } from './target.ts';
import { hex } from './trace.ts';

const SEGMENT_NAMES = ['useg', 'kseg0', 'kseg1', 'kseg2/3'];
const MOST_ASIDS = 4;

export const asidText = (asid: number) => `ASID ${hex(asid, 2)}`;

export type AccessName = 'load' | 'store' | 'fetch';

export class Facts {
  /** The guest TLB maps the address's segment. */
  readonly mapped: boolean;
  readonly who: string;

  constructor(
    readonly target: DebugTarget,
    readonly p: Probe,
    readonly accessName: AccessName,
  ) {
    this.mapped = p.segment === USEG || p.segment === KSEG23;
    this.who = p.mode === 'user' ? 'guest user' : 'guest kernel';
  }

  /** As people write it. */
  get segmentName(): string {
    return SEGMENT_NAMES[this.p.segment] ?? 'no segment';
  }

  /** useg past the TLB: kernel mode of a full system with Status.ERL. */
  get isFixed(): boolean {
    return (
      this.target.kind === 'malta' &&
      this.p.segment === USEG &&
      gpaOf(this.target, this.p) === this.p.va &&
      this.p.tlbIndex < 0
    );
  }

  /** A table still maps the page, though no guest TLB entry does. */
  get isLeftover(): boolean {
    const { outcome, tlbIndex } = this.p;
    return this.mapped && !this.isFixed && tlbIndex < 0 && outcome.kind === 'memory' && outcome.gpa >= 0;
  }
  /** Why that is so. */
  get leftBy(): string {
    return this.target.mmu.kept?.has(this.p.va)
      ? 'TLBWR has replaced the entry that did, and the guest cannot tell.'
      : 'No guest TLB entry does any more, and the policy never flushes.';
  }

  /** Of the entry's page pair. */
  half(): 'even' | 'odd' {
    const pair = this.target.mmu.tlb.mask[Math.max(0, this.p.tlbIndex)]! | 0x1fff;
    return (this.p.va & (pair & ~(pair >>> 1))) === 0 ? 'even' : 'odd';
  }

  /** Every entry that matches, in the order of a lookup. */
  matching(): number[] {
    const { tlb } = this.target.mmu;
    const { va, asid } = this.p;
    const found: number[] = [];
    for (let i = 0; i < tlb.entries; i++) {
      if (va < tlb.start(i) || va > tlb.end(i)) continue;
      if (tlb.isGlobal(i) || (tlb.hi[i]! & 0xff) === asid) found.push(i);
    }
    return found;
  }

  /** What another ASID would give, where this one gives nothing. */
  wouldBe(text: (gpa: number) => string): string {
    const { target, p } = this;
    if (!this.mapped) return '';
    for (const asid of this.asids()) {
      if (asid === p.asid) continue;
      const { outcome } = probe(target, p.va, p.access, p.mode, asid);
      if (outcome.kind === 'memory' && outcome.gpa >= 0)
        return ` Under ${asidText(asid)} it would be ${text(outcome.gpa)}.`;
    }
    return '';
  }

  /** The ASIDs worth comparing: the one asked about, the guest's, the user table's, those that have this page. */
  asids(): number[] {
    const { target, p } = this;
    const { tlb } = target.mmu;
    const found = new Set([p.asid, target.system.asid, target.mmu.lastUserAsid]);
    for (let i = 0; i < tlb.entries; i++) {
      if (p.va >= tlb.start(i) && p.va <= tlb.end(i) && !tlb.isGlobal(i)) found.add(tlb.hi[i]! & 0xff);
    }
    return [...found].slice(0, MOST_ASIDS);
  }
}

export function isAddressError({ code }: Extract<Outcome, { kind: 'exception' }>): boolean {
  return code === ExcCode.AdEL || code === ExcCode.AdES;
}
export function isAddressErrorOutcome(outcome: Outcome): boolean {
  return outcome.kind === 'exception' && isAddressError(outcome);
}
