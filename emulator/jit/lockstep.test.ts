/**
 * Random guests on both engines in lock step: everything is compared after slices of random length, and the code cache's
 * invariants are looked at. KSEG_LOCKSTEP=N runs N times as long.
 */
import { describe, expect, it } from 'vitest';
import { Random } from '../cpu/random-program.ts';
import { Lockstep, describeParting } from '../lockstep.ts';
import type { EngineName, MachineOptions } from '../machine.ts';
import { randomGuest, randomMachine, type RandomGuestOptions } from '../testing/random-guest.ts';

const GUESTS = Number(process.env['KSEG_LOCKSTEP'] ?? 1);
/** Of each guest. */
const INSTRUCTIONS = 15_000;

const MACHINES: [kind: 'malta' | 'kvm', bigEndian: boolean][] = [
  ['malta', false],
  ['malta', true],
  ['kvm', false],
  ['kvm', true],
];
const FLAVOURS = ['mixed', 'integer', 'float', 'calls', 'patching', 'privileged'] as const;

/** What else a machine may have; each guest takes one. */
const VARIATIONS: Partial<MachineOptions>[] = [
  {},
  { policy: 'eager' },
  { policy: 'everything' },
  { policy: 'tagged' },
  { policy: 'never' },
  { hostUnmapEvery: 700 },
  { hostProtectEvery: 500, threshold: 2 },
  { hostCpus: 2, migrateEvery: 600 },
  { dynamicTranslation: true },
  { threshold: 3, geometry: 'm64_4k' },
];

describe.each(MACHINES)('%s, big endian %s', (kind, bigEndian) => {
  it.each(FLAVOURS)('%s', { timeout: 60_000 * GUESTS }, (flavour) => {
    const random = new Random(
      FLAVOURS.indexOf(flavour) + 100 * MACHINES.findIndex((m) => m[0] === kind && m[1] === bigEndian),
    );
    let regions = 0;
    // KVM gives up on some guests early; then another one has its turn.
    for (let executed = 0; executed < GUESTS * INSTRUCTIONS;) {
      const variation = random.pick(VARIATIONS);
      const options: RandomGuestOptions = { kind, bigEndian, flavour };
      const guest = randomGuest(random.next(), options);
      const make = (engine: EngineName) => randomMachine(guest, { ...options, ...variation, engine });
      const lockstep = new Lockstep(() => ({ interpreter: make('interpreter'), jit: make('jit') }));
      const { jit } = lockstep;
      for (let slice = 1; jit.clock.instructions() < INSTRUCTIONS && !jit.end; slice++) {
        lockstep.run(1 + random.below(random.pick([10, 1000, 4000])), Infinity);
        const { parting } = lockstep;
        expect(parting, parting ? describeParting(parting) : '').toBeNull();
        if (slice % 8 === 0) expect(jit.engine!.verify()).toEqual([]);
      }
      executed += jit.clock.instructions();
      regions += jit.engine!.counts.regions;
    }
    expect(regions).toBeGreaterThan(50 * GUESTS);
  });
});
