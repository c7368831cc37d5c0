/**
 * The whole story of one access, in steps and words: segment, guest TLB, GVA page table, GPA, HPA, host TLB, and what
 * happens next. Looks and touches nothing.
 */
import { FETCH, READ, WRITE, type Access } from '../cpu/cpu.ts';
import { EXCEPTION_NAMES, ExcCode } from '../cpu/exceptions.ts';
import { LO_D, LO_V } from '../mmu/guest-tlb.ts';
import { PTE_COMMPAGE, PTE_DIRTY, PTE_WRITABLE } from '../mmu/gva-page-table.ts';
import { PTE_YOUNG } from '../mmu/gpa-table.ts';
import { KSEG0, KSEG1 } from '../mmu/layout.ts';
import type {
  AddressBits,
  ElsewhereCell,
  StoryStep,
  TlbComparison,
  TranslateRequest,
  TranslationStory,
} from '../protocol.ts';
import { gpaOf, probe, type GuestMode, type Loss } from './probe.ts';
import type { DebugTarget } from './target.ts';
import { Facts, asidText, isAddressError, isAddressErrorOutcome } from './story-facts.ts';
import { verdict, whatHappens } from './story-outcome.ts';
import { hex } from './trace.ts';
import { addressNow } from './values.ts';

const ACCESS: Record<'load' | 'store' | 'fetch', Access> = { load: READ, store: WRITE, fetch: FETCH };
const NEAREST = 2;

/** @throws ExpressionError for an address that is none */
export function translate(
  target: DebugTarget,
  request: Extract<TranslateRequest, { direction: 'virtual' }>,
): TranslationStory {
  const va = addressNow(target, request.address);
  const mode = request.mode ?? target.mode;
  const asid = request.asid ?? target.system.asid;
  const p = probe(target, va, ACCESS[request.access], mode, asid);
  return new Story(target, p, request.access).tell();
}

class Story extends Facts {
  tell(): TranslationStory {
    const { target, p } = this;
    const { outcome } = p;
    return {
      direction: 'virtual',
      va: p.va,
      symbol: target.symbols.describe(p.va),
      access: this.accessName,
      mode: p.mode,
      asid: p.asid,
      currentAsid: target.system.asid,
      currentMode: target.mode,
      bits: this.bits(),
      outcome: {
        kind: outcome.kind,
        gpa: outcome.kind === 'memory' || outcome.kind === 'device' ? outcome.gpa : -1,
        hpa: outcome.kind === 'memory' ? outcome.host : -1,
        exception: outcome.kind === 'exception' ? EXCEPTION_NAMES[outcome.code]! : '',
        refill: outcome.kind === 'exception' && outcome.refill,
        exits: p.exits.map((reason) => EXCEPTION_NAMES[reason] ?? String(reason)),
      },
      verdict: verdict(this),
      steps: [this.segment(), this.guestTlb(), this.gva(), this.gpa(), this.hpa(), this.hostTlb(), whatHappens(this)],
      entries: this.entries(),
      entry: p.tlbIndex,
      slot: p.space ? Math.floor(p.va / 2 ** p.space.gva.geometry.pmdShift) : -1,
      elsewhere: this.elsewhere(),
    };
  }

  // Pieces

