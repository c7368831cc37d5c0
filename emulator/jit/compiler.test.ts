/** A module that is made in several goes. */
import { expect, it } from 'vitest';
import { op } from '../testing/bare-machine.ts';
import { DirectCompiler, RegionCompiler, type Batch, type CompilerOptions } from './compiler.ts';
import { PAGE_WORDS } from './region.ts';

const OPTIONS: CompilerOptions = { bigEndian: false, fullSystem: true, traps: false, statusMask: 0, threshold: 1 };
const BASE = 0x80010000;
const BLOCKS = 20;
const BLOCK_WORDS = 40;

/** Blocks of 40 instructions, none of which goes to another. */
function batch(id: number): Batch {
  const page = new Int32Array(PAGE_WORDS);
  for (let at = 0; at < PAGE_WORDS; at++) page[at] = op('addiu', { s: 2, t: 2, i: 1 });
  for (let i = 1; i <= BLOCKS; i++) page[BLOCK_WORDS * i - 2] = op('jr', { s: 31 });
  const wanted = Array.from({ length: BLOCKS }, (_, i) => {
    const offset = 4 * BLOCK_WORDS * i;
    return { pc: BASE + offset, host: 0x6000000 + offset, page, entries: null, devices: [], guard: 64 + 4 * i };
  });
  return { id, mode: 0, odd: 0, again: false, wanted, links: [], cells: { at: 1024, most: 8, toSeen: 4096 } };
}

it('is the module that is made in one go', () => {
  const direct = new DirectCompiler(OPTIONS);
  const [first, second] = [1, 2].map((id) => {
    direct.submit(batch(id));
    let goes = 1;
    let made = direct.receive();
    for (; made === null && goes < 1000; goes++) made = direct.receive();
    return { goes, made: made! };
  });
  const { regions, imports, cells, wire } = new RegionCompiler(OPTIONS).compile(batch(2));
  expect(second!.made).toMatchObject({ id: 2, regions, imports, cells, wire });
  // Fewer instructions at a time to begin with, and the module itself last.
  expect(second!.goes).toBeGreaterThan((BLOCKS * BLOCK_WORDS) / 256);
  expect(first!.goes).toBeGreaterThan(1.5 * second!.goes);
  expect(direct.receive()).toBeNull();
});
