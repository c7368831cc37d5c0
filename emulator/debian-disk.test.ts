/**
 * Debian's kernel with its root file system on a disk, over IDE and over virtio: what the guest writes is there after it
 * has rebooted, and the image's file stays as it was. The small system is busybox on an ext4 image made here, which needs
 * mke2fs; the large one is the Debian system of `npm run guests -- --rootfs`. What is not here is skipped by name.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCpio } from './guest/cpio.ts';
import { unpackAll } from './guest/decompress.ts';
import { bundleEmulator, type Bundle } from './testing/bundle.ts';

const FOLDER = fileURLToPath(new URL('../.cache/guests', import.meta.url));
const KERNEL = existsSync(FOLDER) ? readdirSync(FOLDER).find((name) => name.startsWith('vmlinuz-')) : undefined;
const INITRAMFS = join(FOLDER, 'initramfs.cpio.gz');
const IMAGE = join(FOLDER, 'debian-bookworm-mipsel.img');
const present = KERNEL !== undefined && existsSync(INITRAMFS);
const withTools = present && spawnSync('mke2fs', ['-V']).status === 0;
const withDebian = present && existsSync(IMAGE);
if (!present) console.log('debian-disk: skipped, the guest is not here; `npm run guests` fetches it');
else {
  if (!withTools) console.log('debian-disk: busybox on a disk is skipped, there is no mke2fs; install e2fsprogs');
  if (!withDebian) console.log('debian-disk: Debian is skipped, it is not here; `npm run guests -- --rootfs` makes it');
}

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

let bundle: Bundle | undefined;
beforeAll(() => {
  if (withTools || withDebian) bundle = bundleEmulator();
});
afterAll(() => bundle?.remove());

/** A scripted run of the command as it is shipped. @param script a text to expect and one to send, in turns */
async function run(disk: string, root: string, memory: string, script: readonly (readonly [string, string])[]) {
  const stats = join(bundle!.folder, 'stats.json');
  const args = ['run', join(FOLDER, KERNEL!), '--initrd', INITRAMFS, '--memory', memory, '--disk', disk];
  args.push('--append', `console=ttyS0 nokaslr quiet root=${root}`, '--stats', stats);
  for (const [expected, sent] of script) args.push('--expect', expected, '--send', sent);
  const child = spawn(process.execPath, [bundle!.cli, ...args, '--no-code-cache']);
  let output = '';
  child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString('latin1')));
  child.stderr.on('data', (bytes: Buffer) => (output += bytes.toString('latin1')));
  const status = await new Promise((resolve) => child.on('close', resolve));
  expect(status, output.slice(-2000)).toBe(0);
  const { resets } = JSON.parse(readFileSync(stats, 'utf8')) as { resets: number };
  return { resets, output };
}

describe.skipIf(!withTools)('busybox on a disk', () => {
  let folder: string;
  let image: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kseg-root-'));
    image = join(folder, 'root.img');
    const initramfs = await unpackAll(INITRAMFS, readFileSync(INITRAMFS), 2 ** 28);
    const busybox = readCpio(INITRAMFS, initramfs).find(({ path }) => path === 'bin/busybox');
    const root = join(folder, 'root');
    for (const name of ['bin', 'dev', 'etc', 'proc', 'root', 'sbin', 'sys', 'usr/bin', 'usr/sbin']) {
      mkdirSync(join(root, name), { recursive: true });
    }
    writeFileSync(join(root, 'bin/busybox'), busybox!.contents!, { mode: 0o755 });
    symlinkSync('../bin/busybox', join(root, 'sbin/init'));
    symlinkSync('busybox', join(root, 'bin/sh'));
    const start = 'mount -o remount,rw /; busybox --install -s';
    writeFileSync(join(root, 'etc/inittab'), `::sysinit:/bin/busybox sh -c "${start}"\nttyS0::respawn:-/bin/sh\n`);
    const made = spawnSync('mke2fs', ['-q', '-F', '-t', 'ext4', '-L', 'small', '-d', root, image, '16M']);
    expect(made.status, String(made.stderr)).toBe(0);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    ['ide', 'LABEL=small rootfstype=ext4', '/dev/sda'],
    ['virtio', '/dev/vda', '/dev/vda'],
  ] as const)('over %s', { timeout: 900_000 }, async (attach, root, device) => {
    const before = sha256(image);
    const { resets, output } = await run(`${image},if=${attach}`, root, '128M', [
      ['/ # ', 'seq 1 20000 > /root/numbers; sync; md5sum /root/numbers; grep " / " /proc/mounts\\n'],
      ['/ # ', 'reboot -f\\n'],
      ['/ # ', 'echo 3 > /proc/sys/vm/drop_caches; md5sum /root/numbers\\n'],
      ['/ # ', 'poweroff -f\\n'],
      ['Power down', ''],
    ]);
    expect(resets).toBe(1);
    const sum = createHash('md5');
    for (let i = 1; i <= 20_000; i++) sum.update(`${i}\n`);
    expect(output.split(sum.digest('hex'))).toHaveLength(3);
    expect(output).toContain(`${device} / ext4 rw`);
    expect(sha256(image)).toBe(before);
  });
});

describe.skipIf(!withDebian)('Debian on a disk', () => {
  it.each(['ide', 'virtio'] as const)('over %s', { timeout: 3_600_000 }, async (attach) => {
    const before = sha256(IMAGE);
    const prompt = 'root@debian:~# ';
    const { resets, output } = await run(`${IMAGE},if=${attach}`, 'LABEL=debian', '256M', [
      [prompt, 'cat /etc/debian_version; dpkg --audit && dpkg -l apt bash coreutils | grep -c ^ii\\n'],
      [prompt, "perl -e 'print 6 * 7, qq(\\\\n)' | tee /root/answer; apt-get --version | head -1\\n"],
      [prompt, 'reboot\\n'],
      [prompt, 'cat /root/answer; ps -p 1 -o comm=; stat -c %U /root\\n'],
      [prompt, 'poweroff\\n'],
      ['Power down', ''],
    ]);
    expect(resets).toBe(1);
    // bash tells the terminal where pasting begins and ends.
    const plain = output.replaceAll('\x1b[?2004l\r', '').replaceAll('\x1b[?2004h', '');
    const answers = plain.split(prompt).slice(1);
    expect(answers[0]).toMatch(/\n12\.\d+\r\n3\r\n/);
    expect(answers[1]).toMatch(/\n42\r\napt 2\.6/);
    expect(answers[3]).toMatch(/\n42\r\ninit\r\nroot\r\n/);
    expect(sha256(IMAGE)).toBe(before);
  });
});
