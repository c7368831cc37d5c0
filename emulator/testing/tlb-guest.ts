/** Pieces of guests that use more pages than their TLB has entries, for tests of refills. */
import { Cp0 } from '../cpu/cp0.ts';
import { ExcCode } from '../cpu/exceptions.ts';
import type { MachineOptions } from '../machine-options.ts';
import { Assembler } from './assembler.ts';
import { mfc0, mtc0 } from './bare-machine.ts';

const [T0, T1, T2, S0, S2, K0, K1] = [8, 9, 10, 16, 18, 26, 27];
/** Where kseg0 begins on either machine. */
export const kseg0Of = ({ kind }: Partial<MachineOptions>) => (kind === 'kvm' ? 0x40000000 : 0x80000000);
export const START = 0x10000;
export const MAPPED = 0x00400000;
export const VALID = 6;

/** Maps an address to the same physical address; `flags` are EntryLo's. s2 counts. */
export function refill(kseg0: number, flags = VALID): Assembler {
  const code = new Assembler(kseg0).word(mfc0(K0, Cp0.BadVAddr)).op('srl', { t: K0, d: K0, a: 13 });
  code.op('sll', { t: K0, d: K0, a: 7 }).op('ori', { s: K0, t: K0, i: flags }).word(mtc0(K0, Cp0.EntryLo0));
  code.op('ori', { s: K0, t: K0, i: 0x40 }).word(mtc0(K0, Cp0.EntryLo1)).op('addiu', { s: S2, t: S2, i: 1 });
  return code.op('tlbwr').op('eret');
}

/** Makes the entry that was invalid, or not dirty, what it is to be; skips what has raised the one exception else. t2 counts. */
export function general(kseg0: number, skipped: number = ExcCode.AdEL): Assembler {
  const code = new Assembler(kseg0 + 0x180).op('addiu', { s: T2, t: T2, i: 1 }).word(mfc0(K0, Cp0.Cause));
  code.op('andi', { s: K0, t: K0, i: 0x7c }).op('addiu', { t: K1, i: 4 * skipped });
  code.branch('beq', { s: K0, t: K1 }, 'skip').nop();
  code.word(mfc0(K0, Cp0.BadVAddr)).op('srl', { t: K0, d: K0, a: 13 }).op('sll', { t: K0, d: K0, a: 7 });
  code.op('ori', { s: K0, t: K0, i: VALID }).word(mtc0(K0, Cp0.EntryLo0)).op('ori', { s: K0, t: K0, i: 0x40 });
  code.word(mtc0(K0, Cp0.EntryLo1)).op('tlbp').op('tlbwi').op('eret');
  code.label('skip').word(mfc0(K0, Cp0.EPC)).op('addiu', { s: K0, t: K0, i: 4 }).word(mtc0(K0, Cp0.EPC));
  return code.op('eret');
}

/**
 * Goes through page pairs for ever, more of them than the TLB has entries: t0 is the page's address, s0 its number.
 * @param pairs fewer than 0x8000
 */
export function walk(kseg0: number, step: (code: Assembler) => void, pairs = 24): Assembler {
  const code = new Assembler(kseg0 + START).label('again').op('addiu', { t: S0, i: pairs });
  code.li(T0, MAPPED).label('loop');
  step(code);
  code.li(T1, 0x2000).op('addu', { s: T0, t: T1, d: T0 }).op('addiu', { s: S0, t: S0, i: -1 });
  return code.branch('bgtz', { s: S0 }, 'loop').nop().branch('beq', {}, 'again').nop();
}
