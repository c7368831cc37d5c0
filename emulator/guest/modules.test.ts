/** Kernel modules: what they say of themselves, their order, and what an initial RAM disk gets. */
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LoadError } from '../boot/elf.ts';
import { fakeDeb } from '../testing/fake-guest.ts';
import { fakeModule } from '../testing/fake-module.ts';
import { inOrder, moduleEntries, readModuleInfo, takeModules, type ModuleInfo } from './modules.ts';

const module = (name: string, depends: string[] = [], more: Partial<ModuleInfo> = {}): ModuleInfo => ({
  name,
  depends,
  softBefore: [],
  aliases: [],
  ...more,
});
const names = (modules: readonly ModuleInfo[]): string[] => modules.map(({ name }) => name);

describe('what a module says', () => {
  it.each([true, false])('its name, dependencies and aliases (little endian: %s)', (little) => {
    const lines = ['license=GPL', 'softdep=pre: crypto-crc32c other post: after', 'alias=fs-ext4', 'alias=ext3'];
    const bytes = fakeModule(['name=ext4', 'depends=jbd2,crc-16', ...lines], little);
    expect(readModuleInfo('ext4.ko', bytes)).toEqual({
      name: 'ext4',
      depends: ['jbd2', 'crc_16'],
      softBefore: ['crypto-crc32c', 'other'],
      aliases: ['fs_ext4', 'ext3'],
    });
  });

  it('cut off or changed: a sentence or an answer, never anything else', () => {
    const good = fakeModule(['name=a', 'depends=b']);
    fc.assert(
      fc.property(
        fc.nat(good.length),
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 3 }),
        (end, changes) => {
          const bytes = Uint8Array.from(good);
          for (const [at, value] of changes) bytes[at] = value;
          try {
            readModuleInfo('a.ko', bytes.subarray(0, end));
          } catch (error) {
            expect(error).toBeInstanceOf(LoadError);
            expect((error as Error).message).toMatch(/^a\.ko: [^\n]+\.$/);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('the order', () => {
  it('is that of dependencies, soft ones by alias too', () => {
    const found = [
      module('ext4', ['jbd2', 'mbcache'], { softBefore: ['crypto-crc32c'] }),
      module('mbcache'),
      module('jbd2', [], { softBefore: ['crypto-crc32c', 'not-there'] }),
      module('crc32c_generic', [], { aliases: ['crypto_crc32c'] }),
      module('unwanted'),
      module('virtio_blk', ['virtio']),
      module('virtio'),
    ];
    const order = names(inOrder('k', found, ['virtio-blk', 'built_in', 'ext4']));
    expect(order).toEqual(['virtio', 'virtio_blk', 'crc32c_generic', 'jbd2', 'mbcache', 'ext4']);
  });

  it('of any graph without circles has everything after what it needs, once', () => {
    // Edges lead to lower numbers only.
    const graph = fc.array(fc.array(fc.nat(20), { maxLength: 4 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(graph, fc.array(fc.nat(20)), (edges, wanted) => {
        const found = edges.map((to, i) => module(`m${i}`, i === 0 ? [] : to.map((n) => `m${n % i}`)));
        const order = inOrder(
          'k',
          [...found].reverse(),
          wanted.map((n) => `m${n}`),
        );
        expect(new Set(order).size).toBe(order.length);
        order.forEach(({ depends }, at) => {
          for (const one of depends) expect(names(order.slice(0, at))).toContain(one);
        });
        for (const n of wanted) if (n < found.length) expect(order).toContain(found[n]);
      }),
    );
  });

  it('there is none for a circle, or without a module that is needed', () => {
    const circle = [module('a', ['b']), module('b', ['a'])];
    expect(() => inOrder('k.deb', circle, ['a'])).toThrow('k.deb: the module a depends on itself; choose another.');
    expect(() => inOrder('k.deb', [module('a', ['gone'])], ['a'])).toThrow(/the module a needs gone, which is missing/);
  });
});

describe('out of a package', () => {
  const file = (path: string, lines: string[], pack = (bytes: Uint8Array): Uint8Array => bytes) => ({
    path: `./lib/modules/6.1-test/kernel/${path}`,
    contents: pack(fakeModule(lines)),
  });

  it('come the wanted ones, packed or not, and a list of them', async () => {
    const deb = fakeDeb([
      { path: './boot/vmlinuz-6.1-test' },
      file('drivers/virtio_blk.ko', ['name=virtio_blk', 'depends=virtio_ring']),
      file('drivers/virtio-ring.ko.gz', ['name=virtio_ring', 'depends='], gzipSync),
      file('net/unix.ko', ['name=unix', 'depends=']),
    ]);
    const taken = await takeModules('k.deb', deb);
    expect(taken.release).toBe('6.1-test');
    const entries = moduleEntries(taken);
    expect(entries.map(({ path }) => path)).toEqual([
      'lib/modules/6.1-test/kernel/drivers/virtio-ring.ko',
      'lib/modules/6.1-test/kernel/drivers/virtio_blk.ko',
      'lib/modules/6.1-test/modules.load',
    ]);
    const ring = fakeModule(['name=virtio_ring', 'depends=']);
    expect(Buffer.compare(entries[0]!.contents!, ring)).toBe(0);
    expect(new TextDecoder().decode(entries[2]!.contents)).toBe(
      'kernel/drivers/virtio-ring.ko\nkernel/drivers/virtio_blk.ko\n',
    );
  });

  it('without modules, of two kernels or for another machine: one sentence', async () => {
    await expect(takeModules('b.deb', fakeDeb([{ path: './bin/busybox' }]))).rejects.toThrow(
      /^b\.deb: holds no kernel modules .*\.$/,
    );
    const two = fakeDeb([file('a.ko', ['name=a']), { path: './lib/modules/7/b.ko', contents: fakeModule(['name=b']) }]);
    await expect(takeModules('k.deb', two)).rejects.toThrow(/modules of the kernels 6\.1-test and 7/);
    const other = fakeModule(['name=a']);
    other[18] = 62;
    const amd64 = fakeDeb([{ path: './lib/modules/7/a.ko', contents: other }]);
    await expect(takeModules('k.deb', amd64)).rejects.toThrow(/a\.ko: is not a module for a 32-bit MIPS/);
  });
});