  /** Which of the address's bits are looked up where: by the guest TLB, and by the host's page table. */
  private bits(): AddressBits[][] {
    const { target, p } = this;
    const piece = (name: string, msb: number, lsb: number, inPlace = false): AddressBits => {
      const value = (p.va >>> lsb) & (0xffffffff >>> (31 - (msb - lsb)));
      const text = inPlace ? hex((value << lsb) >>> 0) : hex(value, Math.ceil((msb - lsb + 1) / 4));
      return { name, msb, lsb, text };
    };
    const rows: AddressBits[][] = [];
    if (this.mapped) {
      const mask = p.tlbIndex >= 0 ? target.mmu.tlb.mask[p.tlbIndex]! : 0;
      const odd = 31 - Math.clz32((mask | 0x1fff) >>> 0);
      const half = piece('', odd, odd);
      rows.push([
        piece('VPN2', 31, odd + 1, true),
        { ...half, name: half.text === '0x1' ? 'odd' : 'even', text: '' },
        piece('offset', odd - 1, 0),
      ]);
    } else if (p.segment !== 0xff)
      rows.push([{ ...piece('segment', 31, 29), text: '' }, piece('physical address', 28, 0)]);
    if (p.space) {
      const { geometry } = p.space.gva;
      const pieces = [piece('pgd', 31, geometry.pgdShift)];
      if (geometry.pmdEntries > 1) pieces.push(piece('pmd', geometry.pgdShift - 1, geometry.pmdShift));
      pieces.push(piece('pte', geometry.pmdShift - 1, geometry.pageShift));
      rows.push([
        ...pieces,
        { ...piece(`${2 ** geometry.pageShift / 1024} KiB page`, geometry.pageShift - 1, 0), text: '' },
      ]);
    }
    return rows;
  }
  private segment(): StoryStep {
    const { target, p } = this;
    const refused = p.outcome.kind === 'exception' && p.exits.length >= 0 && isAddressError(p.outcome);
    const part = target.mmu.layout.segments.find((s) => p.va >= s.start && p.va <= s.end);
    let text: string;
    let result: string;
    if (!part) {
      text = `${hex(p.va & 0xe0000000)}-${hex(p.va | 0x1fffffff)}: real kseg0 and kseg1 addresses, which KVM emulates access by access.`;
      result = 'emulated';
      if (p.va >= 0xc0000000) {
        text = "From 0xc0000000 up the addresses are the host kernel's own.";
        result = 'none';
      }
    } else {
      const range = `${this.segmentName}, ${hex(part.start)}-${hex(part.end)}.`;
      if (this.isFixed) text = `${range} Status.ERL is set, so kernel mode sees physical memory here, past the TLB.`;
      else if (p.segment === KSEG1) text = `${range} A fixed, uncached window on physical memory; kernel mode only.`;
      else if (p.segment === KSEG0) text = `${range} A fixed window on physical memory; kernel mode only.`;
      else text = `${range} Mapped by the guest TLB, ${part.user ? 'open to user mode' : 'kernel mode only'}.`;
      result = this.isFixed ? 'unmapped' : this.mapped ? 'TLB-mapped' : p.segment === KSEG1 ? 'uncached' : 'fixed';
      if (target.kind === 'kvm' && p.mode === 'kernel' && target.mmu.isCommpage(p.va)) {
        text += ' In guest kernel mode this page is the commpage, which holds the guest CP0.';
        result = 'commpage';
      }
    }
    if (refused && this.accessName === 'fetch' && p.va % 4 !== 0)
      text += ' No instruction begins here: not a multiple of 4.';
    else if (refused) text += ` From ${this.who} mode it may not be reached.`;
    return { id: 'segment', title: 'Segment', mark: refused ? 'fail' : 'pass', text, result };
  }

