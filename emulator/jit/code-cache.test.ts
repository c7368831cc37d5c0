/** Code that changes, moves, goes away, or is mapped twice: what has been generated from it must follow. */
import { describe, expect, it } from 'vitest';
import { assemble } from '../boot/assemble.ts';
import { Cp0 } from '../cpu/cp0.ts';
import { describeParting } from '../lockstep.ts';
import type { MachineOptions } from '../machine-options.ts';
import { FLUSH_POLICIES } from '../mmu/policy.ts';
import { Assembler } from '../testing/assembler.ts';
import { entryLo, mtc0, op, type BareMachine } from '../testing/bare-machine.ts';
import { BothEngines } from '../testing/both-engines.ts';

const [V0, V1, A0, A1, T0, T1, S0, S1, S2, RA] = [2, 3, 4, 5, 8, 9, 16, 17, 18, 31];
const START = 0x80010000;
const FUNCTION = 0x80020000;

/** `addiu v0, v0, n`: what most of these programs replace. */
const add = (n: number) => op('addiu', { s: V0, t: V0, i: n });

/** A function that adds `n` to v0. */
function adder(base = FUNCTION, n = 1): Assembler {
  return new Assembler(base).label('add').word(add(n)).op('jr', { s: RA }).nop();
}

/** Calls `to` for ever, and after each 50 calls does what `change` says. s2 counts the changes. */
function caller(to: number, change: (code: Assembler) => void, base = START): Assembler {
  const code = new Assembler(base).li(S1, to).label('again').op('addiu', { t: S0, i: 50 });
  code.label('loop').op('jalr', { s: S1, d: RA }).op('addiu', { s: S0, t: S0, i: -1 });
  code.branch('bgtz', { s: S0 }, 'loop').nop();
  change(code);
  return code.op('addiu', { s: S2, t: S2, i: 1 }).branch('beq', {}, 'again').nop();
}

/** A store of the word `add(1) ^ flip` to `to`, with flip's bit changing each time. */
function toggle(code: Assembler, to: number, store: 'sw' | 'sh' | 'sb' = 'sw', offset = 0): void {
  code.li(T0, to).op('lw', { s: T0, t: T1 }).op('xori', { s: T1, t: T1, i: 2 }).op(store, { s: T0, t: T1, i: offset });
}

const LITTLE = { bigEndian: false };
const ORDERS: [string, Partial<MachineOptions>, number][] = [
  ['little endian', LITTLE, 0],
  ['big endian', { bigEndian: true }, 3],
];

describe.each(ORDERS)('code that is stored to, %s', (_, options, low) => {
  const halfword = low & 2;
  it.each<[string, (code: Assembler) => void]>([
    ['by a word', (code) => toggle(code, FUNCTION)],
    ['by a halfword', (code) => toggle(code, FUNCTION, 'sh', halfword)],
    ['by a byte', (code) => toggle(code, FUNCTION, 'sb', low)],
    ['through kseg1', (code) => toggle(code, FUNCTION + 0x20000000)],
    [
      'by SC',
      (code) => {
        code.li(T0, FUNCTION).op('ll', { s: T0, t: T1 }).op('xori', { s: T1, t: T1, i: 2 }).op('sc', { s: T0, t: T1 });
      },
    ],
    [
      'by SWL and SWR',
      (code) => {
        code.li(T0, FUNCTION).op('lw', { s: T0, t: T1 }).op('xori', { s: T1, t: T1, i: 2 });
        code.op('swl', { s: T0, t: T1, i: 3 - low }).op('swr', { s: T0, t: T1, i: low });
      },
    ],
    [
      'by SDC1',
      (code) => {
        code.li(T0, 0x20000000).word(mtc0(T0, Cp0.Status)).li(T0, FUNCTION).op('lw', { s: T0, t: T1 });
        code
          .op('xori', { s: T1, t: T1, i: 2 })
          .op('ldc1', { s: T0, t: 2 })
          .op('mtc1', { t: T1, d: 2 + (low & 1) });
        code.op('sdc1', { s: T0, t: 2 });
      },
    ],
  ])('%s', (_, change) => {
    const both = new BothEngines(options, [caller(FUNCTION, change), adder()]);
    both.go(20_000);
    expect(both.register(S2)).toBeGreaterThan(50);
    // 50 calls add 1 each, the next 50 3 each.
    expect(both.register(V0)).toBeGreaterThan(90 * both.register(S2));
    expect(both.counts.dropped).toBeGreaterThan(50);
  });
});

