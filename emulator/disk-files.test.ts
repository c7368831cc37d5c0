/** Disk images as files: the overlay protects them, and what is wrong with one is a sentence that names it. */
import {
  chmodSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDisk, openDisks } from './disk-files.ts';
import { DiskError } from './disk/block-device.ts';
import type { DiskConfig } from './protocol.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kseg-disk-'));
  file = join(folder, 'disk.img');
  writeFileSync(file, new Uint8Array(4096).fill(7));
});
afterEach(() => rmSync(folder, { recursive: true }));

const sector = new Uint8Array(512).fill(0x5a);

describe('a disk', () => {
  it('keeps its writes in memory', () => {
    const disk = openDisk(file, false);
    expect(disk.sectors).toBe(8);
    disk.write(3, sector);
    disk.flush();
    expect(disk.read(3, 1)).toEqual(sector);
    expect(readFileSync(file).every((byte) => byte === 7)).toBe(true);
  });

  it('writes to its file when it may', () => {
    const disk = openDisk(file, true);
    disk.write(3, sector);
    disk.flush();
    expect(disk.read(2, 3).slice(512, 1024)).toEqual(sector);
    expect(readFileSync(file).subarray(1536, 2048).equals(sector)).toBe(true);
    expect(readFileSync(file).length).toBe(4096);
  });

  it('opens a read-only file as long as it is not to be written', () => {
    chmodSync(file, 0o400);
    openDisk(file, false).write(0, sector);
    expect(readFileSync(file)[0]).toBe(7);
  });
});

it.each([
  ['missing', () => {}],
  ['folder', (path: string) => mkdirSync(path)],
  ['empty', (path: string) => writeFileSync(path, '')],
  ['odd', (path: string) => writeFileSync(path, new Uint8Array(700))],
])('%s', (name, make) => {
  const path = join(folder, name);
  make(path);
  for (const writable of [false, true]) {
    let message = '';
    try {
      openDisk(path, writable);
    } catch (error) {
      expect(error).toBeInstanceOf(DiskError);
      message = (error as Error).message;
    }
    expect(message.startsWith(`${path}: `)).toBe(true);
    expect(message).toMatch(/[^.]\.$/);
  }
});

describe('the disks of a boot', () => {
  const config = (path: string, writable = false): DiskConfig => ({ path, interface: 'ide', writable });

  it('open in their order, each with its interface', () => {
    const other = join(folder, 'other.img');
    writeFileSync(other, new Uint8Array(512));
    const disks = openDisks([config(other), { ...config(file, true), interface: 'virtio' }]);
    expect(disks.map(({ attach, disk }) => [attach, disk.sectors])).toEqual([
      ['ide', 1],
      ['virtio', 8],
    ]);
    disks[0]!.disk.close();
    expect(() => disks[0]!.disk.read(0, 1)).toThrow(DiskError);
    expect(disks[1]!.disk.read(0, 1)[0]).toBe(7);
  });

  it('one image may be in two drives as long as neither writes to it', () => {
    const [first, second] = openDisks([config(file), config(file)]);
    first!.disk.write(0, sector);
    expect(second!.disk.read(0, 1)[0]).toBe(7);
    const link = join(folder, 'link.img');
    linkSync(file, link);
    for (const pair of [
      [config(file, true), config(link)],
      [config(file), config(link, true)],
    ]) {
      expect(() => openDisks(pair)).toThrow(/^\S+: this image is in two drives [^\n]*\.$/);
    }
    copyFileSync(file, join(folder, 'copy.img'));
    expect(openDisks([config(file, true), config(join(folder, 'copy.img'), true)])).toHaveLength(2);
  });

  it('all or none', () => {
    const bad = join(folder, 'bad.img');
    expect(() => openDisks([config(file), config(bad)])).toThrow(/bad\.img: cannot open/);
    const more = [config(file), config(file), config(file)];
    expect(() => openDisks(more)).toThrow('There is room for 2 ide disks, not 3: take some away.');
  });
});