  private guestTlb(): StoryStep {
    const { target, p } = this;
    const { tlb } = target.mmu;
    const step = { id: 'tlb', title: 'Guest TLB' } as const;
    if (!this.mapped || this.isFixed || (gpaOf(target, p) === -1 && target.mmu.isCommpage(p.va) && p.mode === 'kernel'))
      return { ...step, mark: 'skip', text: 'Not asked: nothing here depends on it.', result: '-' };
    const vpn2 = hex(p.va & 0xffffe000);
    const compared = `${tlb.entries} entries compared with VPN2 ${vpn2}, ${asidText(p.asid)}.`;
    if (this.isLeftover)
      return { ...step, mark: 'skip', text: `${compared} None matches. ${this.leftBy}`, result: 'no entry' };
    if (p.tlbIndex < 0)
      return { ...step, mark: 'fail', text: `${compared} None matches. Nearest:`, result: 'no entry' };
    const lo = tlb.lo(p.tlbIndex, p.va);
    const half = lo === tlb.lo1[p.tlbIndex] && lo !== tlb.lo0[p.tlbIndex] ? 'odd' : this.half();
    const others = this.matching().slice(1);
    const twice =
      others.length > 0 ? ` Entries ${others.join(', ')} match too, which a guest must not let happen.` : '';
    if ((lo & LO_V) === 0) {
      return {
        ...step,
        mark: 'fail',
        text: `${compared} Entry ${p.tlbIndex} matches, but its ${half} half has V clear.${twice}`,
        result: 'V clear',
      };
    }
    if (p.access === WRITE && (lo & LO_D) === 0) {
      return {
        ...step,
        mark: 'fail',
        text: `${compared} Entry ${p.tlbIndex} matches, but its ${half} half has D clear and this is a store.${twice}`,
        result: 'D clear',
      };
    }
    const why = tlb.isGlobal(p.tlbIndex) ? ', as it is global' : '';
    return {
      ...step,
      mark: 'pass',
      text: `${compared} Entry ${p.tlbIndex} matches${why}: its ${half} half is valid.${twice}`,
      result: `entry ${p.tlbIndex}`,
    };
  }

  /** Every entry that matches, then those that come nearest, with what keeps them from it. */
  private entries(): TlbComparison[] {
    if (!this.mapped) return [];
    const { tlb } = this.target.mmu;
    const { va, asid, access, tlbIndex } = this.p;
    const scored = Array.from({ length: tlb.entries }, (_, index) => {
      const covers = va >= tlb.start(index) && va <= tlb.end(index);
      const asidFits = tlb.isGlobal(index) || (tlb.hi[index]! & 0xff) === asid;
      const used = ((tlb.lo0[index]! | tlb.lo1[index]!) & LO_V) !== 0;
      const distance = covers ? 0 : Math.abs(tlb.start(index) - (va & ~0x1fff));
      const near = (covers ? 0 : 2 ** 34) + (asidFits ? 0 : 2 ** 33) + distance + (used ? 0 : 2 ** 36);
      return { index, covers, asidFits, near };
    }).sort((a, b) => a.near - b.near);
    const matches = this.matching();
    const wanted = tlbIndex >= 0 ? matches.slice(0, 3) : scored.slice(0, NEAREST).map(({ index }) => index);
    return wanted.map((index) => {
      const { covers, asidFits } = scored.find((each) => each.index === index)!;
      const lo = tlb.lo(index, va);
      const differs: TlbComparison['differs'] = [];
      if (!covers) differs.push('vpn2');
      if (!asidFits) differs.push('asid');
      if (covers && asidFits && (lo & LO_V) === 0) differs.push('v');
      else if (covers && asidFits && access === WRITE && (lo & LO_D) === 0) differs.push('d');
      const pair = tlb.mask[index]! | 0x1fff;
      return {
        index,
        vpn2: tlb.start(index),
        pageBytes: (pair + 1) / 2,
        asid: tlb.hi[index]! & 0xff,
        global: tlb.isGlobal(index),
        half: (va & (pair & ~(pair >>> 1))) === 0 ? 'even' : 'odd',
        pfn: (lo >>> 6) & 0xfffff,
        c: (lo >>> 3) & 7,
        d: (lo & LO_D) !== 0,
        v: (lo & LO_V) !== 0,
        used: index === tlbIndex,
        differs,
      };
    });
  }