describe('a loop that changes itself', () => {
  it.each<[string, 'ahead' | 'behind' | 'slot' | 'next']>([
    ['ahead of the store', 'ahead'],
    ['behind it', 'behind'],
    ['in the delay slot of its branch', 'slot'],
    ['right after the store', 'next'],
  ])('%s', (_, where) => {
    const code = new Assembler(START).li(T0, 'place').label('loop');
    if (where === 'behind') code.label('place').word(add(1));
    code.op('lw', { s: T0, t: T1 }).op('xori', { s: T1, t: T1, i: 2 }).op('sw', { s: T0, t: T1 });
    if (where === 'next') code.label('place').word(add(1));
    code.nop().nop();
    if (where === 'ahead') code.label('place').word(add(1));
    code.branch('beq', {}, 'loop');
    if (where === 'slot') code.label('place').word(add(1));
    else code.nop();
    const both = new BothEngines(LITTLE, [code]);
    both.go(3000, 100);
    expect(both.register(V0)).toBeGreaterThan(600);
  });

  it('in a function that it is called from, so that the call returns to what is new', () => {
    const patch = new Assembler(FUNCTION).li(T0, START + 0x100);
    patch.op('lw', { s: T0, t: T1 }).op('xori', { s: T1, t: T1, i: 2 }).op('sw', { s: T0, t: T1 });
    patch.op('jr', { s: RA }).nop();
    const code = new Assembler(START).li(S1, FUNCTION).padTo(0xf8).label('loop');
    code.op('jalr', { s: S1, d: RA }).nop().word(add(1)).branch('beq', {}, 'loop').nop();
    const both = new BothEngines(LITTLE, [code, patch]);
    both.go(5000);
    expect(both.register(V0)).toBeGreaterThan(700);
  });

  it('every word of a function, one after the other', () => {
    const words = 40;
    const callee = new Assembler(FUNCTION);
    for (let i = 0; i < words; i++) callee.word(add(1));
    callee.op('jr', { s: RA }).nop();
    const code = caller(FUNCTION, (c) => {
      c.li(T0, FUNCTION).op('addu', { s: T0, t: A0, d: T0 }).op('lw', { s: T0, t: T1 });
      c.op('xori', { s: T1, t: T1, i: 2 }).op('sw', { s: T0, t: T1 }).op('addiu', { s: A0, t: A0, i: 4 });
      c.op('sltiu', { s: A0, t: T1, i: 4 * words }).op('movz', { s: 0, t: T1, d: A0 });
    });
    const both = new BothEngines(LITTLE, [code, callee]);
    both.go(200_000);
    expect(both.register(S2)).toBeGreaterThan(words);
    expect(both.counts.dropped).toBeGreaterThan(words);
  });

  it('by a store that has reached a device until now', () => {
    // LEDs of the board, 60 times; then the word behind the store's.
    const code = new Assembler(START).li(A0, START).op('sw', { s: A0, i: 0x800 });
    code.label('again').li(A0, 0xbf000410).op('addiu', { t: S0, i: 60 }).label('loop');
    code.op('sw', { s: A0, t: A1 }).nop().label('place').word(add(1)).op('addiu', { s: S0, t: S0, i: -1 });
    code.branch('bgtz', { s: S0 }, 'loop').nop().branch('bne', { s: V1, t: 0 }, 'again').op('addiu', { t: V1, i: 0 });
    code.li(A0, 'place').li(A1, add(0x100)).op('addiu', { t: V1, i: 1 }).op('addiu', { t: S0, i: 1 });
    code.branch('bltz', { s: T1 }, 'undo').op('subu', { s: 0, t: T1, d: T1 }).branch('beq', {}, 'loop').nop();
    code.label('undo').li(A1, add(1)).branch('beq', {}, 'loop').nop();
    const both = new BothEngines(LITTLE, [code], (machine) => (machine.cpu.r[T1] = 1));
    both.go(50_000);
    expect(both.register(V0)).toBeGreaterThan(0x100 * 60 * 5);
  });

  it('from data to code and back: only words that were translated matter', () => {
    // Stores between two functions of one page, which is therefore watched.
    const page = adder().padTo(0x800);
    for (let i = 0; i < 16; i++) page.word(0);
    page.padTo(0xc00).word(add(5)).op('jr', { s: RA }).nop();
    const code = caller(FUNCTION, (c) => {
      c.li(T0, FUNCTION + 0x800);
      for (let i = 0; i < 16; i++) c.op('sw', { s: T0, t: V0, i: 4 * i });
      c.op('lw', { s: T0, t: V1, i: 8 });
    });
    const both = new BothEngines(LITTLE, [code, page]);
    both.go(20_000);
    expect(both.counts.dropped).toBe(0);
  });
});

