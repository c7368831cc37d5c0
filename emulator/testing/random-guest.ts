/**
 * Random guests that keep themselves going: functions of random instructions with loops, calls and branches anywhere,
 * and handlers that skip what raised an exception, fill the TLB, and at each timer interrupt restart the guest at another
 * function, in another mode, ASID and segment. The same words run from kseg0, useg and kseg2, which the handlers map
 * to the same frames.
 *
 * Nothing of it depends on how it is executed, so two engines must come to the same; see lockstep.ts.
 */
import { assemble } from '../boot/assemble.ts';
import { Cp0 } from '../cpu/cp0.ts';
import { Random } from '../cpu/random-program.ts';
import { Machine } from '../machine.ts';
import type { MachineOptions, StartPlan } from '../machine-options.ts';
import {
  VARIABLES,
  CODE_AT,
  DATA_AT,
  STACK_AT,
  PAGED_AT,
  K0,
  K1,
  IE,
  EXL,
  USER_MODE,
  IM7,
  FR,
  CU0,
  CU1,
  type RandomGuestOptions,
  Code,
} from './random-guest-code.ts';
import { RandomFunctions } from './random-functions.ts';

const SINGLES = [
  0, 0x80000000, 1, 0x807fffff, 0x00800000, 0x3f800000, 0xbf800000, 0x3f800001, 0x40490fdb, 0x7f7fffff, 0x7f800000,
  0xff800000, 0x7fbfffff, 0x7fffffff, 0x4b000001, 0x4effffff, 0x4f000000, 0xcf000000, 0x34000000,
];
const DOUBLES: [number, number][] = [
  [0, 0],
  [0x80000000, 0],
  [0, 1],
  [0x00100000, 0],
  [0x3ff00000, 0],
  [0xbff00000, 0],
  [0x3ff00000, 1],
  [0x400921fb, 0x54442d18],
  [0x7fefffff, 0xffffffff],
  [0x7ff00000, 0],
  [0xfff00000, 0],
  [0x7ff7ffff, 0xffffffff],
  [0x7fffffff, 0xffffffff],
  [0x41dfffff, 0xffc00000],
  [0x41e00000, 0],
  [0xc1e00000, 0],
  [0x3fe00000, 0],
  [0x3690_0000, 0],
  [0x47efffff, 0xf0000000],
];

/** Words at physical addresses, and the address of the first instruction. */
export interface RandomGuest {
  areas: [gpa: number, words: number[]][];
  pc: number;
}