  private gva(): StoryStep {
    const { target, p } = this;
    const step = { id: 'gva', title: 'GVA walk' } as const;
    if (!p.space) {
      const tagged = target.mmu.policy === 'tagged' && this.mapped && !isAddressErrorOutcome(p.outcome);
      const text = tagged
        ? `There is no table for ${asidText(p.asid)} yet.`
        : 'Not reached: no page table maps such addresses in this mode.';
      return { ...step, mark: 'skip', text, result: tagged ? 'no table' : '-' };
    }
    const { gva } = p.space;
    const { geometry } = gva;
    const pgd = Math.floor(p.va / 2 ** geometry.pgdShift);
    const pmd = Math.floor(p.va / 2 ** geometry.pmdShift) % geometry.pmdEntries;
    const pte = Math.floor(p.va / 2 ** geometry.pageShift) % geometry.pteEntries;
    const table = gva.tableAt(p.va);
    const name = p.space.name === 'user' ? 'Guest user table' : 'Guest kernel table';
    const at = `pgd[${hex(pgd, 3)}]${geometry.pmdEntries > 1 ? ` pmd[${hex(pmd, 3)}]` : ''}`;
    if (table === 0)
      return { ...step, mark: 'skip', text: `${name}: ${at} is empty, no pte table.`, result: 'no table' };
    const where = `${name}: ${at} → table at HPA ${hex(table)} → pte[${hex(pte, 3)}]`;
    if (p.pte === 0) return { ...step, mark: 'skip', text: `${where} is empty.`, result: 'absent' };
    const state =
      (p.pte & PTE_COMMPAGE) !== 0
        ? 'commpage'
        : (p.pte & PTE_DIRTY) !== 0
          ? 'dirty'
          : (p.pte & PTE_WRITABLE) !== 0
            ? 'clean: a store faults once'
            : 'read-only';
    const text = `${where} = ${hex(p.pte)}, present, ${state}.`;
    if (p.loss !== null) {
      return { ...step, mark: 'stale', text: `${text} ${this.lossText(p.loss)}`, result: 'present, stale' };
    }
    const short = state.split(':')[0]!;
    const serves = p.access !== WRITE || (p.pte & PTE_DIRTY) !== 0;
    return { ...step, mark: serves ? 'pass' : 'fail', text, result: `present, ${short}` };
  }

  private lossText(loss: Exclude<Loss, null>): string {
    const { target, p } = this;
    if (loss === 'memoryChange') {
      return 'It is stale: the host has changed guest memory, and the entry to the guest frees it (KMF_GPA).';
    }
    if (loss === 'lazyUser') {
      const filled = asidText(target.mmu.lastUserAsid);
      return `Filled under ${filled}: stale, and freed by the entry to user mode under ${asidText(p.asid)} (KMF_USER).`;
    }
    const flag = p.mode === 'user' ? 'KMF_USER' : 'KMF_KERN';
    return `It is the view of ${asidText(target.system.asid)}: stale once EntryHi has ${asidText(p.asid)} (${flag}).`;
  }

  private gpa(): StoryStep {
    const { target, p } = this;
    const { mmu } = target;
    const step = { id: 'gpa', title: 'GPA' } as const;
    const { outcome } = p;
    if (outcome.kind === 'memory' && outcome.gpa < 0) {
      return { ...step, mark: 'skip', text: "The commpage is the hypervisor's page, not guest memory.", result: '-' };
    }
    if (outcome.kind !== 'memory' && outcome.kind !== 'device') {
      return { ...step, mark: 'skip', text: `Not reached.${this.wouldBe((gpa) => hex(gpa))}`, result: '-' };
    }
    const { gpa } = outcome;
    const slot = mmu.gpa.slotAt(gpa);
    const how = this.gpaFrom();
    if (!slot)
      return { ...step, mark: 'pass', text: `${how} No memory slot has it: a device, or nothing.`, result: hex(gpa) };
    const entry = mmu.gpa.table.walk(gpa);
    const state =
      entry === 0
        ? 'not entered yet'
        : `${(entry & PTE_DIRTY) !== 0 ? 'dirty' : (entry & PTE_WRITABLE) !== 0 ? 'clean' : 'read-only'}${(entry & PTE_YOUNG) !== 0 ? '' : ', old'}`;
    const text = `${how} In memory slot "${slot.name}"${slot.readOnly ? ', read-only' : ''}; GPA table: ${state}.`;
    return { ...step, mark: 'pass', text, result: hex(gpa) };
  }

