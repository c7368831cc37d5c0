/** The guest library on a real file system: importing, listing, removing, and what is damaged or in the way. */
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LoadError } from './boot/elf.ts';
import { fakeElf } from './boot/fake-elf.ts';
import { importGuest } from './guest-import.ts';
import { GuestLibrary, guestFolder } from './guest-library.ts';
import { fakeDeb, fakeProgram } from './testing/fake-guest.ts';

let folder: string;
let library: GuestLibrary;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kseg-guests-'));
  library = new GuestLibrary(join(folder, 'library'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, bytes: Uint8Array): string {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
}
const kernel = fakeElf();
const kernelDeb = (): string => file('linux.deb', fakeDeb([{ path: './boot/vmlinuz-6.1', contents: kernel }]));

/** The library's files, those of the index and of work at hand included. */
const onDisk = (): string[] => readdirSync(library.folder, { recursive: true }).map(String).sort();

it('importing, listing, removing', async () => {
  expect(await library.list()).toEqual([]);
  const { entry, added } = await importGuest(library, kernelDeb());
  expect(added).toBe(true);
  expect(entry).toMatchObject({
    id: 'vmlinuz-6.1',
    kind: 'kernel',
    name: 'vmlinuz-6.1',
    version: '1:2.3-4',
    architecture: 'mipsel',
    size: kernel.length,
    source: 'linux.deb',
  });
  expect(entry.sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(Math.abs(Date.parse(entry.imported) - Date.now())).toBeLessThan(60_000);
  expect(Buffer.compare(readFileSync(library.path(entry)), kernel)).toBe(0);

  const busybox = await importGuest(
    library,
    file('b.deb', fakeDeb([{ path: 'bin/busybox', contents: fakeProgram() }])),
  );
  expect(busybox.entry.id).toBe('busybox-2.3-4');
  expect(await library.list()).toEqual([entry, busybox.entry]);
  expect(onDisk()).toEqual(['files', 'files/busybox-2.3-4', 'files/vmlinuz-6.1', 'index.json']);

  await library.remove(entry.id);
  expect(await library.list()).toEqual([busybox.entry]);
  expect(onDisk()).toEqual(['files', 'files/busybox-2.3-4', 'index.json']);
  await expect(library.remove(entry.id)).rejects.toThrow(/no guest in the library has this name/);
});

it('the same file twice is one guest; another of the same name gets a name of its own', async () => {
  const first = await importGuest(library, kernelDeb());
  rmSync(library.path(first.entry));
  expect(await importGuest(library, kernelDeb())).toEqual({ entry: first.entry, added: false });
  expect(statSync(library.path(first.entry)).size).toBe(kernel.length);
  const other = await importGuest(library, file('VMLINUZ-6.1', fakeElf({ entry: 0x80100002 })));
  expect(other.entry.id).toBe('VMLINUZ-6.1-2');
});

it('disk images are copied with their holes', async () => {
  const image = new Uint8Array((3 << 20) + 1000);
  image.set([0x55, 0xaa], 510);
  image[image.length - 1] = 7;
  const { entry } = await importGuest(library, file('root.img', image));
  expect(entry).toMatchObject({ kind: 'disk', size: image.length });
  expect(Buffer.compare(readFileSync(library.path(entry)), image)).toBe(0);
  const empty = new Uint8Array(2 << 20);
  empty.set([0x55, 0xaa], 510);
  const holes = await importGuest(library, file('empty.img', empty));
  expect(statSync(library.path(holes.entry)).size).toBe(empty.length);
});

it('many at once', async () => {
  const kernels = Array.from({ length: 8 }, (_, i) => file(`vmlinux-${i}`, fakeElf({ entry: 0x80100000 + (i & 3) })));
  await Promise.all(kernels.map((path) => importGuest(new GuestLibrary(library.folder), path)));
  expect(await library.list()).toHaveLength(4);
  expect(onDisk().filter((name) => /partial|lock/.test(name))).toEqual([]);
});

describe('refused in one sentence, and nothing is left behind', () => {
  it.each<[string, () => string, RegExp]>([
    ['no file', () => join(folder, 'none'), /there is no such file/],
    ['a folder', () => folder, /it is a folder/],
    ['text', () => file('a.txt', new TextEncoder().encode('hello')), /^a\.txt: is no kernel/],
    ['an empty file', () => file('empty', new Uint8Array(0)), /^empty: is no kernel/],
    [
      'a cut package',
      () => file('cut.deb', fakeDeb([{ path: 'boot/vmlinux', contents: kernel }]).subarray(0, 300)),
      /^cut\.deb: /,
    ],
    ['a damaged kernel', () => file('vmlinux', kernel.subarray(0, 60)), /^vmlinux: /],
  ])('%s', async (_, path, message) => {
    const failed = importGuest(library, path());
    await expect(failed).rejects.toThrow(LoadError);
    await expect(failed).rejects.toThrow(message);
    expect(await library.list()).toEqual([]);
  });

  it('a library that cannot be written', async () => {
    library = new GuestLibrary(join(kernelDeb(), 'below-a-file'));
    await expect(importGuest(library, kernelDeb())).rejects.toThrow(
      /cannot use this guest library: a part of the path/,
    );
  });

  it.each<[string, string, RegExp]>([
    ['no JSON', '{', /is not the index of a guest library/],
    ['another format', '{"guests": []}', /is not the index of a guest library/],
    ['a newer format', '{"format": 99, "guests": []}', /newer Kseg/],
    ['a path for a name', '', /is not the index of a guest library/],
  ])('an index that is %s', async (_, text, message) => {
    await importGuest(library, kernelDeb());
    const index = join(library.folder, 'index.json');
    writeFileSync(index, text || readFileSync(index, 'utf8').replace('"id": "vmlinuz-6.1"', '"id": "../../x"'));
    await expect(library.list()).rejects.toThrow(message);
    await expect(library.remove('x')).rejects.toThrow(LoadError);
    expect(onDisk().filter((name) => /partial|lock/.test(name))).toEqual([]);
  });
});

it('a lock that was left behind is taken away', async () => {
  const lock = join(library.folder, 'index.lock');
  mkdirSync(lock, { recursive: true });
  utimesSync(lock, 0, 0);
  expect((await importGuest(library, kernelDeb())).added).toBe(true);
});

it('the folder', () => {
  const home = '/home/u';
  expect(guestFolder({ KSEG_GUESTS: '/g' }, 'linux', home)).toBe('/g');
  expect(guestFolder({}, 'linux', home)).toBe(join(home, '.local/share/kseg/guests'));
  expect(guestFolder({ XDG_DATA_HOME: '/data' }, 'linux', home)).toBe(join('/data/kseg/guests'));
  expect(guestFolder({ XDG_DATA_HOME: 'relative' }, 'linux', home)).toBe(join(home, '.local/share/kseg/guests'));
  expect(guestFolder({}, 'darwin', home)).toBe(join(home, 'Library/Application Support/kseg/guests'));
  expect(guestFolder({ LOCALAPPDATA: '/local' }, 'win32', home)).toBe(join('/local/kseg/guests'));
});