export function randomGuest(seed: number, options: RandomGuestOptions): RandomGuest {
  const random = new Random(seed * 2654435761 + 12345);
  const { kind } = options;
  const kseg0 = kind === 'kvm' ? 0x40000000 : 0x80000000;
  const kseg2 = kind === 'kvm' ? 0x60000000 : 0xc0000000;
  const program = new RandomFunctions(random, options);
  const { words, functions } = program.generate();

  const refill = new Code(random, 0);
  refillHandler(refill);
  const general = new Code(random, 0x180);
  generalHandler(general, kseg0);

  // Where the guest goes on after timer interrupts: EPC, Status, EntryHi, and instructions' time until the next.
  const starts: number[] = [];
  for (let i = 0; i < 16; i++) {
    const [segment, mode] = random.pick([
      [kseg0, 0],
      [kseg0, 0],
      [0, 0],
      [0, USER_MODE],
      [0, USER_MODE],
      [kseg2, 0],
    ] as const);
    const status = random.pick([CU1, CU1, CU1 | FR, CU1 | FR, CU1 | CU0, 0]) | IM7 | IE | EXL | mode;
    starts.push(segment + random.pick(functions), status, random.below(4), 0);
  }
  const variables = [0, random.next(), 0, 0, ...starts];
  const data = Array.from({ length: 0x10000 / 4 }, () => random.next());
  for (let i = 0; i < data.length; i += 8) {
    data[i] = random.pick(SINGLES);
    const [high, low] = random.pick(DOUBLES);
    data[i + 2] = options.bigEndian ? high : low;
    data[i + 3] = options.bigEndian ? low : high;
    data[i + 4] = random.value();
  }

  const boot = new Code(random, 0x3000);
  boot.mtc0(0, Cp0.Cause);
  boot.mtc0(0, Cp0.PageMask);
  for (let i = 0; i < 16; i++) {
    boot.li(K0, i);
    boot.mtc0(K0, Cp0.Index);
    boot.li(K0, kseg0 + 0x2000 * (i + 1));
    boot.mtc0(K0, Cp0.EntryHi);
    boot.mtc0(0, Cp0.EntryLo0);
    boot.mtc0(0, Cp0.EntryLo1);
    boot.emit('tlbwi');
  }
  if (kind === 'malta') {
    boot.li(K0, kseg0);
    boot.mtc0(K0, Cp0.EBase);
  }
  for (let i = 1; i < 24; i++) boot.li(i, random.value());
  boot.mtc0(0, Cp0.EntryHi);
  boot.mfc0(K0, Cp0.Count);
  boot.emit('addiu', { s: K0, t: K0, i: 500 });
  boot.mtc0(K0, Cp0.Compare);
  boot.li(K0, kseg0 + functions[0]!);
  boot.mtc0(K0, Cp0.EPC);
  boot.li(K0, (kind === 'malta' ? CU1 : 0) | IM7 | IE | EXL);
  boot.mtc0(K0, Cp0.Status);
  boot.emit('eret');

  return {
    pc: kseg0 + 0x3000,
    areas: [
      [0, refill.words],
      [0x180, general.words],
      [VARIABLES, variables],
      [0x3000, boot.words],
      [CODE_AT, words],
      [DATA_AT - 0x8000, data],
      // Returns that have no call go to some function.
      [STACK_AT - 0x100, Array.from({ length: 0x10200 / 4 }, () => kseg0 + random.pick(functions))],
      ...[0, 1, 2, 3, 4, 5, 6, 7].map((i): [number, number[]] => [PAGED_AT + i * 0x10000, data]),
    ],
  };
}

/** Maps a page pair to the frames of the same number; those of the pages that come and go by ASID, some not for all. */
function refillHandler(c: Code): void {
  c.mfc0(K0, Cp0.BadVAddr);
  c.li(K1, 0x00ffe000);
  c.emit('and', { s: K0, t: K1, d: K1 });
  c.emit('srl', { t: K1, d: K1, a: 6 });
  c.emit('srl', { t: K0, d: K0, a: 22 });
  c.emit('andi', { s: K0, t: K0, i: 1 });
  const branch = c.words.length;
  c.emit('beq', { s: K0, t: 0 });
  c.emit('ori', { s: K1, t: K1, i: 0x1c });
  // ASIDs see other frames.
  c.mfc0(K0, Cp0.EntryHi);
  c.emit('andi', { s: K0, t: K0, i: 3 });
  c.emit('sll', { t: K0, d: K0, a: 7 });
  c.emit('xor', { s: K0, t: K1, d: K1 });
  // Some are read-only, some not valid.
  c.emit('srl', { t: K1, d: K0, a: 8 });
  c.emit('andi', { s: K0, t: K0, i: 4 });
  c.emit('xor', { s: K0, t: K1, d: K1 });
  c.emit('srl', { t: K1, d: K0, a: 9 });
  c.emit('andi', { s: K0, t: K0, i: 3 });
  c.emit('sltiu', { s: K0, t: K0, i: 3 });
  c.emit('sll', { t: K0, d: K0, a: 1 });
  const over = c.words.length;
  c.emit('beq', { s: 0, t: 0 });
  c.emit('or', { s: K0, t: K1, d: K1 });
  c.words[branch]! |= c.words.length - branch - 1;
  c.emit('ori', { s: K1, t: K1, i: 2 });
  c.words[over]! |= c.words.length - over - 1;
  c.mtc0(K1, Cp0.EntryLo0);
  c.emit('addiu', { s: K1, t: K1, i: 0x40 });
  c.mtc0(K1, Cp0.EntryLo1);
  c.mtc0(0, Cp0.PageMask);
  c.emit('tlbwr');
  c.emit('eret');
}