  private gpaFrom(): string {
    const { target, p } = this;
    if (this.mapped && !this.isFixed && p.tlbIndex >= 0) {
      return `PFN ${hex((target.mmu.tlb.lo(p.tlbIndex, p.va) >>> 6) & 0xfffff, 5)} of entry ${p.tlbIndex} and the offset.`;
    }
    if (this.isLeftover) return 'The page that the table has.';
    return this.isFixed ? 'The address itself.' : 'The address without its upper three bits.';
  }

  private hpa(): StoryStep {
    const { target, p } = this;
    const step = { id: 'hpa', title: 'HPA' } as const;
    const { outcome } = p;
    if (outcome.kind === 'device') return { ...step, mark: 'skip', text: 'None: the board answers.', result: '-' };
    if (outcome.kind !== 'memory') {
      const text = `Not reached.${this.wouldBe((gpa) => hex(target.mmu.ram(gpa)))}`;
      return { ...step, mark: 'skip', text, result: '-' };
    }
    const expected = outcome.gpa >= 0 ? target.mmu.ram(outcome.gpa) : outcome.host;
    if (expected !== outcome.host) {
      const text = `The guest TLB says ${hex(expected)}: the table's translation is wrong, as nothing is flushed under this policy.`;
      return { ...step, mark: 'fail', text, result: hex(outcome.host) };
    }
    const text = outcome.gpa < 0 ? 'Where the host keeps the guest CP0.' : 'Host memory behind the slot.';
    return { ...step, mark: 'pass', text, result: hex(outcome.host) };
  }

  private hostTlb(): StoryStep {
    const { p } = this;
    const step = { id: 'hostTlb', title: 'Host TLB' } as const;
    if (!p.space) return { ...step, mark: 'skip', text: 'Not asked for such addresses.', result: '-' };
    const kind = p.access === WRITE ? 'stores' : 'loads and fetches';
    if (p.hostTlb < 0) return { ...step, mark: 'skip', text: `No entry for ${kind} to this page.`, result: 'no entry' };
    if (p.loss !== null) {
      return {
        ...step,
        mark: 'stale',
        text: `Has ${hex(p.hostTlb)}, under a host ASID that goes with the flush.`,
        result: 'stale',
      };
    }
    return { ...step, mark: 'pass', text: `Has it for ${kind}: ${hex(p.hostTlb)}.`, result: 'hit' };
  }

  // Elsewhere

  private elsewhere(): TranslationStory['elsewhere'] {
    const asids = this.asids().sort((a, b) => a - b);
    const modes: GuestMode[] = ['user', 'kernel'];
    return {
      asids,
      rows: modes.map((mode) => ({ mode, cells: asids.map((asid) => this.cell(mode, asid)) })),
    };
  }

  private cell(mode: GuestMode, asid: number): ElsewhereCell {
    const p = probe(this.target, this.p.va, this.p.access, mode, asid);
    const { outcome } = p;
    const flushed = p.loss !== null && p.pte !== 0 ? ', flush first' : '';
    const asked = mode === this.p.mode && asid === this.p.asid;
    switch (outcome.kind) {
      case 'memory': {
        const by =
          outcome.gpa < 0 ? 'commpage' : this.mapped && p.tlbIndex >= 0 ? `entry ${p.tlbIndex}` : hex(outcome.gpa);
        const how = { hostTlb: 'host TLB', gvaTable: 'GVA table', fill: 'fault', physical: 'no table' }[outcome.via];
        return { ok: true, asked, text: `${by}, ${how}${flushed}` };
      }
      case 'device':
        return { ok: true, asked, text: `device ${hex(outcome.gpa)}` };
      case 'exception': {
        const { code, refill } = outcome;
        const what = isAddressError(outcome)
          ? 'address error'
          : refill
            ? 'refill'
            : code === ExcCode.Mod
              ? 'modified'
              : 'invalid';
        return { ok: false, asked, text: `${what}${flushed}` };
      }
      case 'fatal':
        return { ok: false, asked, text: 'ends the run' };
    }
  }
}
