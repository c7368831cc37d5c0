import fc from 'fast-check';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfiguration } from './configuration-file.ts';
import { ConfigurationStore } from './configurations.ts';

let folder: string;
let store: ConfigurationStore;
const paths: string[] = [];
const files = {
  number: (file: string) => (paths.includes(file) ? paths.indexOf(file) : paths.push(file) - 1) + 1,
  path: (id: number) => paths[id - 1]!,
  name: (id: number) => path.basename(paths[id - 1]!),
};

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'kseg-configurations-'));
  store = new ConfigurationStore(path.join(folder, 'configurations'), files);
  mkdirSync(store.folder);
});
afterEach(() => rmSync(folder, { recursive: true }));

const request = {
  machine: 'malta',
  memoryMiB: 256,
  cpu: '34Kf-like',
  tlbEntries: 64,
  commandLine: 'console=ttyS0 root=/dev/vda',
  policy: 'eager',
  geometry: 'm64_4k',
  hostCpus: 2,
  migrateEvery: 50_000,
  seed: 7,
} as const;

describe('configurations', () => {
  it('come back as they were saved, from a file that can be read', async () => {
    const kernelId = files.number('/src/vmlinux');
    const fileId = files.number('/images/root.img');
    const whole = {
      ...request,
      kernelId,
      initrdGuest: 'busybox-1.35',
      disks: [{ fileId, interface: 'virtio' as const, writable: true }],
    };
    const saved = await store.save({ id: null, name: 'Debian, eager', request: whole });
    expect(saved).toEqual({
      id: 'debian-eager',
      name: 'Debian, eager',
      request: whole,
      files: { [kernelId]: 'vmlinux', [fileId]: 'root.img' },
    });
    expect(JSON.parse(readFileSync(path.join(store.folder, 'debian-eager.json'), 'utf8'))).toEqual({
      format: 1,
      name: 'Debian, eager',
      kernel: { file: '/src/vmlinux' },
      initrd: { library: 'busybox-1.35' },
      disks: [{ file: '/images/root.img', interface: 'virtio', writable: true }],
      ...request,
    });
    expect((await store.list()).list).toEqual([saved]);
  });

  it('are renamed and changed in place; two never have one name or one file', async () => {
    const { id } = await store.save({ id: null, name: 'A b', request });
    const other = await store.save({ id: null, name: 'a  B', request });
    expect(other.id).toBe('a-b-2');
    await expect(store.save({ id: other.id, name: 'A b', request })).rejects.toThrow(/^There is .* A b already.*\.$/);
    await store.save({ id, name: 'Renamed', request: { ...request, seed: 8 } });
    const { list } = await store.list();
    expect(list.map(({ name, request: { seed } }) => [name, seed])).toEqual([
      ['a  B', 7],
      ['Renamed', 8],
    ]);
    expect(readdirSync(store.folder).sort()).toEqual(['a-b-2.json', 'a-b.json']);
  });

  it('a removed one is kept, and comes back', async () => {
    const { id } = await store.save({ id: null, name: 'Once', request });
    await store.remove(id);
    expect((await store.list()).list).toEqual([]);
    expect(existsSync(path.join(store.folder, 'removed/once.json'))).toBe(true);
    expect((await store.save({ id: null, name: 'Once', request })).id).toBe('once-2');
    await store.restore(id);
    expect((await store.list()).list).toHaveLength(2);
    await expect(store.remove('never')).rejects.toThrow('never.json cannot be moved: it is not there any more.');
  });

  it('a file that is none is told of in a sentence, and stays as it is', async () => {
    const bad = {
      'brackets.json': '{"format":1,',
      'memory.json': '{"format":1,"name":"x","memoryMiB":4}',
      'word.json': '{"format":1,"name":"x","polciy":"eager"}',
      'later.json': '{"format":2,"name":"x"}',
      'kernel.json': '{"format":1,"name":"x","kernel":{}}',
    };
    for (const [name, text] of Object.entries(bad)) writeFileSync(path.join(store.folder, name), text);
    await store.save({ id: null, name: 'Good', request });
    const { list, problems } = await store.list();
    expect(list.map(({ name }) => name)).toEqual(['Good']);
    expect(problems).toHaveLength(5);
    expect(problems[3]).toBe(
      'The configuration memory.json is left out: memoryMiB must be a whole number from 16 to 1024; correct it or remove it.',
    );
    expect(problems[4]).toMatch(/^The configuration word\.json is left out: polciy is not known here; /);
    for (const problem of problems) expect(problem).toMatch(/^[^\n]*\.$/);
    await expect(store.save({ id: 'memory', name: 'Y', request })).rejects.toThrow(/memory\.json/);
    for (const [name, text] of Object.entries(bad)) {
      expect(readFileSync(path.join(store.folder, name), 'utf8')).toBe(text);
    }
  });

  it('a key that is no word is quoted in the sentence', () => {
    const parse = (file: object) => () => parseConfiguration(JSON.stringify({ format: 1, name: 'x', ...file }), files);
    expect(parse({ kernel: { '!': 1 } })).toThrow(/^kernel\."!" is not known here/);
    expect(parse({ 'a\nb': 1 })).toThrow(/^"a\\nb" is not known here/);
    expect(parse({ '': 1 })).toThrow(/^"" is not known here/);
  });

  it('anything at all is a configuration or a sentence', () => {
    const field = fc.oneof(fc.anything(), fc.constantFrom(1, 'x', 64, 'kvm', [], {}, true));
    const keys = fc.constantFrom('format', 'name', 'kernel', 'disks', 'memoryMiB', 'policy', 'machine', 'other');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.dictionary(keys, field).map((value) => JSON.stringify(value)),
        ),
        (text) => {
          try {
            expect(parseConfiguration(text, files).name).not.toBe('');
          } catch (error) {
            expect((error as Error).message).toMatch(/^(?:\w+|"[^\n]*")(?:\.(?:\w+|"[^\n]*"))* /);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});