it('DMA, or the host, writes over code', () => {
  const both = new BothEngines(LITTLE, [caller(FUNCTION, () => {}), adder()]);
  both.go(2000);
  for (let n = 2; n < 8; n++) {
    both.act((machine) => machine.writeRam(FUNCTION & 0x1fffffff, assemble([add(n)], false)));
    both.go(2000);
  }
  expect(both.counts.dropped).toBeGreaterThan(5);
});

it('the host moves pages of code into each other’s frames', () => {
  const both = new BothEngines(LITTLE, [
    caller(FUNCTION, (c) => c.li(T1, 0x1000).op('xor', { s: S1, t: T1, d: S1 })),
    adder(),
    adder(FUNCTION + 0x1000, 100),
  ]);
  for (let i = 0; i < 6; i++) {
    both.go(2000);
    both.act((machine) => machine.hostMemory.exchange(0x20, i % 2 === 0 ? 0x21 : 0x30));
  }
  both.go(2000);
  expect(both.register(V0)).toBeGreaterThan(2000);
});

describe('pages that the TLB maps', () => {
  /** Two virtual pages at `first`, of which the even one shows `frame` and the odd one `other`. */
  const map = (machine: BareMachine, index: number, first: number, frame: number, other: number, asid = 0) =>
    machine.writeEntry(index, { hi: first | asid, lo0: entryLo(frame, 'VD'), lo1: entryLo(other, 'VD') });
  const FRAME = 0x20000;

  it.each([
    ['useg', 0x00400000],
    ['kseg2', 0xc0400000],
    ['kseg3', 0xe0400000],
  ])('code in %s is stored to through an alias', (_, page) => {
    // Executes at both addresses, stores through the other one.
    const code = caller(page, (c) => {
      toggle(c, page + 0x1000);
      c.li(T1, 0x1000).op('xor', { s: S1, t: T1, d: S1 });
    });
    const both = new BothEngines(LITTLE, [code, adder()], (machine) => {
      map(machine, 0, page, FRAME, FRAME);
      machine.cpu.pc = START | 0;
    });
    both.go(20_000);
    expect(both.counts.dropped).toBeGreaterThan(50);
    expect(both.register(V0)).toBeGreaterThan(90 * both.register(S2));
  });

  it('an absolute jump in a page that is mapped in two regions of 256 MiB', () => {
    // J stays in the page at 0x0002.... only; from 0x1002.... and 0x8002.... it stays in theirs.
    const page = new Assembler(0x80020000).label('entry').word(add(1)).jump('j', 'on').nop().padTo(0x40);
    page.label('on').word(add(2)).op('jr', { s: RA }).nop();
    const elsewhere = new Assembler(0x80030000).padTo(0x40).word(add(0x100)).op('jr', { s: RA }).nop();
    const code = caller(0x00020000, (c) => c.li(T1, 0x10000000).op('xor', { s: S1, t: T1, d: S1 }));
    const both = new BothEngines(LITTLE, [code, page, elsewhere], (machine) => {
      map(machine, 0, 0x00020000, 0x20000, 0x30000);
      // Here the page of the code is another than the one that its jump goes to.
      map(machine, 1, 0x10030000, 0x20000, 0x20000);
      map(machine, 2, 0x10020000, 0x30000, 0x30000);
      machine.cpu.r[S1] = 0;
    });
    both.go(10_000);
    // At the other mapping the same frame is entered at another page number.
    both.act((machine) => (machine.cpu.r[S1] = 0x10030000));
    both.go(10_000);
  });

  it('the frame behind a page of code changes between calls', () => {
    const code = caller(0x00400000, (c) => {
      c.li(T1, entryLo(0x20000, '') ^ entryLo(0x21000, '')).op('xor', { s: A0, t: T1, d: A0 });
      c.word(mtc0(A0, Cp0.EntryLo0)).op('tlbwi');
    });
    const both = new BothEngines(LITTLE, [code, adder(), adder(FUNCTION + 0x1000, 100)], (machine) => {
      map(machine, 0, 0x00400000, 0x20000, 0x20000);
      machine.cpu.r[A0] = entryLo(0x20000, 'VD');
      machine.setCp0(Cp0.EntryLo1, entryLo(0x20000, 'VD'));
      machine.setCp0(Cp0.Index, 0);
      machine.setCp0(Cp0.EntryHi, 0x00400000);
    });
    both.go(20_000);
    expect(both.register(V0)).toBeGreaterThan(45 * both.register(S2) * 50);
  });

  it.each(FLUSH_POLICIES)('the ASID changes, and with it the code at an address: %s', (policy) => {
    const code = caller(0x00400000, (c) => c.op('xori', { s: A1, t: A1, i: 3 }).word(mtc0(A1, Cp0.EntryHi)));
    const both = new BothEngines({ ...LITTLE, policy }, [code, adder(), adder(FUNCTION + 0x1000, 100)], (machine) => {
      map(machine, 0, 0x00400000, 0x20000, 0x20000, 1);
      map(machine, 1, 0x00400000, 0x21000, 0x21000, 2);
      machine.cpu.r[A1] = 1;
      machine.setCp0(Cp0.EntryHi, 1);
    });
    both.go(20_000);
    // Under `never` the first one's stays for ever: that is what the policy shows.
    if (policy !== 'never') expect(both.register(V0)).toBeGreaterThan(45 * both.register(S2) * 50);
  });

  it.each([
    ['itself', 0],
    ['its caller', 1],
  ])('code takes the page of %s out of the TLB', (_, where) => {
    // The refill handler counts in s2 and puts the page back.
    const refill = new Assembler(0x80000000).op('addiu', { s: S2, t: S2, i: 1 }).op('tlbwr').op('eret');
    const drop = (c: Assembler) =>
      c.li(T0, 0x80000000).word(mtc0(T0, Cp0.EntryHi)).op('tlbwi').li(T0, 0x00400000).word(mtc0(T0, Cp0.EntryHi));
    const callee = drop(new Assembler(FUNCTION)).word(add(1)).op('jr', { s: RA }).nop();
    const mapped = new Assembler(0x80021000).label('loop');
    if (where === 0) drop(mapped).word(add(1));
    else mapped.li(S1, FUNCTION).op('jalr', { s: S1, d: RA }).nop().word(add(1));
    mapped.branch('beq', {}, 'loop').nop();
    const both = new BothEngines(LITTLE, [mapped, callee, refill], (machine) => {
      // Random names one entry, the last, and so does Index.
      const last = machine.options.tlbEntries - 1;
      map(machine, last, 0x00400000, 0x21000, 0x21000);
      machine.setCp0(Cp0.Wired, last);
      machine.setCp0(Cp0.Status, 0);
      machine.cpu.pc = 0x00400000;
    });
    both.go(6000);
    expect(both.register(V0)).toBeGreaterThan(100);
    expect(both.register(S2)).toBeGreaterThan(100);
  });

  it('the host takes all pages away, and write-protects them', () => {
    const code = caller(0x00400000, (c) => toggle(c, 0x00401000));
    const options = { ...LITTLE, hostUnmapEvery: 333, hostProtectEvery: 157 };
    const both = new BothEngines(options, [code, adder()], (machine) => map(machine, 0, 0x00400000, FRAME, FRAME));
    both.go(20_000);
    expect(both.register(V0)).toBeGreaterThan(90 * both.register(S2));
    expect(both.counts.dropped).toBeGreaterThan(50);
  });

  it('stores go to code whose page the host TLB has not got at the moment', () => {
    // Each change of ASID drops the mapped page, so that the store is the first access to it.
    const code = caller(FUNCTION, (c) => {
      c.li(T0, FUNCTION).op('lw', { s: T0, t: T1 }).op('xori', { s: T1, t: T1, i: 2 });
      c.op('xori', { s: A1, t: A1, i: 3 }).word(mtc0(A1, Cp0.EntryHi)).li(T0, 0x00400000).op('sw', { s: T0, t: T1 });
    });
    const both = new BothEngines(LITTLE, [code, adder()], (machine) => {
      machine.writeEntry(0, { hi: 0x00400000, lo0: entryLo(FRAME, 'VDG'), lo1: entryLo(FRAME, 'VDG') });
      machine.setCp0(Cp0.EntryHi, 1);
      machine.cpu.r[A1] = 1;
    });
    both.go(20_000);
    expect(both.register(V0)).toBeGreaterThan(90 * both.register(S2));
  });
});

