import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRecents, withRecent, type Recent } from './recents.ts';

const recent = (label: string, request: Recent['request'] = {}): Recent => ({
  label,
  request,
  at: '2026-03-01T08:12:00.000Z',
});

describe('recent boots', () => {
  it('newest first, five at most', () => {
    let list: Recent[] = [];
    for (let n = 1; n <= 7; n++) list = withRecent(list, recent(`${n}`, { memoryMiB: 16 * n }));
    expect(list.map(({ label }) => label)).toEqual(['7', '6', '5', '4', '3']);
  });

  it('the same guest with the same settings stands there once', () => {
    const list = withRecent([recent('a', { machine: 'kvm', memoryMiB: 64 })], recent('b', { memoryMiB: 128 }));
    expect(withRecent(list, recent('a', { memoryMiB: 64, machine: 'kvm' })).map(({ label }) => label)).toEqual([
      'a',
      'b',
    ]);
  });

  it('a file opened by hand is not kept', () => {
    expect(withRecent([], recent('vmlinux', { kernelId: 3 }))).toEqual([]);
  });

  it('survives being written and read, and nothing else does', () => {
    const list = [recent('Debian', { kernelGuest: 'vmlinux-6.1.0', initrdGuest: 'busybox', tlbEntries: 32, seed: 1 })];
    expect(parseRecents(JSON.stringify(list))).toEqual(list);
    expect(parseRecents(null)).toEqual([]);
    expect(parseRecents('{')).toEqual([]);
    expect(parseRecents('{"0":1}')).toEqual([]);
    expect(parseRecents(JSON.stringify([recent('x', { tlbEntries: 17 as 16 }), recent('y')]))).toHaveLength(1);
    fc.assert(fc.property(fc.json(), (text) => Array.isArray(parseRecents(text))));
  });
});
