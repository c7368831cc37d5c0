/** Blocks that need no function of their own, and those that turn out to need one all the same. */
import { describe, expect, it } from 'vitest';
import { RAM_AT } from '../memory.ts';
import { Assembler } from '../testing/assembler.ts';
import { BothEngines } from '../testing/both-engines.ts';
import { CoveredPlaces } from './covered-places.ts';
import { buildRegion } from './region-builder.ts';

const [V0, T0, T1, S0, SP, RA] = [2, 8, 9, 16, 29, 31];
const START = 0x80010000;
const OTHER = 0x80020000;

describe('what is in the middle of a function', () => {
  const code = new Assembler(START).op('addiu', { s: V0, t: V0, i: 1 }).branch('bne', { s: V0 }, 'target').nop();
  code.label('middle').op('addiu', { s: V0, t: V0, i: 2 }).label('target').op('addiu', { s: V0, t: V0, i: 3 });
  code.label('frame').op('addiu', { s: SP, t: SP, i: -32 }).op('addiu', { s: SP, t: SP, i: 32 });
  code.label('called').op('jr', { s: RA }).nop().label('behind').jump('jal', 'called').nop();
  const page = new Int32Array(1024);
  page.set(code.done());
  const wanted = (pc: number) => ({ pc, host: pc & 0xffffff, page, entries: null, devices: [], guard: 0 });
  const covered = new CoveredPlaces();
  const options = { limit: 64, kernel: false, entries: null, threshold: 1, devices: new Set<number>() };
  const region = buildRegion(page, 0, START, 0, options);

  it.each([
    ['middle', true],
    ['target', true],
    ['behind', false],
    ['frame', false],
    ['called', false],
  ])('%s: %s', (label, is) => {
    covered.clear();
    const at = wanted(code.address(label));
    expect(covered.has(at)).toBe(false);
    covered.add(wanted(START), region);
    expect(covered.has(at)).toBe(is);
    // The same place in another page.
    expect(covered.has(wanted(at.pc + 0x1000))).toBe(false);
  });
});

/** A function of three blocks, and a caller that mostly enters it at its start, and every so often in its middle. */
function entered(turns: number): Assembler[] {
  const callee = new Assembler(OTHER).op('addiu', { s: V0, t: V0, i: 1 }).branch('bne', { s: V0 }, 'middle').nop();
  callee.op('addiu', { s: V0, t: V0, i: 7 }).label('middle').op('addiu', { s: V0, t: V0, i: 2 });
  callee.branch('beq', { s: V0 }, 'end').nop().label('behind').op('addiu', { s: V0, t: V0, i: 3 });
  callee.label('end').op('jr', { s: RA }).nop();
  const caller = new Assembler(START).label('again').li(S0, turns).li(T0, OTHER).label('loop');
  caller.op('jalr', { s: T0, d: RA }).op('addiu', { s: S0, t: S0, i: -1 }).branch('bgtz', { s: S0 }, 'loop').nop();
  caller.li(T1, callee.address('middle')).op('jalr', { s: T1, d: RA }).nop().branch('beq', {}, 'again').nop();
  return [caller, callee];
}

describe('a block in the middle of a function', () => {
  const starts = (both: BothEngines) => {
    const { map } = (both.jit.engine as unknown as { cache: { map: { entry(mode: number, host: number): number } } })
      .cache;
    const host = RAM_AT + (OTHER & 0x1fffffff);
    return [0, 4, 6].map((place) => map.entry(0, host + 4 * place) > 0);
  };
  it('gets one of its own when it is entered often by itself', () => {
    const both = new BothEngines({ threshold: 64, batch: 8 }, entered(20));
    both.go(60_000);
    expect(starts(both)).toEqual([true, true, false]);
  });
  it('but not when that takes long each time', () => {
    const both = new BothEngines({ threshold: 64, batch: 8 }, entered(5000));
    both.go(2_000_000, 100_000);
    expect(starts(both)).toEqual([true, false, false]);
  });
});
