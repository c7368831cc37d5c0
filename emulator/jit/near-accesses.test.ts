/** Accesses off one base: which make a window, and that a window is as its accesses one by one. */
import { describe, expect, it } from 'vitest';
import { Cp0 } from '../cpu/cp0.ts';
import { Assembler } from '../testing/assembler.ts';
import { entryLo, mfc0, mtc0, op } from '../testing/bare-machine.ts';
import { BothEngines } from '../testing/both-engines.ts';
import { nearAccesses } from './near-accesses.ts';
import { buildRegion } from './region-builder.ts';

const START = 0x80010000;
const SP = 29;

const lw = (t: number, i: number, s = SP) => op('lw', { s, t, i: i & 0xffff });
const sw = (t: number, i: number, s = SP) => op('sw', { s, t, i: i & 0xffff });

/** Windows of straight code, as first-last and each chain's register and accesses. */
function windowsOf(words: number[], bigEndian = false): string[] {
  const page = new Int32Array(1024);
  page.set([...words, op('jr', { s: 31 }), 0]);
  const { blocks } = buildRegion(page, 0, START, 0, {
    limit: 64,
    kernel: true,
    entries: null,
    threshold: 1,
    devices: new Set(),
  });
  return nearAccesses(blocks[0]!.body, bigEndian).map(({ first, last, chains }) => {
    const names = chains.map((c) => `${c.write ? 'w' : 'r'}${c.base}+${c.from}..${c.from + c.bytes}/${c.alignment}`);
    return `${first}-${last} ${names.sort().join(' ')}`;
  });
}

describe('windows', () => {
  it('a frame, from its first access to its last', () => {
    const prologue = [
      op('addiu', { s: SP, t: SP, i: 0xffd8 }),
      sw(31, 36),
      sw(16, 28),
      op('or', { s: 4, d: 16 }),
      sw(17, 32),
    ];
    expect(windowsOf(prologue)).toEqual(['1-4 w29+28..40/4']);
  });

  it('not of two accesses, nor of two and one of the other kind', () => {
    expect(windowsOf([lw(4, 0), lw(5, 4)])).toEqual([]);
    expect(windowsOf([lw(4, 0), lw(5, 4), sw(4, 8)])).toEqual([]);
  });

  it('ends where the base gets another value, which the last access may be', () => {
    expect(windowsOf([lw(4, 0), lw(5, 4), op('addiu', { s: SP, t: SP, i: 8 }), lw(6, 0)])).toEqual([]);
    expect(windowsOf([lw(4, 0, 8), lw(5, 4, 8), lw(8, 8, 8), lw(6, 0, 8)])).toEqual(['0-2 r8+0..12/4']);
  });

  it('two chains at once, as in a copy, if both bases are known at its start', () => {
    const copy = [lw(4, 0, 8), sw(4, 0, 9), lw(4, 4, 8), sw(4, 4, 9), lw(4, 8, 8), sw(4, 8, 9)];
    expect(windowsOf(copy)).toEqual(['0-5 r8+0..12/4 w9+0..12/4']);
    const next = [lw(9, 0, 8), lw(5, 4, 8), lw(6, 0, 9), lw(7, 4, 9), lw(10, 8, 9), lw(11, 12, 9), lw(12, 8, 8)];
    // The longer one; the other's base comes from it.
    expect(windowsOf(next)).toEqual(['2-5 r9+0..16/4']);
  });

  it('of what lies near, is aligned as its base is, and is not far between', () => {
    expect(windowsOf([lw(4, 0), lw(5, 4), lw(6, 0x500), lw(7, 8)])).toEqual([]);
    expect(windowsOf([lw(4, 0), lw(5, 4), lw(6, 9), lw(7, 8)])).toEqual(['0-3 r29+0..12/4']);
    const between = Array.from({ length: 5 }, () => op('addiu', { s: 4, t: 4, i: 1 }));
    expect(windowsOf([lw(4, 0), ...between, lw(5, 4), ...between, lw(6, 8)])).toEqual([]);
  });

  it('not across what the interpreter executes, or changes mode or interrupts', () => {
    for (const word of [op('rdhwr', { t: 2, d: 2 }), mtc0(2, Cp0.Status), op('ei')]) {
      expect(windowsOf([lw(4, 0), lw(5, 4), word, lw(6, 8)])).toEqual([]);
    }
  });

  it('parts of words, as far as their machine needs', () => {
    const bytes = [3, 5, 6].map((i) => op('lbu', { s: 8, t: 4, i }));
    expect(windowsOf(bytes)).toEqual(['0-2 r8+3..7/1']);
    expect(windowsOf(bytes, true)).toEqual(['0-2 r8+0..7/4']);
    expect(windowsOf([...bytes, op('lhu', { s: 8, t: 4, i: 8 })])).toEqual(['0-3 r8+2..10/2']);
  });
});

/** Skips what raises an exception, and counts it in s7. */
function handlers(): Assembler[] {
  const skip = (code: Assembler) =>
    code
      .word(mfc0(26, Cp0.EPC))
      .op('addiu', { s: 23, t: 23, i: 1 })
      .op('addiu', { s: 26, t: 26, i: 4 })
      .word(mtc0(26, Cp0.EPC))
      .op('eret');
  return [skip(new Assembler(0x80000000)), skip(new Assembler(0x80000180))];
}

