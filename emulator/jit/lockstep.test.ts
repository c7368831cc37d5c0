/**
 * Random guests on both engines in lock step: everything is compared after slices of random length, and the code cache's
 * invariants are looked at. KSEG_LOCKSTEP=N runs N times as long.
 */
import { describe, expect, it } from 'vitest';
import { assemble } from '../boot/assemble.ts';
import {
  CODE,
  DATA,
  DATA_BYTES,
  Random,
  exceptionHandler,
  prelude,
  randomProgram,
  randomRegisters,
} from '../cpu/random-program.ts';
import { Lockstep, describeParting } from '../lockstep.ts';
import { Machine } from '../machine.ts';
import type { EngineName, MachineOptions, StartPlan } from '../machine-options.ts';
import { randomGuest, randomMachine } from '../testing/random-guest.ts';
import type { RandomGuestOptions } from '../testing/random-guest-code.ts';

const GUESTS = Number(process.env['KSEG_LOCKSTEP'] ?? 1);
/** Of each guest. */
const INSTRUCTIONS = 15_000;

const MACHINES: [kind: 'malta' | 'kvm', bigEndian: boolean][] = [
  ['malta', false],
  ['malta', true],
  ['kvm', false],
  ['kvm', true],
];
const FLAVOURS = ['mixed', 'integer', 'quiet', 'float', 'calls', 'patching', 'privileged'] as const;

/** What else a machine may have; each guest takes one. */
const VARIATIONS: Partial<MachineOptions>[] = [
  {},
  { policy: 'eager' },
  { policy: 'everything' },
  { policy: 'tagged' },
  { policy: 'never' },
  { keepReplaced: true },
  { keepReplaced: true, policy: 'tagged' },
  { hostUnmapEvery: 700 },
  { hostProtectEvery: 500, threshold: 2 },
  { hostCpus: 2, migrateEvery: 600 },
  { dynamicTranslation: true },
  { threshold: 3, geometry: 'm64_4k' },
  { timelineEvents: 2048 },
  { timelineEvents: 1024, policy: 'eager' },
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
      const traced = random.below(2) === 0;
      const lockstep = new Lockstep(() => ({ interpreter: make('interpreter'), jit: make('jit') }), traced);
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
    expect(regions).toBeGreaterThan(20 * GUESTS);
  });
});

describe.each([
  ['little endian', false],
  ['big endian', true],
])('the streams that the interpreter is compared with QEMU on, %s', (_, bigEndian) => {
  it.each([1, 2, 3, 4, 5, 6])('stream %i', (seed) => {
    // As in qemu-lockstep.test.ts.
    const random = new Random(seed * 2654435761 + Number(bigEndian));
    const code = [...prelude(), ...randomProgram(random, 300, CODE + prelude().length * 4)];
    const handler = exceptionHandler(random);
    const data = Array.from({ length: DATA_BYTES / 4 }, () => random.next());
    const registers = randomRegisters(random);
    const physical = (address: number) => address & 0x1fffffff;
    const plan = (areas: [number, number[]][]): StartPlan => ({
      pc: CODE,
      registers: Object.fromEntries([...registers].map((value, i) => [i, value])),
      writes: areas.map(([at, words]) => ({ gpa: physical(at), bytes: assemble(words, bigEndian) })),
      rom: [],
      symbols: [],
      leavesReset: true,
    });
    const changing: [number, number[]][] = [
      [DATA - DATA_BYTES / 2, data],
      [0x80300000, data],
    ];
    const make = (engine: EngineName) => {
      const machine = new Machine({
        ...{ kind: 'malta', bigEndian, memoryMiB: 16, tlbEntries: 16, nsPerInstruction: 4, seed: 1 },
        ...{ engine, threshold: 1, batch: 16, rest: 0 },
      });
      machine.boot(plan([...changing, [CODE, code], [0x80000000, handler], [0x80000180, handler]]));
      return machine;
    };
    const lockstep = new Lockstep(() => ({ interpreter: make('interpreter'), jit: make('jit') }), seed % 2 === 0);
    // Nothing in a stream is executed often, so it is started over and over.
    for (let round = 0; round < 16; round++) {
      lockstep.act((machine) => machine.boot(plan(changing)));
      for (let done = 0; done < 600;) {
        const slice = 1 + random.below(400);
        lockstep.run(slice, Infinity);
        done += slice;
        expect(lockstep.parting, lockstep.parting ? describeParting(lockstep.parting) : '').toBeNull();
      }
    }
    expect(lockstep.jit.engine!.counts.regions).toBeGreaterThan(10);
  });
});
