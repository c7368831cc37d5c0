/** How a translation's story ends, in words: the verdict, and what happens next. */
import { STATUS_BEV, STATUS_EXL } from '../cpu/cp0.ts';
import { EXCEPTION_NAMES, ExcCode } from '../cpu/exceptions.ts';
import { EXIT_REASONS } from '../kvm/statistics.ts';
import { LO_V } from '../mmu/guest-tlb.ts';
import type { StoryStep, TranslationStory } from '../protocol.ts';
import type { Outcome } from './probe.ts';
import { isAddressError, type Facts } from './story-facts.ts';
import { hex } from './trace.ts';

/** The last step: exits, who answers, what the guest's handler would do. */
export function whatHappens(facts: Facts): StoryStep {
  const { target, p } = facts;
  const { outcome } = p;
  const step = { id: 'next', title: 'What happens', mark: 'next' } as const;
  const exits = p.exits.map((reason) => EXCEPTION_NAMES[reason]!);
  const result =
    target.kind === 'malta'
      ? ''
      : exits.length === 0
        ? 'no exit'
        : exits.length === 1
          ? '1 exit'
          : `${exits.length} exits`;
  const table = p.mode === 'user' ? 'user table' : 'kernel table';
  const parts: string[] = [];
  if (target.kind === 'kvm' && exits.length > 0) {
    const long = EXIT_REASONS[p.exits[0]!] ?? exits[0]!;
    const absent = p.pte === 0 || p.loss !== null;
    if (p.space && absent)
      parts.push(
        `The host refill handler finds no pte and loads an invalid pair; the retry exits with ${exits[0]} (${long}).`,
      );
    else if (p.space) parts.push(`The pte does not allow a store: exit ${exits[0]} (${long}).`);
    else parts.push(`Exit ${exits[0]} (${long}).`);
    if (exits.length > 1) parts.push(`The page is mapped read-only first, so the store comes back: exit ${exits[1]}.`);
  }
  switch (outcome.kind) {
    case 'memory':
      if (outcome.via === 'hostTlb') parts.push('The host TLB has it: the access goes straight to memory.');
      else if (outcome.via === 'gvaTable')
        parts.push(`The host refill handler finds the pte in the ${table} and enters it in the host TLB.`);
      else if (outcome.via === 'physical')
        parts.push(
          target.kind === 'kvm'
            ? 'The hypervisor emulates the access on guest memory; nothing is mapped.'
            : 'The access goes to memory; nothing is mapped.',
        );
      else if (outcome.gpa < 0) parts.push('The commpage fault maps this one page, and the access is made again.');
      else
        parts.push(
          `The ${facts.mapped ? 'mapped-segment' : 'kseg0'} fault fills the ${table} for this page (and its neighbour of the pair where known), and the access is made again.`,
        );
      break;
    case 'device':
      parts.push(`The ${facts.accessName} goes to the board at ${hex(outcome.gpa)}.`);
      break;
    case 'exception':
      parts.push(...exceptionText(facts, outcome));
      break;
    case 'fatal':
      parts.push(`KVM cannot go on: ${outcome.why}.`);
  }
  return { ...step, text: parts.join(' '), result };
}

function exceptionText(facts: Facts, { code, refill, offset }: Extract<Outcome, { kind: 'exception' }>): string[] {
  const { target, p } = facts;
  const vector = target.system.vector(offset);
  const symbol = target.symbols.describe(vector);
  const name = refill
    ? `${EXCEPTION_NAMES[code]} refill`
    : code === ExcCode.Mod
      ? 'TLB Modified'
      : EXCEPTION_NAMES[code]!;
  const exl = refill
    ? ` (EXL = ${(p.status & STATUS_EXL) !== 0 ? 1 : 0}${(p.status & STATUS_BEV) !== 0 ? ', BEV = 1' : ''})`
    : '';
  const tlb = code <= ExcCode.TLBS;
  const state = tlb ? `, EntryHi ${hex((p.va & 0xffffe000) | p.asid)}` : '';
  const handler: Partial<Record<ExcCode, string>> = {
    [ExcCode.TLBL]: refill
      ? "Its handler looks the page up in the guest's own page table, writes a TLB entry with TLBWR and returns to try again."
      : 'Its handler finds the page missing or protected: it brings the page in, or signals the process.',
    [ExcCode.TLBS]: refill
      ? "Its handler looks the page up in the guest's own page table, writes a TLB entry with TLBWR and returns to try again."
      : 'Its handler finds the page missing or protected: it brings the page in, or signals the process.',
    [ExcCode.Mod]:
      'Its handler marks the page dirty and sets D in the entry, or copies the page, or signals the process.',
  };
  const first = `The guest gets ${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name} exception: vector ${hex(vector)}${symbol ? ` ${symbol}` : ''}${exl}, BadVAddr ${hex(p.va)}${state}.`;
  const then = handler[code];
  return then ? [first, then] : [first];
}