describe('kvm', () => {
  const KVM = { kind: 'kvm', bigEndian: false, tlbEntries: 16 } as const;
  const KERNEL = 0x40010000;

  it('dynamic translation rewrites the loop that runs', () => {
    const code = new Assembler(KERNEL).label('loop').op('mfc0', { t: V0, d: Cp0.EPC >>> 3 });
    code.op('addiu', { s: V0, t: V0, i: 1 }).word(mtc0(V0, Cp0.EPC)).branch('beq', {}, 'loop').nop();
    const both = new BothEngines({ ...KVM, dynamicTranslation: true }, [code]);
    both.go(5000);
    expect(both.register(V0)).toBeGreaterThan(900);
    expect(both.jit.stats()['dynamicallyTranslated']).toBe(2);
  });

  it('code in the commpage, which changes without a store', () => {
    // Registers that are storage alone, as instructions: the second one returns.
    const storage = Cp0.DESAVE - 7;
    const at = 0x7000 + 4 * storage;
    const code = caller(at, (c) => c.op('xori', { s: A0, t: A0, i: 2 }).word(mtc0(A0, storage)), KERNEL);
    const both = new BothEngines(KVM, [code], (machine) => {
      for (const [i, word] of [add(1), op('jr', { s: RA }), 0].entries()) machine.system.cp0[storage + i] = word;
      machine.cpu.r[A0] = add(1);
    });
    both.go(10_000);
    expect(both.register(S2)).toBeGreaterThan(20);
    expect(both.register(V0)).toBeGreaterThan(90 * both.register(S2));
  });

  it('moves between host CPUs', () => {
    const code = caller(0x60400000, (c) => toggle(c, 0x60401000), KERNEL);
    const both = new BothEngines({ ...KVM, hostCpus: 3, migrateEvery: 111 }, [code, adder(0x40020000)], (machine) =>
      machine.writeEntry(0, { hi: 0x60400000, lo0: entryLo(0x20000, 'VD'), lo1: entryLo(0x20000, 'VD') }),
    );
    both.go(20_000);
    expect(both.register(V0)).toBeGreaterThan(90 * both.register(S2));
  });
});

