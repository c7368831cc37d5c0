import { describe, expect, it } from 'vitest';
import { viewHost } from './host-view.ts';
import { Lab } from './testing/lab.ts';

/** 4 KiB pages for which a space's flat table has an entry. */
function pagesIn(lab: Lab, table: 'kernel' | 'user', write: boolean): number[] {
  const { host } = lab.machine.mmu[table];
  const pages: number[] = [];
  for (let page = 0; page < 1 << 20; page++) if (host.lookup(page * 4096, write) >= 0) pages.push(page * 4096);
  return pages;
}

describe('viewHost', () => {
  it('counts what the flat tables hold', () => {
    const lab = new Lab();
    lab.command('forkexec 5');
    const { mmu } = lab.machine;
    const view = viewHost(lab.machine);
    expect(view).toMatchObject({ cpu: 0, lastUserAsid: mmu.lastUserAsid, userTables: 1, refills: mmu.hostRefills });
    expect(view.cpus).toHaveLength(1);
    for (const table of ['kernel', 'user'] as const) {
      const held = pagesIn(lab, table, false);
      const of = (start: number, end: number) => held.filter((va) => va >= start && va < end).length;
      const shown = view.cpus[0]![table];
      expect(shown.entries).toBe(held.length);
      expect(shown.writable).toBe(pagesIn(lab, table, true).length);
      expect(shown.segments.kseg0 ?? 0).toBe(of(0x40000000, 0x60000000));
      expect(shown.segments.useg ?? 0).toBe(of(0, 0x40000000));
      expect(shown.context).toBe(mmu[table].contexts[0]);
      expect(shown.stale).toBe(mmu[table].isStale);
    }
    expect(view.cpus[0]!.kernel.entries).toBeGreaterThan(0);
    expect(view.cpus[0]!.asidCache).toBe(Math.max(...(['kernel', 'user'] as const).map((t) => mmu[t].contexts[0]!)));
  });

  it('tells live contexts from stale ones on each host CPU', () => {
    const lab = new Lab({ hostCpus: 2, migrateEvery: 40_000 });
    lab.command('pingpong 200');
    const { mmu } = lab.machine;
    const { cpu, cpus } = viewHost(lab.machine);
    expect(cpu).toBe(mmu.cpus.current);
    cpus.forEach((one, index) => {
      for (const table of ['kernel', 'user'] as const) {
        expect(one[table].context).toBe(mmu[table].contexts[index]);
        expect(one[table].stale).toBe(mmu.cpus.isStale(one[table].context, index));
        if (one[table].stale) expect(one[table].unreachable).toBe(one[table].entries);
      }
    });
    // What the guest left on the other CPU is of contexts that flushes have taken since.
    mmu.migrate(1 - mmu.cpus.current);
    mmu.changeAsid(1, 2);
    const left = viewHost(lab.machine).cpus[1 - mmu.cpus.current]!;
    expect(left.kernel.entries).toBeGreaterThan(0);
    expect(left.kernel).toMatchObject({ stale: true, context: 0, unreachable: left.kernel.entries });
  });

  it('knows of the user tables that there are under tagged', () => {
    const lab = new Lab({ policy: 'tagged' });
    lab.command('pingpong 5');
    expect(viewHost(lab.machine).userTables).toBe(lab.machine.mmu.userTables().length);
    expect(viewHost(lab.machine).userTables).toBeGreaterThan(2);
  });
});
