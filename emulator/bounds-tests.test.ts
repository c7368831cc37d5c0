import { describe, expect, it } from 'vitest';
import { writesBoundsTests } from './bounds-tests.ts';
import { LinearMemory } from './memory.ts';

describe('bounds tests of generated code', () => {
  const electron = (version: string) => ({ versions: { node: '20.18.0', electron: version }, env: {}, arch: 'x64' });

  it('are V8’s only in an Electron whose main process has no trap handler', () => {
    expect(writesBoundsTests(electron('33.2.1'))).toBe(true);
    expect(writesBoundsTests(electron('45.4.1'))).toBe(false);
    expect(writesBoundsTests({ ...electron('33.2.1'), env: { ELECTRON_RUN_AS_NODE: '1' } })).toBe(false);
    expect(writesBoundsTests({ versions: { node: '20.18.0' }, env: {}, arch: 'x64' })).toBe(false);
  });

  it('stay where address space is short', () => {
    expect(writesBoundsTests({ ...electron('33.2.1'), arch: 'arm' })).toBe(false);
  });

  it('are not needed below 2 GiB, all of which is the memory’s', () => {
    const memory = new LinearMemory(65536).memory as WebAssembly.Memory & { grow(pages: number): number };
    expect(memory.buffer.byteLength).toBe(65536);
    // It could grow to that and a page more, so V8 has set the addresses aside.
    expect(() => memory.grow(2 ** 15 + 1)).toThrow();
    expect(memory.grow(2 ** 15)).toBe(1);
  });
});
