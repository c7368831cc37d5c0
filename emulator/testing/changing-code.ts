/** Programs that call functions for ever, and change what they call now and then, for tests of generated code. */
import { Assembler } from './assembler.ts';
import { op } from './bare-machine.ts';

const [V0, T0, T1, S0, S1, S2, RA] = [2, 8, 9, 16, 17, 18, 31];
export const LITTLE = { bigEndian: false };
export const START = 0x80010000;
export const FUNCTION = 0x80020000;

/** `addiu v0, v0, n`: what most of these programs replace. */
export const add = (n: number) => op('addiu', { s: V0, t: V0, i: n });

/** A function that adds `n` to v0. */
export function adder(base = FUNCTION, n = 1): Assembler {
  return new Assembler(base).label('add').word(add(n)).op('jr', { s: RA }).nop();
}

/** Calls `to` for ever, and after each 50 calls does what `change` says. s2 counts the changes. */
export function caller(to: number, change: (code: Assembler) => void, base = START): Assembler {
  const code = new Assembler(base).li(S1, to).label('again').op('addiu', { t: S0, i: 50 });
  code.label('loop').op('jalr', { s: S1, d: RA }).op('addiu', { s: S0, t: S0, i: -1 });
  code.branch('bgtz', { s: S0 }, 'loop').nop();
  change(code);
  return code.op('addiu', { s: S2, t: S2, i: 1 }).branch('beq', {}, 'again').nop();
}

/** A store of the word `add(1) ^ flip` to `to`, with flip's bit changing each time. */
export function toggle(code: Assembler, to: number, store: 'sw' | 'sh' | 'sb' = 'sw', offset = 0): void {
  code.li(T0, to).op('lw', { s: T0, t: T1 }).op('xori', { s: T1, t: T1, i: 2 }).op(store, { s: T0, t: T1, i: offset });
}

/** Functions in so many pages, some in each, called in turn. */
export function manyFunctions(pages: number, each: number): Assembler[] {
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
}
