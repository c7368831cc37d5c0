/** Batches from when they are sent to the compiler until the last of their functions is known, and what changes meanwhile. */
import type { Batch } from './compiler.ts';
import { PAGE_WORDS } from './region.ts';
import type { Importable } from './stored-code.ts';

export interface SentBatch extends Batch {
  /** By page of its blocks: a 1 for each word that has changed since. */
  readonly changed: ReadonlyMap<number, Uint8Array>;
  /** The links' functions, by guard. Their slots may be others by the time that the module comes. */
  readonly linked: ReadonlyMap<number, Importable>;
}

export class SentBatches {
  private batches: SentBatch[] = [];

  get areNone(): boolean {
    return this.batches.length === 0;
  }

  /** Returns the pages that its blocks are in. @param linked see {@link SentBatch} */
  add(batch: Batch, linked: ReadonlyMap<number, Importable>): Iterable<number> {
    const pages = new Set(batch.wanted.map(({ host }) => host & ~0xfff));
    const changed = new Map([...pages].map((host) => [host, new Uint8Array(PAGE_WORDS)]));
    this.batches.push({ ...batch, linked, changed });
    return pages;
  }
  /** The batch that a module is of, or undefined for one that was sent before everything was dropped. */
  get(id: number): SentBatch | undefined {
    return this.batches.find((batch) => batch.id === id);
  }
  delete(batch: SentBatch): void {
    this.batches.splice(this.batches.indexOf(batch), 1);
  }
  clear(): void {
    this.batches = [];
  }

  /** Host addresses of a mode's blocks. */
  blocks(mode: number): Set<number> {
    return new Set(this.batches.flatMap((batch) => (batch.mode === mode ? batch.wanted.map(({ host }) => host) : [])));
  }
  /** Host addresses of the pages that blocks are in. */
  pages(): Set<number> {
    return new Set(this.batches.flatMap(({ changed }) => [...changed.keys()]));
  }
  /** Whether there are blocks of the page of `host`. */
  hasPage(host: number): boolean {
    return this.batches.some(({ changed }) => changed.has(host & ~0xfff));
  }

  /** Words of the page of `host` change, from one place to before another. */
  note(host: number, first: number, end: number): void {
    for (const { changed } of this.batches) changed.get(host & ~0xfff)?.fill(1, first, end);
  }
}

/** Whether any word has changed that is in these spans of the page of `host`. */
export function haveChanged({ changed }: SentBatch, host: number, spans: readonly number[]): boolean {
  const words = changed.get(host & ~0xfff)!;
  for (let i = 0; i < spans.length; i += 2) {
    for (let at = spans[i]!; at < spans[i + 1]!; at++) if (words[at] !== 0) return true;
  }
  return false;
}
