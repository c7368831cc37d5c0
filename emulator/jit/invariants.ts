/** What must hold of the code cache between any two instructions of the guest, for tests and for whoever doubts it. */
import { HOST_TLB, RAM_AT } from '../memory.ts';
import type { Mmu } from '../mmu/mmu.ts';
import { CLOSED, type CodeMap } from './code-map.ts';
import type { Callee } from './late-links.ts';
import { PAGE_WORDS } from './region.ts';

export interface CacheState {
  map: CodeMap;
  mmu: Mmu;
  words: Int32Array;
  /** The translations of each host page in each mode. */
  pages: Iterable<{
    mode: number;
    host: number;
    slots: readonly (Callee & { at: number })[];
    covered: Uint8Array;
  }>;
  /** Host pages that translations are being made of. */
  awaited: ReadonlySet<number>;
  /** By mode: the function table, its slots that are not in use, and those that will not be for long. */
  modes: readonly { table: WebAssembly.Table; free: readonly number[]; left: readonly number[] }[];
}

/** One sentence for everything that is not as it must be. */
export function brokenInvariants({ map, mmu, words, pages, modes, awaited }: CacheState): string[] {
  const broken: string[] = [];
  const name = (host: number, mode: number) => `page 0x${host.toString(16)} of mode ${mode}`;
  const owners = modes.map(() => new Map<number, string>());
  const withCode = new Set<number>();
  const guarded = new Map<number, number>();
  for (const { mode, host, slots, covered } of pages) {
    const page = name(host, mode);
    withCode.add(host);
    if (host < RAM_AT) broken.push(`${page} is no guest memory.`);
    if (!mmu.watched.has(host)) broken.push(`${page} has code and is not watched.`);
    if (slots.length === 0) broken.push(`${page} is listed without any code.`);
    const entries = map.entries(mode, host);
    if (!entries) {
      broken.push(`${page} has code but no entries.`);
      continue;
    }
    const listed = new Map(slots.map(({ slot, at }) => [at, slot]));
    if (listed.size !== slots.length) broken.push(`${page} has two functions for one entry.`);
    for (const { slot, at, guard, cells, module } of slots) {
      if (module.live <= 0 || !module.table) broken.push(`${page} has code of a module that is gone.`);
      for (const cell of cells) {
        if (cell.mode !== mode) broken.push(`${page} is called from mode ${cell.mode}.`);
        if (guarded.has(cell.guard)) broken.push(`${page} has guard ${cell.guard}, as has another function.`);
        guarded.set(cell.guard, host + 4 * at);
        const { table } = cell.module;
        if (table && table.get(cell.index) !== modes[mode]!.table.get(slot)) {
          broken.push(`A cell for ${page} has another function.`);
        }
      }
      if (guarded.has(guard)) broken.push(`${page} has guard ${guard}, as has another function.`);
      guarded.set(guard, host + 4 * at);
      const owner = owners[mode]!.get(slot);
      if (owner !== undefined) broken.push(`${page} has slot ${slot}, as has ${owner}.`);
      owners[mode]!.set(slot, page);
      if (!modes[mode]!.table.get(slot)) broken.push(`${page} has slot ${slot}, which is empty.`);
      if (covered[at] !== 1) broken.push(`${page} does not cover its entry ${at}.`);
    }
    for (let at = 0; at < PAGE_WORDS; at++) {
      const entry = entries[at]!;
      if (entry > 0 && listed.get(at) !== entry) broken.push(`${page} has entry ${at} for slot ${entry}, not its own.`);
      if (entry <= 0 && listed.has(at)) broken.push(`${page} has code for ${at} that no entry leads to.`);
    }
  }
  for (const [guard, word] of map.usedGuards()) {
    const entry = guarded.get(guard) ?? CLOSED;
    if (word !== entry) broken.push(`Guard ${guard} is ${word}, not ${entry}.`);
    guarded.delete(guard);
  }
  for (const guard of guarded.keys()) broken.push(`Guard ${guard} is in use and was never reserved.`);
  for (const [mode, { table, free, left }] of modes.entries()) {
    const used = owners[mode]!;
    const unused = new Set(free);
    if (unused.size !== free.length) broken.push(`A slot of mode ${mode} is free twice.`);
    for (const slot of unused) {
      if (used.has(slot)) broken.push(`Slot ${slot} of mode ${mode} is free and in use.`);
      else if (table.get(slot)) broken.push(`Slot ${slot} of mode ${mode} is free and has a function.`);
    }
    for (const slot of left) {
      if (used.has(slot) || unused.has(slot))
        broken.push(`Slot ${slot} of mode ${mode} has been left and is in use or free.`);
    }
    // Slot 0 is nobody's.
    if (unused.size + left.length + used.size !== table.length - 1) broken.push(`Slots of mode ${mode} have got lost.`);
    for (let host = 0; host < RAM_AT + mmu.ramSize; host += 4 * PAGE_WORDS) {
      const entries = withCode.has(host) ? null : map.entries(mode, host);
      if (entries?.some((entry) => entry > 0))
        broken.push(`${name(host, mode)} has entries for code that is not listed.`);
    }
  }
  for (let host = RAM_AT; host < RAM_AT + mmu.ramSize; host += 4 * PAGE_WORDS) {
    if (awaited.has(host) && !mmu.watched.has(host)) broken.push(`Page 0x${host.toString(16)} is not watched.`);
    if (mmu.watched.has(host) && !withCode.has(host) && !awaited.has(host))
      broken.push(`Page 0x${host.toString(16)} is watched for nothing.`);
  }
  for (const writes of HOST_TLB.writes) {
    for (let page = 0; page < 0x100000; page++) {
      const entry = words[(writes >>> 2) + page]!;
      const host = entry ^ (page << 12);
      if (host >= 0 && mmu.watched.has(host)) {
        broken.push(
          `Stores to 0x${((page << 12) >>> 0).toString(16)} reach watched page 0x${host.toString(16)} unseen.`,
        );
      }
    }
  }
  return broken;
}
