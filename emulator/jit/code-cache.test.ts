/** Code that changes, moves or goes away: what has been generated from it must follow. */
import { describe, expect, it } from 'vitest';
import { assemble } from '../boot/assemble.ts';
import { Cp0 } from '../cpu/cp0.ts';
import type { MachineOptions } from '../machine-options.ts';
import { Assembler } from '../testing/assembler.ts';
import { entryLo, mtc0, op } from '../testing/bare-machine.ts';
import { BothEngines } from '../testing/both-engines.ts';
import { add, adder, caller, FUNCTION, LITTLE, manyFunctions, START, toggle } from '../testing/changing-code.ts';

const [V0, V1, A0, A1, T0, T1, S0, S1, S2, RA] = [2, 3, 4, 5, 8, 9, 16, 17, 18, 31];

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
  it('of functions', () => {
    const both = new BothEngines(
      { ...LITTLE, cacheLimits: { functions: 20, pages: 100, guards: 1000 } },
      manyFunctions(4, 64),
    );
    both.go(20_000);
    expect(both.counts.evictions).toBeGreaterThan(5);
    expect(both.register(V0)).toBeGreaterThan(2000);
  });
  it('of pages', () => {
    const both = new BothEngines(
      { ...LITTLE, cacheLimits: { functions: 1000, pages: 5, guards: 100_000 } },
      manyFunctions(16, 16),
    );
    both.go(20_000);
    expect(both.counts.evictions).toBeGreaterThan(5);
    expect(both.register(V0)).toBeGreaterThan(2000);
  });
});
