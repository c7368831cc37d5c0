/** Disk images as files: the overlay protects them, and what is wrong with one is a sentence that names it. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDisk } from './disk-files.ts';
import { DiskError } from './disk/block-device.ts';

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
