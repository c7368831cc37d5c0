/** Every load and store, in both byte orders, against a memory that is an array of bytes. */
import { describe, expect, it } from 'vitest';
import { RAM_AT } from '../memory.ts';
import { BareMachine, entryLo, op } from '../testing/bare-machine.ts';
import { Random } from './random-program.ts';
import { Cp0 } from './cp0.ts';

const BYTES = 64;
const GPA = 0x200000;
const BASE = 29;
const VALUE = 8;

type Loads = Record<string, (old: number, at: number) => number>;
type Stores = Record<string, (value: number, at: number) => void>;

/** The manual's definitions in terms of single bytes; register values are unsigned. */
function model(memory: Uint8Array, bigEndian: boolean): { loads: Loads; stores: Stores } {
  /** Addresses of `size` bytes at `at`, the most significant first. */
  const significant = (at: number, size: number) => {
    const all = Array.from({ length: size }, (_, i) => at + i);
    return bigEndian ? all : all.reverse();
  };
  const get = (addresses: number[]) => addresses.reduce((value, a) => value * 256 + memory[a]!, 0);
  const put = (addresses: number[], value: number) =>
    addresses.forEach((a, i) => (memory[a] = Math.floor(value / 256 ** (addresses.length - 1 - i)) % 256));
  const signed = (value: number, size: number) =>
    (value >= 2 ** (8 * size - 1) ? value - 2 ** (8 * size) : value) >>> 0;
  /** The part of the word round `at` that goes with a register's upper (or lower) end, most significant first. */
  const upper = (at: number) => significant(at & ~3, 4).slice(significant(at & ~3, 4).indexOf(at));
  const lower = (at: number) => significant(at & ~3, 4).slice(0, significant(at & ~3, 4).indexOf(at) + 1);
  return {
    loads: {
      lb: (_, at) => signed(get(significant(at, 1)), 1),
      lbu: (_, at) => get(significant(at, 1)),
      lh: (_, at) => signed(get(significant(at, 2)), 2),
      lhu: (_, at) => get(significant(at, 2)),
      lw: (_, at) => get(significant(at, 4)),
      lwl: (old, at) => {
        const n = upper(at).length;
        return get(upper(at)) * 256 ** (4 - n) + (old % 256 ** (4 - n));
      },
      lwr: (old, at) => {
        const n = lower(at).length;
        return Math.floor(old / 256 ** n) * 256 ** n + get(lower(at));
      },
    },
    stores: {
      sb: (value, at) => put(significant(at, 1), value % 256),
      sh: (value, at) => put(significant(at, 2), value % 65536),
      sw: (value, at) => put(significant(at, 4), value),
      swl: (value, at) => put(upper(at), Math.floor(value / 256 ** (4 - upper(at).length))),
      swr: (value, at) => put(lower(at), value % 256 ** lower(at).length),
    },
  };
}

const size = (name: string) => (/h/.test(name) ? 2 : /w$/.test(name) ? 4 : 1);

describe.each([
  ['little endian', false],
  ['big endian', true],
])('%s', (_, bigEndian) => {
  it.each([
    ['kseg0', 0x80000000 + GPA, false],
    ['kseg1', 0xa0000000 + GPA, false],
    ['a page that the TLB maps', 0x00400000, true],
  ])('through %s', (_name, base, mapped) => {
    const machine = new BareMachine({ bigEndian });
    if (mapped) machine.writeEntry(0, { hi: base, lo0: entryLo(GPA, 'VD'), lo1: entryLo(GPA + 0x1000, 'VD') });
    machine.setCp0(Cp0.Status, 0);
    const random = new Random(7);
    const memory = Uint8Array.from({ length: BYTES }, () => random.below(256));
    machine.writeRam(GPA, memory);
    const { loads, stores } = model(memory, bigEndian);
    const bytes = () => Array.from(memory, (_b, i) => machine.memory.bytes[(RAM_AT + GPA + i) ^ (bigEndian ? 3 : 0)]);
    for (let i = 0; i < 1500; i++) {
      const name = random.pick([...Object.keys(loads), ...Object.keys(stores)]);
      const at = random.below(BYTES) & ~(size(name) - 1);
      const value = random.value();
      machine.cpu.r[BASE] = base;
      machine.cpu.r[VALUE] = value;
      machine.execute(op(name, { s: BASE, t: VALUE, i: at }));
      const load = loads[name];
      if (load) expect(machine.cpu.r[VALUE]! >>> 0, `${name} at ${at}`).toBe(load(value, at));
      else {
        stores[name]!(value, at);
        expect(bytes(), `${name} at ${at}`).toEqual([...memory]);
      }
    }
    expect(machine.counters.exceptions.reduce((a, b) => a + b)).toBe(0);
  });
});
