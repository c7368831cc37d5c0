/** cpio archives there and back, the initial RAM disk made of busybox, and what is taken out of which file. */
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LoadError } from '../boot/elf.ts';
import { fakeElf } from '../boot/fake-elf.ts';
import { type CpioEntry, readCpio, writeCpio } from './cpio.ts';
import { fakeDeb, fakeProgram } from '../testing/fake-guest.ts';
import { identify } from './identify.ts';
import { buildInitramfs, checkBusybox, gzip } from './initramfs.ts';
import { takeBusybox, takeElf, takeFromPackage, takeInitramfs } from './take.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe('cpio', () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9.]{0,20}$/);
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
  const mode = fc.nat(0o7777);
  const contents = fc.uint8Array({ maxLength: 50 });
  const entry: fc.Arbitrary<CpioEntry> = fc.oneof(
    fc.record({ path, kind: fc.constant('file' as const), mode, contents }),
    fc.record({ path, kind: fc.constant('directory' as const), mode }),
    fc.record({ path, kind: fc.constant('symlink' as const), mode, contents }),
    fc.record({
      path,
      kind: fc.constantFrom('character' as const, 'block' as const),
      mode,
      device: fc.tuple(fc.nat(255), fc.nat(255)),
    }),
  );

  it('what is written is read', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 6 }), (entries) => {
        expect(readCpio('a.cpio', writeCpio(entries))).toEqual(entries);
      }),
    );
  });

  it('cut off or changed: a sentence or a list, never anything else', () => {
    const good = writeCpio([
      { path: 'a/b', kind: 'file', mode: 0o644, contents: text('hello') },
      { path: 'c', kind: 'directory', mode: 0o755 },
    ]);
    fc.assert(
      fc.property(
        fc.nat(good.length),
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 3 }),
        (end, changes) => {
          const bytes = Uint8Array.from(good);
          for (const [at, value] of changes) bytes[at] = value;
          try {
            readCpio('a.cpio', bytes.subarray(0, end));
          } catch (error) {
            expect(error).toBeInstanceOf(LoadError);
            expect((error as Error).message).toMatch(/^a\.cpio: [^\n]+\.$/);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('a path outside is refused', () => {
    const bytes = writeCpio([{ path: '../x', kind: 'file', mode: 0 }]);
    expect(() => readCpio('a.cpio', bytes)).toThrow(/unsafe path/);
  });
});

describe('the initial RAM disk', () => {
  const busybox = fakeProgram();

  it('is the same bytes each time, without a time in them', async () => {
    const [one, two] = [await gzip(buildInitramfs(busybox)), await gzip(buildInitramfs(busybox))];
    expect(Buffer.compare(one, two)).toBe(0);
    expect([...one.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, one[8], 0xff]);
    expect(Buffer.compare(gunzipSync(one), buildInitramfs(busybox))).toBe(0);
  });

  it('has what a kernel needs to get to a shell', () => {
    const entries = new Map(readCpio('i', buildInitramfs(busybox)).map((entry) => [entry.path, entry]));
    expect(entries.get('dev/console')).toMatchObject({ kind: 'character', device: [5, 1] });
    expect(entries.get('bin/busybox')).toMatchObject({ kind: 'file', mode: 0o755 });
    expect(entries.get('bin/sh')).toMatchObject({ kind: 'symlink' });
    const init = new TextDecoder().decode(entries.get('init')!.contents);
    expect(init).toMatch(/^#!\/bin\/sh\n/);
    expect(entries.get('init')!.mode).toBe(0o755);
    for (const folder of ['proc', 'sys', 'dev', 'tmp', 'root']) expect(entries.get(folder)!.kind).toBe('directory');
  });

  it('takes files of the user, with the folders above them, over its own', () => {
    const entries = readCpio(
      'i',
      buildInitramfs(busybox, [
        { path: 'srv/deep/file', kind: 'file', mode: 0o600, contents: text('mine') },
        { path: 'init', kind: 'file', mode: 0o755, contents: text('#!/mine') },
      ]),
    );
    const paths = entries.map(({ path }) => path);
    expect(paths.slice(-3)).toEqual(['srv', 'srv/deep', 'srv/deep/file']);
    expect(paths.filter((path) => path === 'init')).toHaveLength(1);
    expect(new TextDecoder().decode(entries.find(({ path }) => path === 'init')!.contents)).toBe('#!/mine');
  });

  it.each<[string, CpioEntry]>([
    ['a file in a file', { path: 'init/x', kind: 'file', mode: 0 }],
    ['a file in place of a folder', { path: 'bin', kind: 'file', mode: 0 }],
    ['a path outside', { path: '../x', kind: 'file', mode: 0 }],
  ])('refuses %s', (_, entry) => {
    expect(() => buildInitramfs(busybox, [entry])).toThrow(LoadError);
  });

  it('busybox must be static and for MIPS', () => {
    checkBusybox('b', fakeProgram());
    expect(() => checkBusybox('b', fakeProgram(3))).toThrow(/needs shared libraries/);
    expect(() => checkBusybox('b', text('hello'))).toThrow(/not an ELF program/);
    const arm = Buffer.from(fakeProgram());
    arm[18] = 40;
    expect(() => checkBusybox('b', arm)).toThrow(/not a program for a 32-bit MIPS/);
    expect(() => checkBusybox('b', fakeProgram().subarray(0, 60))).toThrow(/damaged/);
  });
});

describe('what is taken', () => {
  const kernel = fakeElf();

  it("a package's kernel", async () => {
    const deb = fakeDeb([{ path: './boot/config-6.1' }, { path: './boot/vmlinuz-6.1', contents: kernel }]);
    const taken = await takeFromPackage('k.deb', deb);
    expect(taken).toMatchObject({ kind: 'kernel', name: 'vmlinuz-6.1', version: '1:2.3-4', architecture: 'mipsel' });
    expect(Buffer.compare(taken.bytes, kernel)).toBe(0);
  });

  it.each(['./bin/busybox', './usr/bin/busybox'])("a package's %s", async (path) => {
    const deb = fakeDeb([{ path, contents: fakeProgram() }]);
    expect(await takeBusybox('b.deb', deb, true)).toMatchObject({ kind: 'busybox', name: 'busybox' });
  });

  it('from the wrong packages nothing', async () => {
    const meta = fakeDeb([{ path: './usr/share/doc/x' }]);
    await expect(takeFromPackage('m.deb', meta)).rejects.toThrow(/only points to the package linux-image-1/);
    const other = fakeDeb([], 'Package: other\nVersion: 1\nArchitecture: all\n');
    await expect(takeFromPackage('o.deb', other)).rejects.toThrow(/holds neither a kernel/);
    const amd64 = fakeDeb([{ path: './boot/vmlinuz-1', contents: text('MZ') }]);
    await expect(takeFromPackage('a.deb', amd64)).rejects.toThrow(/boot\/vmlinuz-1: byte 0 does not start an ELF/);
    await expect(takeBusybox('k.deb', fakeDeb([{ path: 'boot/vmlinux', contents: kernel }]), true)).rejects.toThrow(
      /is a kernel/,
    );
  });

  it('kernels and busybox as they are', () => {
    expect(takeElf('vmlinux-6.1-mine', kernel)).toMatchObject({ kind: 'kernel', version: '6.1-mine' });
    expect(takeElf('busybox', fakeProgram())).toMatchObject({
      kind: 'busybox',
      version: '1.2.3',
      architecture: 'mipsel',
    });
    expect(() => takeElf('ls', fakeProgram().fill(0, 100))).toThrow(/not busybox/);
  });

  it('initial RAM disks, packed and not, when they are whole', async () => {
    const cpio = writeCpio([{ path: 'init', kind: 'file', mode: 0o755, contents: text('x') }]);
    expect(await takeInitramfs('i.cpio', cpio)).toMatchObject({ kind: 'initramfs', name: 'i.cpio' });
    expect((await takeInitramfs('i.gz', gzipSync(cpio))).bytes[0]).toBe(0x1f);
    await expect(takeInitramfs('i', cpio.subarray(0, 100))).rejects.toThrow(LoadError);
    await expect(takeInitramfs('i', gzipSync(cpio).subarray(0, 60))).rejects.toThrow(LoadError);
  });

  it.each<[string, Uint8Array, string]>([
    ['a package', fakeDeb([]), 'package'],
    ['a kernel', kernel, 'elf'],
    ['cpio', writeCpio([]), 'initramfs'],
    ['packed cpio', gzipSync(writeCpio([])), 'initramfs'],
    [
      'a partition table',
      Uint8Array.from({ length: 512 }, (_, i) => (i === 510 ? 0x55 : i === 511 ? 0xaa : 0)),
      'disk',
    ],
    ['ext4', Uint8Array.from({ length: 4096 }, (_, i) => (i === 0x438 ? 0x53 : i === 0x439 ? 0xef : 0)), 'disk'],
  ])('%s is recognised', async (_, bytes, kind) => {
    expect(await identify('f', bytes)).toBe(kind);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['text', text('hello'), /is no kernel/],
    ['nothing', new Uint8Array(0), /is no kernel/],
    ['packed text', gzipSync('hello'), /gzip data, but no initial RAM disk/],
    ['qcow2', text('QFI\xfb').fill(0xfb, 3, 4), /qcow2/],
  ])('%s is refused', async (_, bytes, message) => {
    await expect(identify('f', bytes)).rejects.toThrow(message);
  });
});