/** Skips what raised an exception, with the branch before it; at each interrupt restarts somewhere now and then. */
function generalHandler(c: Code, kseg0: number): void {
  const variables = kseg0 + VARIABLES;
  c.mfc0(K0, Cp0.Cause);
  c.emit('andi', { s: K0, t: K1, i: 0x7c });
  const branch = c.words.length;
  c.emit('beq', { s: K1, t: 0 });
  c.emit('nop');
  c.mfc0(K1, Cp0.EPC);
  c.emit('bgez', { s: K0, i: 2 });
  c.emit('addiu', { s: K1, t: K1, i: 4 });
  c.emit('addiu', { s: K1, t: K1, i: 4 });
  c.mtc0(K1, Cp0.EPC);
  c.emit('eret');
  c.words[branch]! |= c.words.length - branch - 1;
  // The next interrupt: a number from a linear congruential generator.
  c.emit('lui', { t: K1, i: variables >>> 16 });
  c.emit('lw', { s: K1, t: K0, i: (variables & 0xffff) + 4 });
  c.emit('sll', { t: K0, d: K1, a: 5 });
  c.emit('addu', { s: K0, t: K1, d: K0 });
  c.emit('addiu', { s: K0, t: K0, i: 12345 });
  c.emit('lui', { t: K1, i: variables >>> 16 });
  c.emit('sw', { s: K1, t: K0, i: (variables & 0xffff) + 4 });
  c.emit('srl', { t: K0, d: K0, a: 20 });
  c.emit('andi', { s: K0, t: K0, i: 0x3ff });
  c.mfc0(K1, Cp0.Count);
  c.emit('addu', { s: K0, t: K1, d: K0 });
  c.emit('addiu', { s: K0, t: K0, i: 100 });
  c.mtc0(K0, Cp0.Compare);
  c.emit('lui', { t: K1, i: variables >>> 16 });
  c.emit('lw', { s: K1, t: K0, i: variables & 0xffff });
  c.emit('addiu', { s: K0, t: K0, i: 1 });
  c.emit('sw', { s: K1, t: K0, i: variables & 0xffff });
  c.emit('andi', { s: K0, t: K1, i: 1 });
  c.emit('beq', { s: K1, t: 0, i: 2 });
  c.emit('andi', { s: K0, t: K0, i: 0x1e });
  c.emit('eret');
  c.emit('sll', { t: K0, d: K0, a: 3 });
  c.emit('lui', { t: K1, i: variables >>> 16 });
  c.emit('addu', { s: K0, t: K1, d: K1 });
  for (const [i, index] of [Cp0.EPC, Cp0.Status, Cp0.EntryHi].entries()) {
    c.emit('lw', { s: K1, t: K0, i: (variables & 0xffff) + 16 + 4 * i });
    c.mtc0(K0, index);
  }
  c.emit('eret');
}

/** A machine with a random guest in it. */
export function randomMachine(guest: RandomGuest, options: Partial<MachineOptions> & { bigEndian: boolean }): Machine {
  const machine = new Machine({
    kind: 'malta',
    memoryMiB: 16,
    tlbEntries: 16,
    nsPerInstruction: 4,
    seed: 1,
    threshold: 1,
    batch: 1,
    rest: 0,
    ...options,
  });
  const plan: StartPlan = {
    pc: guest.pc,
    registers: {},
    writes: guest.areas.map(([gpa, words]) => ({ gpa, bytes: assemble(words, options.bigEndian) })),
    rom: [],
    symbols: [],
    leavesReset: true,
  };
  machine.boot(plan);
  return machine;
}