describe('a full cache is emptied', () => {
  /** Functions in so many pages, some in each, called in turn. */
  const many = (pages: number, each: number): Assembler[] => {
    const all = Array.from({ length: pages }, (_, page) => {
      const code = new Assembler(FUNCTION + 0x1000 * page);
      for (let i = 0; i < each; i++)
        code
          .padTo((0x1000 / each) * i)
          .word(add(1))
          .op('jr', { s: RA })
          .nop();
      return code;
    });
    const code = new Assembler(START)
      .label('again')
      .li(S1, FUNCTION)
      .li(S0, pages * each)
      .label('loop');
    code.op('jalr', { s: S1, d: RA }).op('addiu', { s: S0, t: S0, i: -1 });
    code
      .op('addiu', { s: S1, t: S1, i: 0x1000 / each })
      .branch('bgtz', { s: S0 }, 'loop')
      .nop();
    return [code.branch('beq', {}, 'again').nop(), ...all];
  };
  it('of functions', () => {
    const both = new BothEngines({ ...LITTLE, cacheLimits: { functions: 20, pages: 100, guards: 1000 } }, many(4, 64));
    both.go(20_000);
    expect(both.counts.evictions).toBeGreaterThan(5);
    expect(both.register(V0)).toBeGreaterThan(2000);
  });
  it('of pages', () => {
    const both = new BothEngines(
      { ...LITTLE, cacheLimits: { functions: 1000, pages: 5, guards: 100_000 } },
      many(16, 16),
    );
    both.go(20_000);
    expect(both.counts.evictions).toBeGreaterThan(5);
    expect(both.register(V0)).toBeGreaterThan(2000);
  });
});

