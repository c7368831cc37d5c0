/** The generated interpreter is the one the table gives: `npm run generate` renews it. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { generateInterpreter } from './generate-interpreter.ts';

it('interpreter.generated.ts is up to date', () => {
  const file = readFileSync(new URL('interpreter.generated.ts', import.meta.url), 'utf8');
  expect(file === generateInterpreter(), 'run `npm run generate`').toBe(true);
});
