/** The Lab kernel's own checks on every machine, and what they must leave in the counters. */
import { describe, expect, it } from 'vitest';
import type { CreateConfig } from './create.ts';
import type { EngineName } from './machine-options.ts';
import { Lab } from './testing/lab.ts';

/** Commands and what they print when all is well. */
const COMMANDS: [command: string, wanted: RegExp][] = [
  ['pingpong 1000', /1000 round trips, 200\d switches, .* ok/],
  ['fault', /fault: 15 of 15 as expected, ok/],
  ['fork 20', /20 children, .* ok/],
  ['vmalloc 50', /vmalloc: 50 pages at 0x[6c]0400000, ok/],
  ['touch 50', /touch: 50 pages .* ok/],
  ['asids', /rollovers since boot, ok/],
  ['bench quick', /bench: ok/],
];

const MACHINES: [name: string, config: CreateConfig][] = [
  ['kvm, little endian', { machine: 'kvm' }],
  ['malta, little endian', { machine: 'malta' }],
  ['malta, big endian', { machine: 'malta', bigEndian: true }],
];

const ENGINES: [engine: EngineName, tlbEntries: (16 | 32 | 64)[]][] = [
  ['interpreter', [16, 32, 64]],
  ['jit', [16, 64]],
];
const RUNS = ENGINES.flatMap(([engine, sizes]) => sizes.map((size) => [engine, size] as const));

describe.each(MACHINES)('%s', (_, config) => {
  describe.each(RUNS)('%s, %i TLB entries', (engine, tlbEntries) => {
    const lab = new Lab({ ...config, tlbEntries, engine, threshold: 2, batch: 16 });

    it.each(COMMANDS)('%s', (command, wanted) => {
      const output = lab.command(command);
      expect(output).toMatch(wanted);
      expect(output).not.toMatch(/BAD|panic/);
    });

    it('the flushes add up', () => {
      const { counters, mmu } = lab.machine;
      expect(counters.asidChanges).toBeGreaterThanOrEqual(2000);
      expect(mmu.totals.kernel.count).toBe(counters.asidChanges);
      expect(mmu.totals.user.count).toBeLessThanOrEqual(counters.userEntriesWithNewAsid);
      expect(mmu.totals.user.count).toBeGreaterThan(1000);
      expect(mmu.totals.kernel.kseg0TablesFreed).toBe(0);
      expect(mmu.totals.user.kseg0TablesFreed).toBe(0);
      expect(mmu.totals.gpa.count).toBe(0);
    });

    if (engine === 'jit') {
      it('the code cache is in order', () => {
        expect(lab.machine.engine!.counts.regions).toBeGreaterThan(100);
        expect(lab.machine.engine!.verify()).toEqual([]);
      });
    }

    it('halt powers off', () => {
      lab.machine.input(new TextEncoder().encode('halt\n'));
      expect(lab.script([])).toEqual({ ok: true, message: '' });
      expect(lab.machine.end?.reason).toBe('powerOff');
    });
  });
});
