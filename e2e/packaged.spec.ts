/** The app as it is packaged: its files in an archive, its fuses set. */
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import path from 'node:path';
import { ROOT, consoleTail, expect, launchPackaged, test } from './launch.ts';

const EXECUTABLE = path.join(ROOT, 'release/linux-unpacked/kseg');

test('runs nothing but its own archive', async () => {
  const fuses = await getCurrentFuseWire(EXECUTABLE);
  // The executable keeps each fuse as a digit.
  const state = (fuse: FuseV1Options) => String.fromCharCode(Number(fuses[fuse]));
  const [on, off] = ['1', '0'];
  expect(state(FuseV1Options.RunAsNode)).toBe(off);
  expect(state(FuseV1Options.EnableNodeCliInspectArguments)).toBe(off);
  expect(state(FuseV1Options.EnableNodeOptionsEnvironmentVariable)).toBe(off);
  expect(state(FuseV1Options.GrantFileProtocolExtraPrivileges)).toBe(off);
  expect(state(FuseV1Options.OnlyLoadAppFromAsar)).toBe(on);
  expect(state(FuseV1Options.EnableCookieEncryption)).toBe(on);
});

test('the packaged app boots the Lab guest, and ends when told to', async () => {
  const { page, stop } = await launchPackaged(EXECUTABLE);
  try {
    await expect(page).toHaveTitle(/Kseg/);
    await expect.poll(() => consoleTail(page), { timeout: 30_000 }).toContain('lab$ ');
  } finally {
    await stop();
  }
});
