/** The guest library as the page gets at it: disk images by id, and never to write to. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { GuestLibrary } from '../emulator/guest-library.ts';
import { Guests } from './guests.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kseg-guests-'));
  vi.stubEnv('KSEG_GUESTS', folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

it('a disk image is found by its id, for a drive that does not write to it', async () => {
  const library = new GuestLibrary(folder);
  const guest = { name: 'root.img', version: '', architecture: '', source: 'root.img' };
  const { entry: disk } = await library.add({ ...guest, kind: 'disk' }, [new Uint8Array(512)]);
  const { entry: kernel } = await library.add({ ...guest, name: 'vmlinux', kind: 'kernel' }, [new Uint8Array(4)]);
  const guests = new Guests(() => {});
  expect(await guests.diskPath(disk.id, false)).toBe(library.path(disk));
  await expect(guests.diskPath(disk.id, true)).rejects.toThrow(/^root\.img belongs to the guest library[^\n]*\.$/);
  await expect(guests.diskPath(kernel.id, false)).rejects.toThrow(/^vmlinux is not a disk image[^\n]*\.$/);
  await expect(guests.diskPath('gone', false)).rejects.toThrow(/^gone is not in the guest library any more[^\n]*\.$/);
});
