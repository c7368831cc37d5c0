/** What a machine is not made of. */
import { expect, it } from 'vitest';
import { createMachine, type CreateConfig } from './create.ts';
import { readBundledGuest } from './guests.ts';
import type { MachineKind } from './protocol.ts';
import { RESOURCES } from './testing/lab.ts';

it.each<[CreateConfig, string]>([
  [{ memoryMiB: 8 }, '8 MiB of memory: a guest has 16 to 1024 MiB.'],
  [{ hostCpus: 9 }, '9 host CPUs: there are 1 to 8.'],
  [{ migrateEvery: 100 }, 'With one host CPU there is nowhere to move to: set hostCpus to 2 or more.'],
  [
    { bigEndian: true, machine: 'kvm' },
    'The bundled kernel comes big-endian for malta only; choose the malta machine.',
  ],
  [
    { keepReplaced: true, machine: 'kvm' },
    'Replaced TLB entries can be kept on malta only: KVM takes them from the tables at once.',
  ],
  [
    { keepReplaced: true, machine: 'malta', check: true },
    'Replaced TLB entries are kept, which the checker would take for mistakes: leave one of the two out.',
  ],
])('%o', (config, message) => {
  const bundled = (machine: MachineKind, bigEndian: boolean) => readBundledGuest(RESOURCES, machine, bigEndian);
  expect(() => createMachine(config, bundled)).toThrow(message);
});