/** The answer in a sentence, and what stands behind it. */
export function verdict(facts: Facts): TranslationStory['verdict'] {
  const { target, p } = facts;
  const { outcome } = p;
  const it = `The ${facts.accessName}`;
  if (outcome.kind === 'memory') {
    const served = {
      hostTlb: 'The host TLB answers, and nothing else is looked at.',
      gvaTable: `The guest ${p.space?.name ?? ''} table answers, without an exit.`,
      fill:
        target.kind === 'kvm'
          ? `The guest ${p.space?.name ?? ''} table has no entry that serves it, so an exit fills one.`
          : 'The page table in front of the TLB gets an entry for it.',
      physical:
        target.kind === 'kvm' ? 'Each such access is an exit, emulated by the hypervisor.' : 'No table is asked.',
    }[outcome.via];
    if (outcome.gpa < 0) return { ok: true, title: 'Reaches the commpage.', text: served };
    if (facts.isLeftover) {
      const title = `Hits: the guest ${p.space?.name ?? ''} table still maps it to ${hex(outcome.gpa)}.`;
      return { ok: true, title, text: `${facts.leftBy} ${served}` };
    }
    const by =
      facts.mapped && !facts.isFixed
        ? `guest TLB entry ${p.tlbIndex} maps it to`
        : `${facts.segmentName === 'no segment' ? 'it' : facts.segmentName} stands for`;
    return { ok: true, title: `Hits: ${by} ${hex(outcome.gpa)}.`, text: served };
  }
  if (outcome.kind === 'device') {
    return {
      ok: true,
      title: `Reaches no memory: ${hex(outcome.gpa)} is a device's, or nothing.`,
      text: `${it} goes to the board.`,
    };
  }
  if (outcome.kind === 'fatal')
    return { ok: false, title: `Ends the run: ${outcome.why}.`, text: 'KVM has no answer to this access.' };
  return { ok: false, ...faultVerdict(facts, outcome, it) };
}

function faultVerdict(
  facts: Facts,
  outcome: Extract<Outcome, { kind: 'exception' }>,
  it: string,
): { title: string; text: string } {
  const { target, p } = facts;
  const stale =
    p.loss !== null && p.pte !== 0
      ? ` The guest ${p.space!.name} table still maps the page, but it is stale and freed before ${p.mode} mode runs, so it cannot answer.`
      : '';
  const text = `${it} will raise ${outcome.refill ? 'a TLB refill' : outcome.code === ExcCode.Mod ? 'a TLB Modified' : `an ${EXCEPTION_NAMES[outcome.code]}`} exception in the guest.${stale}`;
  if (isAddressError(outcome)) {
    if (facts.accessName === 'fetch' && p.va % 4 !== 0)
      return { title: 'Address error: no instruction begins here.', text };
    return {
      title: `Address error: ${facts.who} mode may not reach ${p.segment === 0xff ? 'this address' : facts.segmentName}.`,
      text,
    };
  }
  if (outcome.code === ExcCode.Mod) return { title: `Modified: entry ${p.tlbIndex} has D clear.`, text };
  if (!outcome.refill) return { title: `Invalid: entry ${p.tlbIndex} has V clear.`, text };
  const { tlb } = target.mmu;
  const asids = new Set<number>();
  for (let i = 0; i < tlb.entries; i++) {
    const valid = ((tlb.lo0[i]! | tlb.lo1[i]!) & LO_V) !== 0;
    if (valid && p.va >= tlb.start(i) && p.va <= tlb.end(i)) asids.add(tlb.hi[i]! & 0xff);
  }
  if (asids.size > 0) {
    const only = someOf([...asids].sort((one, other) => one - other).map((asid) => hex(asid, 2)));
    return { title: `Misses: the guest TLB holds this page only for ASID ${only}.`, text };
  }
  return { title: 'Misses: no guest TLB entry maps this page.', text };
}

/** A list that fits into a headline; the entries themselves stand below it. */
function someOf(names: readonly string[], most = 3): string {
  if (names.length <= most) return names.join(', ').replace(/, (?=[^,]*$)/, ' and ');
  return `${names.slice(0, most).join(', ')} and ${names.length - most} more`;
}