describe('limits to the instruction', () => {
  it.each([
    ['Status.ERL', 0x4],
    ['supervisor mode', 0x8],
    ['kernel mode', 0],
  ])('%s', (_, status) => {
    const code = new Assembler(START).label('loop').word(add(1)).branch('beq', {}, 'loop').nop();
    const both = new BothEngines(LITTLE, [code], (machine) => machine.setCp0(Cp0.Status, status));
    for (const limit of [1, 5, 63, 64, 65, 100, 1000, 7]) {
      const before = both.jit.clock.instructions();
      both.run(limit, Infinity);
      expect(both.parting).toBeNull();
      // One more when the last is a branch.
      expect(both.jit.clock.instructions() - before).toBeLessThanOrEqual(limit + 1);
    }
  });
});

it('slices of every length end where they must, also at the end of a TLB handler', () => {
  // Skips the load that missed.
  const refill = new Assembler(0x80000000).op('mfc0', { t: 26, d: 14 }).op('addiu', { s: S2, t: S2, i: 1 });
  refill.op('addiu', { s: 26, t: 26, i: 4 }).word(mtc0(26, Cp0.EPC)).op('eret');
  const code = new Assembler(START).li(T0, 0x00400000).label('loop').op('lw', { s: T0, t: T1 }).word(add(1));
  code.branch('beq', {}, 'loop').nop();
  const both = new BothEngines(LITTLE, [code, refill], (machine) => machine.setCp0(Cp0.Status, 0));
  for (let limit = 1; limit < 60; limit++) {
    for (let i = 0; i < 5; i++) both.run(limit, Infinity);
    expect(both.parting, both.parting ? describeParting(both.parting) : '').toBeNull();
  }
  expect(both.register(S2)).toBeGreaterThan(500);
});

describe('registers that only one of two ways to a place writes', () => {
  it.each<[string, (code: Assembler) => void]>([
    ['before a return', () => {}],
    ['before what the interpreter executes', (code) => code.op('mfc0', { t: T1, d: Cp0.Count >>> 3 })],
    ['before a jump elsewhere', (code) => code.op('jr', { s: S1 }).nop()],
  ])('%s', (_, end) => {
    // In the first half of the calls v1 is written, in the other it must keep what it has.
    const callee = new Assembler(FUNCTION).op('andi', { s: S0, t: T0, i: 32 }).branch('bne', { s: T0 }, 'join').nop();
    callee.op('addiu', { s: 0, t: V1, i: 77 }).label('join');
    end(callee);
    callee.op('jr', { s: RA }).nop();
    const code = new Assembler(START)
      .li(S1, FUNCTION + 0x2000)
      .li(A1, FUNCTION)
      .label('loop');
    code.op('andi', { s: S0, t: V1, i: 0x7ff }).op('jalr', { s: A1, d: RA }).op('addiu', { s: S0, t: S0, i: 1 });
    code.op('addu', { s: A0, t: V1, d: A0 }).branch('beq', {}, 'loop').nop();
    const both = new BothEngines(LITTLE, [code, callee, adder(FUNCTION + 0x2000)]);
    both.go(20_000);
    expect(both.register(S0)).toBeGreaterThan(1000);
    expect(both.register(A0)).toBeGreaterThan(100_000);
  });
});

