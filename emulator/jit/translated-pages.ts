/** The host pages that there are functions of, by mode. */
import { MODES } from './code-map.ts';
import type { Link } from './compiler.ts';
import type { RegionCode } from './kept-code.ts';
import type { Callee } from './late-links.ts';
import type { NearPage } from './neighbours.ts';
import { PAGE_WORDS } from './region.ts';
import type { Importable } from './stored-code.ts';

/** A function that is in use, and where its entry is in its page. */
export type PlacedCode = Callee & { at: number; code: RegionCode };

/** The translations of one host page in one mode. */
export interface PageCode {
  mode: number;
  host: number;
  slots: PlacedCode[];
  /** 1 for each word that a region holds. */
  covered: Uint8Array;
  /** Instructions executed when entries of blocks in the middle of its functions began to be counted anew. */
  since: number;
}

export class TranslatedPages {
  private readonly pages = new Map<number, PageCode>();

  /** The page of `host`, if there is code of it. */
  get(mode: number, host: number): PageCode | undefined {
    return this.pages.get(keyOf(mode, host));
  }
  has(host: number): boolean {
    for (let mode = 0; mode < MODES; mode++) if (this.pages.has(keyOf(mode, host))) return true;
    return false;
  }
  /** The function whose entry is at `host`. */
  at(mode: number, host: number): PlacedCode | undefined {
    const place = (host & 0xfff) >>> 2;
    return this.get(mode, host)?.slots.find(({ at }) => at === place);
  }
  /**
   * Functions that code in these pages may go to: in the same page, or where a jump of it goes.
   * @param linked gets them by guard
   * @param goes whether a function will soon not be what it is now
   */
  links(
    mode: number,
    near: readonly NearPage[],
    linked: Map<number, Importable>,
    goes: (code: RegionCode) => boolean,
  ): Link[] {
    const links = new Map<number, Link>();
    const add = (pc: number, { code, guard }: PlacedCode) => {
      if (goes(code)) return;
      links.set(pc, { pc, guard });
      linked.set(guard, code);
    };
    for (const { base, host, targets } of near) {
      for (const each of this.get(mode, host)?.slots ?? []) add((base + 4 * each.at) | 0, each);
      for (const [pc, host] of targets) {
        const callee = links.has(pc) ? undefined : this.at(mode, host);
        if (callee) add(pc, callee);
      }
    }
    return [...links.values()];
  }
  values(): Iterable<PageCode> {
    return this.pages.values();
  }

  /** @returns the page */
  add(mode: number, host: number, placed: PlacedCode): PageCode {
    let page = this.get(mode, host);
    if (!page) {
      page = { mode, host: host & ~0xfff, slots: [], covered: new Uint8Array(PAGE_WORDS), since: 0 };
      this.pages.set(keyOf(mode, host), page);
    }
    page.slots.push(placed);
    cover(page, placed);
    return page;
  }

  /** Only these of a page's functions are left. */
  keep(page: PageCode, slots: PlacedCode[]): void {
    page.slots = slots;
    page.covered.fill(0);
    for (const each of slots) cover(page, each);
    if (slots.length === 0) this.delete(page);
  }

  delete({ mode, host }: PageCode): void {
    this.pages.delete(keyOf(mode, host));
  }
  clear(): void {
    this.pages.clear();
  }
}

function cover({ covered }: PageCode, { code: { spans } }: PlacedCode): void {
  for (let i = 0; i < spans.length; i += 2) covered.fill(1, spans[i], spans[i + 1]);
}

function keyOf(mode: number, host: number): number {
  return (host >>> 12) * MODES + mode;
}
