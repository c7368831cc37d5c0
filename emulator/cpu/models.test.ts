import { expect, it } from 'vitest';
import { BareMachine } from '../testing/bare-machine.ts';
import { Cp0 } from './cp0.ts';
import { CPU_MODELS, CPU_TRAITS } from './models.ts';

// PRId, Config1, Config3 and the Status bits that can be set, with the TLB each core comes with.
const EXPECTED = {
  '24Kf': [0x19300, 0x9e190c8f, 0, 0x3678ff1f],
  '24Kc': [0x19300, 0x9e190c8e, 0, 0x1278ff1f],
  '34Kf-like': [0x19500, 0xfe190c8f, 0x20, 0x3678ff1f],
} as const;

it.each(CPU_MODELS)('%s says what it is', (cpu) => {
  const machine = new BareMachine({ cpu, tlbEntries: CPU_TRAITS[cpu].tlbEntries });
  const [prid, config1, config3, status] = EXPECTED[cpu];
  expect(machine.getCp0(Cp0.PRId)).toBe(prid);
  expect(machine.getCp0(Cp0.Config1)).toBe(config1);
  expect(machine.getCp0(Cp0.Config3)).toBe(config3);
  machine.setCp0(Cp0.Status, 0xffffffff);
  expect(machine.getCp0(Cp0.Status)).toBe(status);
});
