/** Sides of branches that are left out of a region, since the interpreter has hardly ever gone there. */
import { describe, expect, it } from 'vitest';
import { Assembler } from '../testing/assembler.ts';
import { BothEngines } from '../testing/both-engines.ts';
import { End, type Region } from './region.ts';
import { buildRegion } from './region-builder.ts';

const [V0, V1, T0, T1, S0, S1, T9, RA] = [2, 3, 8, 9, 16, 17, 25, 31];
const START = 0x80010000;

/** @param counts how often the interpreter has entered the block at a label; below zero: there is code for it */
function regionOf(code: Assembler, counts: Record<string, number> | null, threshold = 2400): Region {
  const page = new Int32Array(1024);
  page.set(code.done());
  const entries = counts && new Int32Array(1024);
  for (const [label, count] of Object.entries(counts ?? {})) entries![placeOf(code, label)] = -count;
  return buildRegion(page, 0, START, 0, { limit: 64, kernel: false, entries, threshold, devices: new Set() });
}
const placeOf = (code: Assembler, label: string) => (code.address(label) - START) >>> 2;
const endAt = ({ blocks, blockAt }: Region, place: number) => {
  const index = blockAt[place]!;
  return index < 0 ? undefined : blocks[index]!.end;
};

/** One side or the other. */
const choice = () =>
  new Assembler(START)
    .branch('beq', { s: V0 }, 'taken')
    .nop()
    .label('next')
    .op('jr', { s: RA })
    .op('addiu', { t: V1, i: 1 })
    .label('taken')
    .op('jr', { s: RA })
    .op('addiu', { t: V1, i: 2 });

describe('a side of a branch', () => {
  it.each([
    ['nothing is known', null, [End.Register, End.Register]],
    ['neither has been gone to', {}, [End.Register, End.Register]],
    ['both have', { next: 2400, taken: 38 }, [End.Register, End.Register]],
    ['the one has hardly ever', { next: 2400, taken: 37 }, [End.Register, End.Away]],
    ['the other never', { taken: 32 }, [End.Away, End.Register]],
    ['not so often either', { taken: 31 }, [End.Register, End.Register]],
    ['there is code for the one', { next: -7, taken: 37 }, [End.Register, End.Away]],
    ['there is code for the other', { next: 2400, taken: -1 }, [End.Register, End.Register]],
  ] as const)('where %s', (_, counts, ends) => {
    const code = choice();
    const region = regionOf(code, counts);
    expect(['next', 'taken'].map((label) => endAt(region, placeOf(code, label)))).toEqual(ends);
  });

  it('may be rare sooner where blocks are translated sooner', () => {
    const code = choice();
    expect(endAt(regionOf(code, { next: 1 }, 1), placeOf(code, 'taken'))).toBe(End.Away);
    expect(endAt(regionOf(code, { next: 1 }, 2), placeOf(code, 'taken'))).toBe(End.Register);
  });

  it('is part of the region when something else goes there', () => {
    const code = choice();
    const both = new Assembler(START).branch('bne', { s: V1 }, 'second').nop().label('first');
    both.branch('beq', { s: V0 }, 'taken').nop().label('next').op('jr', { s: RA }).nop();
    both.label('second').op('addiu', { t: V1, i: 1 }).branch('beq', {}, 'taken').nop();
    both.label('taken').op('jr', { s: RA }).nop();
    expect(endAt(regionOf(code, { next: 99 }), placeOf(code, 'taken'))).toBe(End.Away);
    const counts = { first: 99, second: 50, next: 99, taken: 1 };
    expect(endAt(regionOf(both, counts), placeOf(both, 'taken'))).toBe(End.Register);
  });
});

it('a callee that hardly ever goes on elsewhere is part of the region only if it never has', () => {
  const code = new Assembler(START).op('addiu', { s: S0, t: S0, i: 1 }).jump('jal', 'callee').nop();
  code.label('back').op('jr', { s: T9 }).nop();
  code.label('callee').branch('beq', { s: V0 }, 'rare').nop().label('often').op('jr', { s: RA }).nop();
  code.label('rare').op('syscall');
  const endOfCall = (rare: number) => regionOf(code, { callee: 99, often: 99, rare }).blocks[0]!.end;
  expect([0, 1].map(endOfCall)).toEqual([End.LocalCall, End.Call]);
});

it('what has been left out is gone to all the same, and gets code of its own when that is often', () => {
  // In a loop, every side's work is different, and S1 says when the second is taken.
  const code = new Assembler(START).li(T0, 0).li(S1, 1500).label('loop').op('addiu', { s: T0, t: T0, i: 1 });
  code.op('slt', { s: S1, t: T0, d: T1 }).branch('bne', { s: T1 }, 'late').op('addiu', { s: V0, t: V0, i: 1 });
  code.op('addiu', { s: V1, t: V1, i: 3 }).branch('beq', {}, 'loop').op('xor', { s: V0, t: V1, d: V0 });
  code.label('late').op('addiu', { s: V1, t: V1, i: 5 }).branch('bne', { s: T0 }, 'loop').nop();
  const both = new BothEngines({ threshold: 40 }, [code]);
  both.go(6000);
  const before = both.counts.regions;
  expect(before).toBeGreaterThan(0);
  both.go(20_000);
  expect(both.counts.regions).toBeGreaterThan(before);
  expect(both.jit.engine!.counts.executed).toBeGreaterThan(24_000);
});
