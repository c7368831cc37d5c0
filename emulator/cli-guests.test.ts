/** `kseg import`, `guests` and `initramfs`, as they are shipped. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fakeElf } from './boot/fake-elf.ts';
import { readCpio } from './guest/cpio.ts';
import { bundleEmulator, type Bundle } from './testing/bundle.ts';
import { fakeDeb, fakeProgram } from './testing/fake-guest.ts';

let bundle: Bundle;
let file: (name: string, bytes?: Uint8Array | string) => string;
beforeAll(() => {
  bundle = bundleEmulator();
  file = (name, bytes) => {
    if (bytes !== undefined) writeFileSync(join(bundle.folder, name), bytes);
    return join(bundle.folder, name);
  };
});
afterAll(() => bundle?.remove());

function kseg(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, KSEG_GUESTS: file('library') };
  return spawnSync(process.execPath, [bundle.cli, ...args], { env, encoding: 'utf8' });
}

it('imports packages into the library, lists them, removes them', () => {
  const kernel = file('linux.deb', fakeDeb([{ path: './boot/vmlinuz-6.1', contents: fakeElf() }]));
  const at = join(file('library'), 'files', 'vmlinuz-6.1');
  expect(kseg('guests')).toMatchObject({ status: 0, stdout: '', stderr: expect.stringMatching(/no guests in/) });
  expect(kseg('import', kernel)).toMatchObject({ status: 0, stdout: `kernel, version 1:2.3-4: ${at}\n`, stderr: '' });
  expect(kseg('import', kernel).stdout).toContain('was there already');
  expect(kseg('guests').stdout).toMatch(/^vmlinuz-6\.1 +kernel +1:2\.3-4 +mipsel +\S+ MiB +\S+\n$/);
  // What is listed is what `run` takes.
  expect(kseg('run', at, '--instructions', '10').stderr).toMatch(/^kseg: (?!.*no such file)/);
  expect(kseg('guests', '--remove', 'vmlinuz-6.1').status).toBe(0);
  expect(kseg('guests').stdout).toBe('');
});

it('makes an initial RAM disk with files of the host', () => {
  const busybox = file('busybox.deb', fakeDeb([{ path: './bin/busybox', contents: fakeProgram() }]));
  mkdirSync(file('tree/in'), { recursive: true });
  file('tree/in/program', '#!/bin/sh');
  chmodSync(file('tree/in/program'), 0o750);
  symlinkSync('in/program', file('tree/link'));
  file('notes', 'some');
  const out = file('initramfs.cpio.gz');
  expect(
    kseg(
      'initramfs',
      '--busybox',
      busybox,
      '--out',
      out,
      '--add',
      `${file('tree')}:/opt/tree/`,
      '--add',
      file('notes'),
    ),
  ).toMatchObject({ status: 0, stdout: '', stderr: '' });
  const entries = new Map(readCpio('i', gunzipSync(readFileSync(out))).map((entry) => [entry.path, entry]));
  expect(entries.get('opt/tree/in/program')).toMatchObject({ kind: 'file', mode: 0o755 });
  expect(entries.get('opt/tree/link')).toMatchObject({ kind: 'symlink' });
  expect(new TextDecoder().decode(entries.get('root/notes')!.contents)).toBe('some');
  expect(Buffer.compare(entries.get('bin/busybox')!.contents!, fakeProgram())).toBe(0);
  expect(readdirSync(bundle.folder).filter((name) => name.includes('partial'))).toEqual([]);
});

it.each<[string[], RegExp]>([
  [['import'], /name the files/],
  [['import', 'no-such-file'], /no-such-file: cannot read this file: there is no such file/],
  [['import', '--fast'], /'--fast'/],
  [['guests', 'extra'], /extra/],
  [['guests', '--remove', 'none'], /none: no guest in the library/],
  [['initramfs'], /--busybox/],
  [['initramfs', '--busybox', 'b'], /--out/],
  [['initramfs', '--busybox', 'no-such-file', '--out', 'o'], /no such file/],
])('exit 2: %j', (args, message) => {
  const { status, stdout, stderr } = kseg(...args);
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/^kseg: [^\n]*\.\n$/);
  expect(stderr).toMatch(message);
});

it('exit 2: what cannot be added or written', () => {
  const busybox = file('busybox', fakeProgram());
  const make = (...more: string[]) => kseg('initramfs', '--busybox', busybox, ...more);
  expect(make('--out', file('no/such/folder')).stderr).toMatch(/cannot write there/);
  expect(make('--out', file('o'), '--add', file('none')).stderr).toMatch(
    /--add .*none: cannot read .* it is not there\.\n$/,
  );
  expect(make('--out', file('o'), '--add', `${busybox}:/../x`).stderr).toMatch(/unsafe path/);
  expect(kseg('initramfs', '--help').stdout).toMatch(/^usage: kseg run/);
});
