/**
 * Which blocks of a batch need no function of their own: what is in the middle of another's is seldom entered but through
 * that one. Where it is, the interpreter goes on counting, and it is wanted again.
 */
import type { Wanted } from './compiler.ts';
import { jumpTarget } from './neighbours.ts';
import { PAGE_WORDS, type Region } from './region.ts';

const enum Place {
  Free = 0,
  Covered = 1,
  /** Called from the same page, so that others may call it as well. */
  Called = 2,
}
/** ADDIU sp, sp, and a negative number: how most functions begin. */
const PROLOGUE = 0x27bd8000 | 0;
const PROLOGUE_MASK = 0xffff8000 | 0;

export class CoveredPlaces {
  /** By host page. */
  private readonly pages = new Map<number, Uint8Array>();

  clear(): void {
    this.pages.clear();
  }

  /** Whether a block is in the middle of a function, and nothing says that it is called. */
  has({ host, pc, page }: Wanted): boolean {
    const place = (host & 0xfff) >>> 2;
    return this.placesOf(host, pc, page)[place] === Place.Covered && (page[place]! & PROLOGUE_MASK) !== PROLOGUE;
  }

  /** There is going to be a function of a block. */
  add({ host, pc, page }: Wanted, { blocks }: Region): void {
    const places = this.placesOf(host, pc, page);
    for (const { at, next } of blocks) {
      for (let i = at; i < next; i++) if (places[i] === Place.Free) places[i] = Place.Covered;
    }
  }

  private placesOf(host: number, pc: number, page: Int32Array): Uint8Array {
    const known = this.pages.get(host & ~0xfff);
    if (known) return known;
    const places = new Uint8Array(PAGE_WORDS);
    const base = pc & ~0xfff;
    for (let at = 0; at < PAGE_WORDS; at++) {
      if (!calls(page[at]!)) continue;
      const to = jumpTarget(page[at]!, (base + 4 * at) | 0);
      if ((to & ~0xfff) === base) places[(to & 0xfff) >>> 2] = Place.Called;
    }
    this.pages.set(host & ~0xfff, places);
    return places;
  }
}

/** JAL and BAL. */
function calls(word: number): boolean {
  return word >>> 26 === 3 || word >>> 16 === 0x0411;
}
