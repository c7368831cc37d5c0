import { expect, it } from 'vitest';
import { parseSpec } from '../../../emulator/debug/breakpoint-spec.ts';
import { KINDS, specOf } from './spec.ts';

const none = { argument: '', condition: '', ignore: '' };

it('every kind and every choice is one the emulator knows', () => {
  for (const { kind, needs, choices } of KINDS) {
    expect(specOf({ ...none, kind }) === null).toBe(needs);
    for (const argument of needs ? ['main+4'] : ['', ...choices]) {
      const spec = specOf({ ...none, kind, argument })!;
      expect(parseSpec(spec).awaited.kind).toBe(kind);
    }
  }
});

it('condition and ignore count come through', () => {
  const spec = specOf({ kind: 'write', argument: 'counter, 8', condition: ' a0 == 1 ', ignore: '3' })!;
  expect(parseSpec(spec)).toMatchObject({ awaited: { length: 8 }, ignore: 3, condition: 'a0 == 1' });
});
