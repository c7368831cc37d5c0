import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { resolveFile } from './app-protocol.ts';

vi.mock('electron', () => ({ protocol: {} }));

const ROOT = path.resolve('/srv/renderer');

describe('resolveFile', () => {
  it.each([
    ['app://kseg/', 'index.html'],
    ['app://kseg/index.html', 'index.html'],
    ['app://kseg/assets/a%20b.js?x#y', 'assets/a b.js'],
    ['app://kseg/assets/../index.html', 'index.html'],
  ])('%s is %s', (url, file) => expect(resolveFile(url, ROOT)).toBe(path.join(ROOT, file)));

  it.each([
    'app://other/index.html',
    'https://kseg/index.html',
    'app://kseg/..%2f..%2fetc/passwd',
    'app://kseg/%2e%2e%2fsecret',
    'app://kseg/..%5csecret',
    'app://kseg/a%00.html',
    'app://kseg/c%3a/windows',
    'app://kseg/%zz',
    'nonsense',
  ])('%s is refused', (url) => expect(resolveFile(url, ROOT)).toBeNull());

  it('never leaves the root', () => {
    const piece = fc.oneof(fc.constantFrom('..', '.', '/', '%2e', '%2f', '%5c', '\\', '%252e', 'a'), fc.string());
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const file = resolveFile(`app://kseg/${pieces.join('')}`, ROOT);
        expect(file === null || (path.resolve(file) + path.sep).startsWith(ROOT + path.sep)).toBe(true);
      }),
    );
  });
});
