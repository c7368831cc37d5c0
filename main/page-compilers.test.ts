import type { CommandLine } from 'electron';
import { expect, it } from 'vitest';
import { limitPageCompilers } from './page-compilers.ts';

function flagsAfter(given: string): string[] {
  let flags = given;
  limitPageCompilers({
    getSwitchValue: () => flags,
    appendSwitch: (_name: string, value: string) => (flags = value),
  } as Pick<CommandLine, 'getSwitchValue' | 'appendSwitch'> as CommandLine);
  return flags.split(' ');
}

it('leaves one of the three threads of a small computer free of compilers', () => {
  const flags = flagsAfter('');
  expect(flags).toContain('--no-concurrent-sparkplug');
  const threads = flags.map((flag) => /-max-threads=(\d+)$/.exec(flag)?.[1]).filter((count) => count !== undefined);
  expect(threads).toHaveLength(2);
  expect(threads.reduce((sum, count) => sum + Number(count), 0)).toBeLessThan(3);
});

it('keeps the flags of the command line', () => {
  expect(flagsAfter('--expose-gc --stack-size=900').slice(0, 2)).toEqual(['--expose-gc', '--stack-size=900']);
});