/** A kernel's loop over pointers, s0, from 0x00400000 on: two pages, a read-only one, one that is not valid, and two more. */
function loop(step: number, body: (code: Assembler) => void): Assembler {
  const code = new Assembler(START).li(16, 0x00400000).li(17, 0x00405ff0).label('loop');
  for (let r = 2; r < 8; r++) code.op('addu', { s: r, t: 16, d: r });
  body(code);
  code.op('addiu', { s: 18, t: 18, i: 1 }).op('addiu', { s: 16, t: 16, i: step });
  code.op('sltu', { s: 16, t: 17, d: 8 }).branch('bne', { s: 8 }, 'loop').nop();
  return code.li(16, 0x00400000).branch('beq', {}, 'loop').nop();
}

describe.each([false, true])('both engines, big endian %s', (bigEndian) => {
  const accesses =
    (...rows: [name: string, t: number, offset: number][]) =>
    (code: Assembler, base = 16): void => {
      for (const [name, t, offset] of rows) code.op(name, { s: base, t, i: offset & 0xffff });
    };
  const five = (name: string) =>
    accesses(...[0, 1, 2, 3, 4].map((i): [string, number, number] => [name, 2 + i, 4 * i]));
  const [saves, loads] = [five('sw'), five('lw')];
  it.each<[string, number, (code: Assembler) => void]>([
    ['saves', 24, saves],
    ['loads', 24, loads],
    ['saves of a pointer that is aligned now and then', 29, saves],
    ['loads of such a one', 30, loads],
    [
      'what was stored is loaded',
      40,
      accesses(['sw', 2, 8], ['lw', 3, 8], ['sh', 4, 10], ['lw', 5, 8], ['sb', 6, 9], ['lhu', 7, 8]),
    ],
    [
      'bytes and halves',
      23,
      accesses(['lb', 2, 1], ['lbu', 3, 2], ['lh', 4, 4], ['lhu', 5, 6], ['lb', 6, 7], ['lhu', 7, 12]),
    ],
    [
      'the base is overwritten by the last',
      24,
      (c) => accesses(['lw', 2, 0], ['lw', 3, 4], ['lw', 9, 8])(c.op('or', { s: 16, d: 9 }), 9),
    ],
    [
      'between them an overflow, and a load off something else',
      52,
      (c) => {
        accesses(['sw', 2, 0])(c);
        accesses(['sw', 3, 4])(c.op('add', { s: 2, t: 3, d: 4 }));
        accesses(['sw', 4, 8])(c.op('lw', { s: 4, t: 5, i: 0 }));
      },
    ],
    ['behind the pointer', 24, accesses(['lw', 2, -12], ['lw', 3, -4], ['lw', 4, -8])],
  ])('%s', (_, step, body) => {
    const both = new BothEngines({ kind: 'malta', bigEndian }, [loop(step, body), ...handlers()], (machine) => {
      machine.setCp0(Cp0.Status, 0);
      for (let i = 0; i < 0x6000; i += 4) machine.place(0x00200000 + i, (i * 0x01234567) | 0);
      const pages = ['VDG', 'VDG', 'VG', 'G', 'VDG', 'VDG'];
      for (let pair = 0; pair < 3; pair++) {
        const lo = [0, 1].map((half) => entryLo(0x00200000 + 0x1000 * (2 * pair + half), pages[2 * pair + half]!));
        machine.writeEntry(pair, { hi: 0x00400000 + 0x2000 * pair, lo0: lo[0]!, lo1: lo[1]! });
      }
    });
    both.go(60_000);
    expect(both.register(18)).toBeGreaterThan(1000);
    // Pages that cannot be accessed, and addresses that are not aligned.
    expect(both.register(23)).toBeGreaterThan(100);
    expect(both.jit.engine!.counts.executed).toBeGreaterThan(20_000);
  });

  it('stores to the code that is running', () => {
    // Each turn makes other constants of three instructions behind the stores.
    const code = new Assembler(START)
      .li(16, START + 0x100)
      .label('loop')
      .op('addiu', { s: 18, t: 18, i: 1 });
    code
      .op('andi', { s: 18, t: 2, i: 0xff })
      .li(3, op('addiu', { s: 19, t: 19 }))
      .op('or', { s: 2, t: 3, d: 3 });
    for (let i = 0; i < 3; i++) code.op('sw', { s: 16, t: 3, i: 4 * i });
    code.branch('beq', {}, 'patched').nop();
    while (code.here < START + 0x100) code.nop();
    code.label('patched').nop().nop().nop().branch('beq', {}, 'loop').nop();
    const both = new BothEngines({ kind: 'malta', bigEndian }, [code, ...handlers()], (machine) => {
      machine.setCp0(Cp0.Status, 0);
    });
    both.go(20_000);
    const turns = both.register(18);
    expect(turns).toBeGreaterThan(500);
    let sum = 0;
    for (let turn = 1; turn <= turns; turn++) sum += 3 * (turn & 0xff);
    expect(Math.abs(both.register(19) - sum)).toBeLessThanOrEqual(3 * 0xff);
  });
});