describe('calls', () => {
  it('that leave hardly any instructions to go on with', () => {
    // The callee uses up what is left, in a loop; then comes a long way without a test.
    const callee = new Assembler(FUNCTION)
      .op('addiu', { t: T0, i: 20 })
      .label('loop')
      .branch('bgtz', { s: T0 }, 'loop');
    callee.op('addiu', { s: T0, t: T0, i: -1 }).op('jr', { s: RA }).nop();
    const code = new Assembler(START).li(S1, FUNCTION).label('loop').op('jalr', { s: S1, d: RA }).nop();
    for (let i = 0; i < 50; i++) code.word(add(1));
    code.branch('beq', {}, 'loop').nop();
    const both = new BothEngines(LITTLE, [code, callee]);
    both.go(2000);
    for (let limit = 1; limit < 250; limit++) {
      both.run(limit, Infinity);
      expect(both.parting, both.parting ? describeParting(both.parting) : '').toBeNull();
    }
    expect(both.register(V0)).toBeGreaterThan(1000);
  });

  it('deeper than the host’s stack takes, and back', () => {
    const code = new Assembler(START).label('main').li(29, 0x80080000).op('addiu', { t: A0, i: 400 });
    code.jump('jal', 'down').nop().branch('beq', {}, 'main').op('addiu', { s: S2, t: S2, i: 1 });
    code.label('down').op('addiu', { s: 29, t: 29, i: -8 }).op('sw', { s: 29, t: RA });
    code.branch('blez', { s: A0 }, 'up').word(add(1)).jump('jal', 'down').op('addiu', { s: A0, t: A0, i: -1 });
    code.label('up').op('lw', { s: 29, t: RA }).op('jr', { s: RA }).op('addiu', { s: 29, t: 29, i: 8 });
    const both = new BothEngines(LITTLE, [code]);
    both.go(100_000, 30_000);
    expect(both.register(S2)).toBeGreaterThan(15);
    expect(both.register(V0)).toBeGreaterThan(401 * 15);
  });

  it('that return elsewhere, or call what they return to', () => {
    const code = new Assembler(START).label('main').jump('jal', 'past').nop().word(add(1), add(2));
    // The callee's first instruction is where it returns to.
    code.jump('jal', 'here').nop().label('here').word(add(4)).branch('bgezal', {}, 'main');
    code.op('addiu', { s: S2, t: S2, i: 1 }).label('past').op('jr', { s: RA }).op('addiu', { s: RA, t: RA, i: 4 });
    const both = new BothEngines(LITTLE, [code]);
    both.go(5000);
    expect(both.register(S2)).toBeGreaterThan(100);
  });
});

