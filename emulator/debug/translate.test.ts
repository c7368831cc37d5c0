/** The story's words and structure; that its answer is right is probe.property.test.ts's matter. */
import { beforeEach, describe, expect, it } from 'vitest';
import { Cp0 } from '../cpu/cp0.ts';
import { READ, WRITE } from '../cpu/cpu.ts';
import type { ReverseStory, TranslateRequest } from '../protocol.ts';
import { BareMachine, entryLo, op } from '../testing/bare-machine.ts';
import { Lab } from '../testing/lab.ts';
import { probe } from './probe.ts';
import { reverse } from './reverse.ts';
import { translate } from './translate.ts';

type Request = Extract<TranslateRequest, { direction: 'virtual' }>;
const VA = 0x00412f84;
let machine: BareMachine;
beforeEach(() => {
  machine = new BareMachine({ kind: 'kvm', tlbEntries: 16 });
  machine.setCp0(Cp0.Status, 0);
});
const story = (more: Partial<Request> = {}) =>
  translate(machine, { direction: 'virtual', address: '0x412f84', access: 'load', mode: null, asid: null, ...more });
const step = (id: string, more: Partial<Request> = {}) => story(more).steps.find((each) => each.id === id)!;

describe('a miss', () => {
  it('without any entry names the nearest two and what differs', () => {
    machine.writeEntry(3, { hi: 0x00424012, lo0: entryLo(0x1000, 'VD'), lo1: entryLo(0x2000, 'VD') });
    machine.writeEntry(5, { hi: 0x00416013, lo0: entryLo(0x3000, 'V'), lo1: entryLo(0x4000, 'V') });
    const told = story({ asid: 0x13 });
    expect(told.verdict).toMatchObject({ ok: false, title: 'Misses: no guest TLB entry maps this page.' });
    expect(told.entries.map(({ index, differs }) => [index, differs])).toEqual([
      [5, ['vpn2']],
      [3, ['vpn2', 'asid']],
    ]);
    expect(told.outcome).toMatchObject({ kind: 'exception', exception: 'TLBL', refill: true, exits: ['TLBL'] });
  });

  it('under another ASID says whose the page is, and where it would lie', () => {
    machine.writeEntry(3, { hi: 0x00412012, lo0: entryLo(0x1000, 'VD'), lo1: entryLo(0x2000, 'VD') });
    const told = story({ asid: 0x13, mode: 'user' });
    expect(told.verdict.title).toBe('Misses: the guest TLB holds this page only for ASID 0x12.');
    for (const asid of [0x31, 0x0e, 0x22]) {
      machine.writeEntry(4 + (asid & 7), { hi: 0x00412000 | asid, lo0: entryLo(0x1000, 'VD'), lo1: 0 });
      machine.setCp0(Cp0.EntryHi, 0);
    }
    expect(story({ asid: 0x13, mode: 'user' }).verdict.title).toBe(
      'Misses: the guest TLB holds this page only for ASID 0x0e, 0x12, 0x22 and 1 more.',
    );
    expect(told.entries[0]).toMatchObject({ index: 3, asid: 0x12, half: 'even', differs: ['asid'], used: false });
    expect(step('gpa', { asid: 0x13, mode: 'user' }).text).toBe('Not reached. Under ASID 0x12 it would be 0x00001f84.');
    expect(step('next', { asid: 0x13 }).text).toMatch(
      /refill exception: vector 0x40000000 \(EXL = 0.*EntryHi 0x00412013/,
    );
    const user = told.elsewhere.rows.find(({ mode }) => mode === 'user')!;
    expect(told.elsewhere.asids).toEqual([0, 0x12, 0x13]);
    expect(user.cells.map(({ ok }) => ok)).toEqual([false, true, false]);
    expect(user.cells[2]).toMatchObject({ asked: true, text: 'refill' });
  });

  it('of a half with V or D clear says so', () => {
    machine.writeEntry(3, { hi: 0x00412000, lo0: entryLo(0x1000, 'V'), lo1: entryLo(0x2000, '') });
    machine.setCp0(Cp0.EntryHi, 0);
    expect(story({ access: 'store' }).verdict.title).toBe('Modified: entry 3 has D clear.');
    expect(story({ access: 'store' }).outcome.exits).toEqual(['TLBS', 'Mod']);
    expect(story({ access: 'store' }).entries[0]!.differs).toEqual(['d']);
    expect(story({ address: '0x413000' }).verdict.title).toBe('Invalid: entry 3 has V clear.');
    expect(story({ address: '0x413000' }).entries[0]).toMatchObject({ half: 'odd', differs: ['v'] });
  });
});

describe('a hit', () => {
  beforeEach(() => {
    machine.writeEntry(3, { hi: 0x00412012, lo0: entryLo(0x1000, 'VD'), lo1: entryLo(0x2000, 'VD') });
    machine.setCp0(Cp0.EntryHi, 0x12);
  });

  it('goes by fault, then page table, then host TLB', () => {
    expect(story().verdict).toEqual({
      ok: true,
      title: 'Hits: guest TLB entry 3 maps it to 0x00001f84.',
      text: 'The guest kernel table has no entry that serves it, so an exit fills one.',
    });
    machine.system.resolve(VA, READ);
    expect(step('hostTlb').result).toBe('hit');
    expect(step('gva')).toMatchObject({ mark: 'pass', result: 'present, clean' });
    machine.mmu.kernel.host.clear();
    expect(story().verdict.text).toBe('The guest kernel table answers, without an exit.');
    expect(step('gva', { access: 'store' })).toMatchObject({ mark: 'fail' });
    machine.system.resolve(VA, WRITE);
    expect(step('gva', { access: 'store' })).toMatchObject({ mark: 'pass', result: 'present, dirty' });
  });

  it('its table is stale under another ASID', () => {
    machine.system.resolve(VA, READ);
    const gva = step('gva', { asid: 0x13 });
    expect(gva).toMatchObject({ mark: 'stale', result: 'present, stale' });
    expect(gva.text).toMatch(
      /pgd\[0x001\].*pte\[0x012\] = 0x[0-9a-f]{8}, present.*stale once EntryHi has ASID 0x13 \(KMF_KERN\)/,
    );
  });

  it('splits the address for both look-ups', () => {
    const [guest, host] = story().bits;
    expect(guest!.map(({ name, msb, lsb, text }) => [name, msb, lsb, text])).toEqual([
      ['VPN2', 31, 13, '0x00412000'],
      ['even', 12, 12, ''],
      ['offset', 11, 0, '0xf84'],
    ]);
    expect(host!.map(({ name, msb, lsb, text }) => [name, msb, lsb, text])).toEqual([
      ['pgd', 31, 22, '0x001'],
      ['pte', 21, 12, '0x012'],
      ['4 KiB page', 11, 0, ''],
    ]);
  });
});

describe('other addresses', () => {
  it.each<[string, Partial<Request>, RegExp, string]>([
    ['kseg0', { address: '0x40001000' }, /^Hits: kseg0 stands for 0x00001000\.$/, 'memory'],
    [
      'kseg0 from user mode',
      { address: '0x40001000', mode: 'user' },
      /guest user mode may not reach kseg0/,
      'exception',
    ],
    ['a device', { address: '0xb80003f8' }, /^Reaches no memory: 0x180003f8/, 'device'],
    ['the commpage', { address: '0x7010', mode: 'kernel' }, /^Reaches the commpage\.$/, 'memory'],
    [
      'a fetch of no instruction',
      { address: '0x40001002', access: 'fetch' },
      /no instruction begins here/,
      'exception',
    ],
    ["a fetch from the host's", { address: '0x80001000', access: 'fetch' }, /^Ends the run: nothing can run/, 'fatal'],
  ])('%s', (_, more, title, kind) => {
    expect(story(more).verdict.title).toMatch(title);
    expect(story(more).outcome.kind).toBe(kind);
  });

  it('an address that is none is one sentence', () => {
    expect(() => story({ address: 'nowhere' })).toThrow('In "nowhere" there is no register and no symbol "nowhere".');
    expect(() => story({ address: '[0x412f84]' })).toThrow(/has no value now/);
    expect(story({ address: '00412f84' }).va).toBe(VA);
  });
});

describe('the Lab at work', () => {
  it.each(['kvm', 'malta'] as const)('%s: what reaches a page reaches it, and nothing is left out', (kind) => {
    const lab = new Lab({ machine: kind });
    lab.command('pingpong 3');
    const { machine: target } = lab;
    const { mmu, system } = target;
    const pages = new Set<number>();
    for (let i = 0; i < mmu.tlb.entries; i++) {
      if ((mmu.tlb.lo0[i]! & 2) !== 0) pages.add(mmu.tlb.physical(i, mmu.tlb.start(i)));
    }
    expect(pages.size).toBeGreaterThan(2);
    for (const page of pages) {
      const told: ReverseStory = reverse(target, `${page + 0x10}`);
      expect(told.hpa).toBe(mmu.ram(page + 0x10));
      for (const { via, va, asid } of told.ways) {
        if (via === 'user' && asid !== null && mmu.isUserStale(system.asid)) continue;
        const mode = via === 'user' ? 'user' : 'kernel';
        const { outcome } = probe(target, va, READ, mode, asid ?? system.asid);
        expect(outcome, `${via} ${va.toString(16)}`).toMatchObject({ kind: 'memory', host: told.hpa });
      }
      // Every page of useg and the mapped kernel segment that the present ASID reaches it by.
      const found = new Set(told.ways.map(({ va }) => va));
      for (const { start, end } of mmu.layout.segments.filter((s) => s.mapped)) {
        for (let va = start; va < Math.min(end, start + (16 << 20)); va += 0x1000) {
          const { outcome } = probe(target, va + 0x10, READ, 'kernel', system.asid);
          if (outcome.kind === 'memory' && outcome.host === told.hpa) expect(found).toContain(va + 0x10);
        }
      }
    }
  });
});

it('a page whose entry TLBWR has replaced is still reached where such entries are kept', () => {
  machine = new BareMachine({ keepReplaced: true, tlbEntries: 16 });
  machine.setCp0(Cp0.Status, 0);
  machine.setCp0(Cp0.Wired, 15);
  machine.writeEntry('random', { hi: 0x00412012, lo0: entryLo(0x5000, 'VD'), lo1: 0 });
  machine.system.resolve(VA, READ);
  machine.writeEntry('random', { hi: 0x00600012, lo0: entryLo(0x1000, 'VD'), lo1: 0 });
  const told = story();
  expect(told.verdict).toMatchObject({ ok: true, title: 'Hits: the guest kernel table still maps it to 0x00005f84.' });
  expect(told.verdict.text).toContain('TLBWR has replaced the entry that did, and the guest cannot tell.');
  expect(step('tlb')).toMatchObject({
    mark: 'skip',
    result: 'no entry',
    text: expect.stringContaining('TLBWR has replaced') as string,
  });
  expect(step('gpa')).toMatchObject({ mark: 'pass', result: '0x00005f84' });
  machine.setCp0(Cp0.EntryHi, 0x00412012);
  machine.privileged(op('tlbp'));
  expect(story().verdict.title).toBe('Misses: no guest TLB entry maps this page.');
});

it('a page that `never` has left in a table is said to be that, and no commpage', () => {
  machine = new BareMachine({ policy: 'never', tlbEntries: 16 });
  machine.setCp0(Cp0.Status, 0);
  machine.writeEntry(3, { hi: 0x00412012, lo0: entryLo(0x5000, 'VD'), lo1: 0 });
  machine.system.resolve(VA, READ);
  machine.setCp0(Cp0.EntryHi, 0x13);
  const told = story();
  expect(told.verdict.title).toBe('Hits: the guest kernel table still maps it to 0x00005f84.');
  expect(told.verdict.text).toContain('No guest TLB entry does any more, and the policy never flushes.');
});
