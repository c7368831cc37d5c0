/** The flush against its reference vectors; KSEG_GVA_VECTORS names another file of the same form. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GEOMETRIES, type GeometryName } from './geometry.ts';
import { GvaPageTable, PTE_PRESENT } from './gva-page-table.ts';
import { LAYOUTS } from './layout.ts';
import { TableArena } from './table-arena.ts';

interface Outcome {
  ret?: number;
  pages: string[];
  pte: string[];
  pmd?: string[];
  freed: string[];
  cleared: number;
  vis: [number, number, number];
}
interface Step {
  map: string[];
  empty: string[];
  r: Outcome;
}
interface Vectors {
  geometries: {
    name: GeometryName;
    pageShift: number;
    pmdShift: number;
    pgdirShift: number;
    ptrsPte: number;
    ptrsPmd: number;
    ptrsPgd: number;
    flags: (Step & { f: number })[][];
    ranges: (Step & { s: string; e: string })[];
  }[];
}

const file = process.env['KSEG_GVA_VECTORS'] ?? new URL('fixtures/gva-flush.json', import.meta.url);
const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vectors;

const ARENA_BYTES = 16 << 20;
const memory = new Int32Array(ARENA_BYTES / 4);

class Bench {
  readonly table: GvaPageTable;
  private readonly freed: string[] = [];
  private readonly page: number;

  constructor(geometry: (typeof GEOMETRIES)[GeometryName]) {
    memory.fill(0);
    this.table = new GvaPageTable(new TableArena(memory, 4096, ARENA_BYTES), geometry);
    this.page = 2 ** geometry.pageShift;
    this.table.onFree = (level, va) => this.freed.push((level === 'pte' ? 't' : 'm') + this.vpn(va));
  }
  private vpn(va: number): string {
    return (va / this.page).toString(16);
  }
  prepare(step: Step): void {
    for (const vpn of step.map) this.table.set(parseInt(vpn, 16) * this.page, 0x1000000 | PTE_PRESENT);
    for (const vpn of step.empty) this.table.allocate(parseInt(vpn, 16) * this.page);
    this.freed.length = 0;
  }
  /** Flushes the ranges and describes what is left in the vectors' terms. */
  flush(ranges: [number, number][]): Outcome & { ret: number } {
    const out: Outcome & { ret: number } = {
      ret: 0,
      pages: [],
      pte: [],
      pmd: [],
      freed: [],
      cleared: 0,
      vis: [0, 0, 0],
    };
    for (const [start, end] of ranges) {
      const r = this.table.flush(start, end);
      out.ret = Number(r.all);
      out.cleared += r.entriesCleared;
      out.vis = [out.vis[0] + r.visited.pgd, out.vis[1] + r.visited.pmd, out.vis[2] + r.visited.pte];
    }
    out.freed = [...this.freed];
    this.table.forEach((va) => out.pages.push(this.vpn(va)));
    this.table.forEachTable(
      (va) => out.pte.push(this.vpn(va)),
      (va) => out.pmd!.push(this.vpn(va)),
    );
    return out;
  }
}

function compare(actual: Outcome & { ret: number }, expected: Outcome): void {
  expect(actual).toEqual({ ret: actual.ret, pmd: actual.pmd, ...expected });
}

describe.each(vectors.geometries)('$name', (g) => {
  const geometry = GEOMETRIES[g.name];

  it('has the shape the vectors name', () => {
    expect(geometry).toMatchObject({
      pageShift: g.pageShift,
      pmdShift: g.pmdShift,
      pgdShift: g.pgdirShift,
      pteEntries: g.ptrsPte,
      pmdEntries: g.ptrsPmd,
      pgdEntries: g.ptrsPgd,
    });
  });

  it.each(g.flags.map((steps, i) => [i, steps] as const))('flag case %i', (_, steps) => {
    const bench = new Bench(geometry);
    for (const step of steps) {
      bench.prepare(step);
      compare(bench.flush(LAYOUTS.kvm.flushRanges[step.f]!), step.r);
    }
  });

  it.each(g.ranges.map((step, i) => [i, step] as const))('range case %i', (_, step) => {
    const bench = new Bench(geometry);
    bench.prepare(step);
    compare(bench.flush([[parseInt(step.s, 16), parseInt(step.e, 16)]]), step.r);
  });
});