describe('modes and interrupts', () => {
  const COUNTING = 0x80000180;
  /** Counts in s2, acknowledges the timer, and goes on after `skip` bytes. */
  const handler = (skip: number) => {
    const code = new Assembler(COUNTING).op('addiu', { s: S2, t: S2, i: 1 }).op('mfc0', { t: 26, d: 9 });
    code.op('addiu', { s: 26, t: 26, i: 97 }).word(mtc0(26, Cp0.Compare)).op('mfc0', { t: 26, d: 14 });
    return code.op('addiu', { s: 26, t: 26, i: skip }).word(mtc0(26, Cp0.EPC)).op('eret');
  };

  it('EI lets an interrupt in that came while DI held it off', () => {
    const code = new Assembler(START).label('loop').op('di', { t: T0 });
    for (let i = 0; i < 20; i++) code.word(add(1));
    code.op('ei', { t: T1 }).word(add(1), add(1)).branch('beq', {}, 'loop').nop();
    const both = new BothEngines(LITTLE, [code, handler(0)], (machine) => {
      machine.setCp0(Cp0.Compare, 100);
      machine.setCp0(Cp0.Status, 0x8001);
    });
    both.go(20_000);
    expect(both.register(S2)).toBeGreaterThan(50);
  });

  it.each([
    ['user', 0x10],
    ['supervisor', 0x08],
  ])('kernel code goes on in %s mode without a jump', (_, bits) => {
    // In useg, which every mode may execute. The MFC0 raises Coprocessor Unusable, and the handler leaves user mode.
    const code = new Assembler(0x80020000)
      .label('loop')
      .word(mtc0(A0, Cp0.Status))
      .word(add(1))
      .op('mfc0', { t: T0, d: 12 });
    code.word(add(1)).branch('beq', {}, 'loop').nop();
    const back = new Assembler(COUNTING).op('addiu', { s: S2, t: S2, i: 1 }).word(mtc0(A1, Cp0.Status));
    back.op('mfc0', { t: 26, d: 14 }).op('addiu', { s: 26, t: 26, i: 4 }).word(mtc0(26, Cp0.EPC)).op('eret');
    const both = new BothEngines(LITTLE, [code, back], (machine) => {
      machine.writeEntry(0, { hi: 0x00400000, lo0: entryLo(0x20000, 'VDG'), lo1: entryLo(0x20000, 'VDG') });
      machine.setCp0(Cp0.Status, 0);
      machine.cpu.pc = 0x00400000;
      machine.cpu.r[A0] = bits;
      machine.cpu.r[A1] = 2;
    });
    both.go(10_000);
    expect(both.register(S2)).toBeGreaterThan(500);
    if (bits === 0x10) expect(both.jit.counters.userEntries).toBeGreaterThan(500);
  });

  it('a jump to an address that is no multiple of four, where there is code', () => {
    const code = new Assembler(START).label('loop').li(T0, 'target').op('xori', { s: A0, t: A0, i: 2 });
    code.op('or', { s: T0, t: A0, d: T0 }).op('jr', { s: T0 }).nop().label('target').word(add(1));
    code.branch('beq', {}, 'loop').nop();
    const resume = new Assembler(COUNTING).op('addiu', { s: S2, t: S2, i: 1 }).li(26, START).word(mtc0(26, Cp0.EPC));
    const both = new BothEngines(LITTLE, [code, resume.op('eret')], (machine) => machine.setCp0(Cp0.Status, 0));
    both.go(10_000);
    expect(both.register(S2)).toBeGreaterThan(100);
    expect(both.register(V0)).toBeGreaterThan(100);
  });

  it('a jump that overwrites its own target, with a delay slot that reaches a device', () => {
    const code = new Assembler(START).li(T1, 0xbf000410).label('loop').li(T0, 'target').op('jalr', { s: T0, d: T0 });
    code.op('lw', { s: T1, t: V1 }).op('addiu', { s: A1, t: A1, i: 1 }).branch('beq', {}, 'loop').nop();
    code.label('target').op('addiu', { s: A0, t: A0, i: 1 }).op('jr', { s: T0 }).nop();
    const both = new BothEngines(LITTLE, [code]);
    both.go(10_000);
    expect(both.register(A0)).toBeGreaterThan(900);
  });

  it('a second SC stores nothing', () => {
    const code = new Assembler(START).li(A0, 0x80040000).label('loop').op('ll', { s: A0, t: T0 });
    code.op('addiu', { s: T0, t: T0, i: 1 }).op('addu', { s: T0, t: 0, d: T1 }).op('sc', { s: A0, t: T0 });
    code.op('sc', { s: A0, t: T1 }).op('addu', { s: V0, t: T1, d: V0 }).op('addu', { s: V1, t: T0, d: V1 });
    code.branch('beq', {}, 'loop').nop();
    const both = new BothEngines(LITTLE, [code]);
    both.go(10_000);
    expect(both.register(V0)).toBe(0);
    expect(both.register(V1)).toBeGreaterThan(500);
  });
});
