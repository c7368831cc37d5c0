/** docs/headless.md against what it describes: every option, every statistic, every event and its fields. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { USAGE } from './cli-options.ts';
import { VCPU_STATS } from './kvm/statistics.ts';
import { Lab } from './testing/lab.ts';

const docs = readFileSync(new URL('../docs/headless.md', import.meta.url), 'utf8');
/** Names set in code, as single words. */
const named = new Set([...docs.matchAll(/`([^`\n]+)`/g)].flatMap(([, code]) => code!.split(/[^A-Za-z0-9_-]+/)));

it('every option', () => {
  const options = [...USAGE.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, option]) => option!);
  expect(options.length).toBeGreaterThan(15);
  expect(options.filter((option) => !named.has(option))).toEqual([]);
});

/** Keys of an object and of those in it, but for names that are data: exceptions and exit reasons. */
function keysOf(value: object, data: string[]): string[] {
  return Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === 'object' && inner !== null && !data.includes(key) ? [key, ...keysOf(inner, data)] : [key],
  );
}

it('every statistic', () => {
  const keys = new Set<string>(VCPU_STATS);
  for (const machine of ['kvm', 'malta'] as const) {
    const lab = new Lab({ machine, check: true });
    lab.command('echo');
    for (const key of keysOf(lab.machine.stats(), ['exceptions', 'exits'])) keys.add(key);
  }
  expect([...keys, 'marks', 'hostSeconds', 'hostMips'].filter((key) => !named.has(key))).toEqual([]);
});

it('every event and field', () => {
  // The union of types in debug/trace.ts is the list.
  const source = readFileSync(new URL('debug/trace.ts', import.meta.url), 'utf8');
  const union = source.slice(source.indexOf('type TraceEvent'), source.indexOf('type TraceSink'));
  const events = [...union.matchAll(/'(\w+)'/g)].map(([, name]) => name!);
  const fields = [...union.matchAll(/(\w+)\??:/g)].map(([, name]) => name!);
  expect(events).toContain('checkerDifference');
  expect(fields).toContain('badVAddr');
  expect([...events, ...fields].filter((name) => !named.has(name))).toEqual([]);
});
