/**
 * Random guests on both engines in lock step: everything is compared after slices of random length, and the code cache's
 * invariants are looked at. KSEG_LOCKSTEP=N runs N guests of each kind instead of one.
 */
import { describe, expect, it } from 'vitest';
import { Random } from '../cpu/random-program.ts';
import { Lockstep, describeParting } from '../lockstep.ts';
import type { EngineName, MachineOptions } from '../machine.ts';
import { randomGuest, randomMachine, type RandomGuestOptions } from '../testing/random-guest.ts';

const GUESTS = Number(process.env['KSEG_LOCKSTEP'] ?? 1);
const SLICES = 20;

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
    for (let guestNumber = 0; guestNumber < GUESTS; guestNumber++) {
      const seed = 1000 * MACHINES.findIndex(([k, b]) => k === kind && b === bigEndian) + guestNumber;
      const random = new Random(seed * 7919 + FLAVOURS.indexOf(flavour));
      const variation = random.pick(VARIATIONS);
      const options: RandomGuestOptions = { kind, bigEndian, flavour };
      const guest = randomGuest(random.next(), options);
      const make = (engine: EngineName) => randomMachine(guest, { ...options, ...variation, engine });
      const lockstep = new Lockstep(() => ({ interpreter: make('interpreter'), jit: make('jit') }));
      for (let slice = 0; slice < SLICES && !lockstep.jit.end; slice++) {
        lockstep.run(1 + random.below(random.pick([10, 1000, 4000])), Infinity);
        const { parting } = lockstep;
        expect(parting, parting ? describeParting(parting) : '').toBeNull();
        if (slice % 8 === 7) expect(lockstep.jit.engine!.verify()).toEqual([]);
      }
      const { counts } = lockstep.jit.engine!;
      expect(counts.regions).toBeGreaterThan(20);
    }
  });
});
