/**
 * A Debian system on a disk image. debootstrap fetches and unpacks it here, which needs root but no MIPS; its second
 * stage, in which the packages' own scripts run, happens in a Kseg guest whose disk the image is.
 */
import { createHash } from 'node:crypto';
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { Problem, ROOT, isLinux, isRoot, mustRun, run, step } from './run.mjs';
import { ensurePackages } from './setup.mjs';

const LABEL = 'debian';
const SIZE = '1G';
/** The same each time, as are the kernel's random numbers. */
const UUID = '6b736567-6465-4269-a16e-6d697073656c';
const MINUTE = 60_000;

/** What is there beside dpkg, apt and all that is essential: an init with its scripts, and ps, top and their like. */
const PACKAGES = ['sysvinit-core', 'procps'];

/** Documentation stays out, as it does of Debian's images for containers: nobody reads it here. */
const DPKG = `path-exclude=/usr/share/doc/*
path-exclude=/usr/share/info/*
path-exclude=/usr/share/locale/*
path-exclude=/usr/share/man/*
path-include=/usr/share/doc/*/copyright
`;

/** Files of the finished system. There is no network, so it names no mirror. */
const FILES = {
  'etc/apt/sources.list': '# Without a network there is no mirror to name.\n',
  'etc/dpkg/dpkg.cfg.d/no-documentation': DPKG,
  'etc/fstab': `LABEL=${LABEL} / ext4 noatime,errors=remount-ro 0 1\n`,
  'etc/hostname': 'debian\n',
  'etc/hosts': '127.0.0.1 localhost debian\n',
};

/** Process 1 of the guest that installs: the first disk is the system's, the second has its packages. */
const INSTALL = `#!/bin/sh
/bin/busybox --install -s
export PATH=/bin:/sbin:/usr/bin:/usr/sbin HOME=/root LC_ALL=C DEBIAN_FRONTEND=noninteractive
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
load-modules

finish() {
  echo "install: $*"
  poweroff -f
}

mkdir /target
mount -t ext4 -o noatime /dev/vda /target || finish "the disk cannot be mounted"
mkdir /target/packages
mount -t ext4 -o ro /dev/vdb /target/packages || finish "the packages cannot be mounted"
for package in /target/packages/*.deb; do
  ln -s "/packages/\${package##*/}" /target/var/cache/apt/archives/
done
chroot /target /debootstrap/debootstrap --second-stage || {
  tail -n 30 /target/debootstrap/debootstrap.log
  finish "the second stage failed"
}
umount /target/packages
rmdir /target/packages
rm -f /target/etc/dpkg/dpkg.cfg.d/install /target/var/cache/apt/archives/*.deb
rm -rf /target/var/log/bootstrap.log /target/debootstrap
cp -a /files/. /target/
chroot /target passwd -q -d root
# No screen, but a serial line, where root needs no password.
sed -i '/tty[1-6]$/d' /target/etc/inittab
echo 'T0:2345:respawn:/sbin/agetty --autologin root --local-line --noclear 115200 ttyS0 vt220' >>/target/etc/inittab
umount /target/proc /target/sys 2>/dev/null
umount /target || finish "the disk is still in use"
finish done
`;

/** @param {string} release a Debian release's name */
const keyOf = (release) =>
  createHash('sha256')
    .update(JSON.stringify([release, LABEL, SIZE, UUID, PACKAGES, FILES, INSTALL]))
    .digest('hex');

/** Whether an image made by this very recipe is there. */
export function isMade(image, release) {
  const key = `${image}.key`;
  return existsSync(image) && existsSync(key) && readFileSync(key, 'utf8').trim() === keyOf(release);
}

/** @throws Problem with one sentence when this machine cannot make an image */
export async function checkRootfs() {
  if (!isLinux)
    throw new Problem('A Debian disk image can be made on Linux only: debootstrap is not for other systems.');
  if (!isRoot) {
    throw new Problem(
      'Making a Debian disk image needs root, for its device files and owners: sudo npm run guests -- --rootfs',
    );
  }
  await ensurePackages(['debootstrap', 'e2fsprogs', 'xz-utils'], 'Making a Debian disk image');
  for (const [tool, about] of [
    ['debootstrap', 'which fetches a Debian system'],
    ['mke2fs', 'which makes its file system'],
    ['e2image', 'which makes the image small'],
    ['xz', 'which unpacks packages'],
  ]) {
    const { code, output } = await run(tool, ['--version']);
    if (code === 127) throw new Problem(`There is no ${tool} here, ${about}: install it first. ${output.trim()}`);
  }
}

/**
 * Makes the image, in minutes.
 * @param {object} how
 * @param {string} how.image the image's file; replaced when the new one is whole
 * @param {string} how.release name of the Debian release
 * @param {string} how.architecture as Debian names it
 * @param {string} how.mirror its URI
 * @param {string} how.keyring the keys that its signatures are checked with
 * @param {string} how.kernel the guest kernel's file
 * @param {(files: { path: string, text: string, mode?: number }[]) => Promise<Uint8Array>} how.initramfs makes an
 *   initial RAM disk with the kernel's disk modules and these files
 */
export async function makeRootfs({ image, release, architecture, mirror, keyring, kernel, initramfs }) {
  const work = path.join(path.dirname(image), 'rootfs');
  const at = (name) => path.join(work, name);
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  try {
    await step(`Fetching Debian ${release} for ${architecture}`, async () => {
      const env = await proxy();
      const options = [`--arch=${architecture}`, '--foreign', '--variant=minbase', `--include=${PACKAGES.join(',')}`];
      const args = [...options, `--keyring=${keyring}`, release, at('root'), mirror];
      await mustRun('debootstrap', args, { env, timeoutMs: 30 * MINUTE });
    });
    await step('Making its file system', async () => {
      prepare(at('root'));
      await unpackPackages(at('root/var/cache/apt/archives'), at('packages'));
      await makeFileSystem(at('root'), at('disk.img'), SIZE);
      await makeFileSystem(at('packages'), at('packages.img'), '512M');
    });
    const files = Object.entries(FILES).map(([name, text]) => ({ path: `files/${name}`, text }));
    writeFileSync(at('initramfs'), await initramfs([...files, { path: 'init', text: INSTALL, mode: 0o755 }]));
    await step('Installing it in a guest, which takes a while', () =>
      install(kernel, at('initramfs'), at('disk.img'), at('packages.img')),
    );
    await step('Checking it', async () => {
      await mustRun('e2fsck', ['-fn', at('disk.img')]);
      // Copies only what is in use.
      await mustRun('e2image', ['-ra', at('disk.img'), at('small.img')]);
    });
    rmSync(`${image}.key`, { force: true });
    renameSync(at('small.img'), image);
    writeFileSync(`${image}.key`, `${keyOf(release)}\n`);
    giveToCaller([image, `${image}.key`]);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Files made under sudo belong to who called it. */
export function giveToCaller(files) {
  const { SUDO_UID, SUDO_GID } = process.env;
  if (isRoot && SUDO_UID && SUDO_GID) for (const file of files) chownSync(file, Number(SUDO_UID), Number(SUDO_GID));
}

/** The proxy that apt uses, for debootstrap, which asks apt for none but an automatic one. */
async function proxy() {
  if (process.env.http_proxy) return {};
  const { output } = await run('apt-config', ['shell', 'PROXY', 'Acquire::http::Proxy']);
  const uri = /^PROXY='(\w+:\/\/[^']+)'/m.exec(output)?.[1];
  return uri ? { http_proxy: uri } : {};
}

function prepare(root) {
  // In a container debootstrap makes this a link to the host's.
  const proc = path.join(root, 'proc');
  if (lstatSync(proc).isSymbolicLink()) {
    rmSync(proc);
    mkdirSync(proc);
  }
  const dpkg = path.join(root, 'etc/dpkg/dpkg.cfg.d');
  mkdirSync(dpkg, { recursive: true });
  // The image is thrown away when the power fails.
  writeFileSync(path.join(dpkg, 'install'), `force-unsafe-io\n${DPKG}`);
}

/** The packages move to a disk of their own, decompressed, which is far less work here than in the guest. */
async function unpackPackages(from, to) {
  mkdirSync(to);
  for (const name of readdirSync(from).filter((one) => one.endsWith('.deb'))) {
    const file = path.join(from, name);
    const members = await unpackedMembers(file, readFileSync(file), path.join(to, '.member'));
    writeFileSync(path.join(to, name), Buffer.concat([Buffer.from('!<arch>\n'), ...members]));
    rmSync(file);
  }
}

/** A package's members, .xz ones unpacked. Source: deb(5), ar(5). */
async function unpackedMembers(file, bytes, temporary) {
  const members = [];
  for (let at = 8; at < bytes.length;) {
    const header = Buffer.from(bytes.subarray(at, at + 60));
    const size = Number(header.toString('latin1', 48, 58));
    if (header.length < 60 || !Number.isInteger(size)) throw new Problem(`${file}: is damaged at byte ${at}.`);
    let contents = bytes.subarray(at + 60, at + 60 + size);
    const name = header.toString('latin1', 0, 16).trim().replace(/\/$/, '');
    if (name.endsWith('.xz')) {
      writeFileSync(`${temporary}.xz`, contents);
      await mustRun('xz', ['-d', '-f', `${temporary}.xz`]);
      contents = readFileSync(temporary);
      rmSync(temporary);
      header.write(name.slice(0, -3).padEnd(16), 0, 'latin1');
      header.write(String(contents.length).padEnd(10), 48, 'latin1');
    }
    members.push(header, contents, Buffer.from(contents.length % 2 ? '\n' : ''));
    at += 60 + size + (size % 2);
  }
  return members;
}

async function makeFileSystem(folder, image, size) {
  const fixed = ['-U', UUID, '-E', `hash_seed=${UUID}`];
  await mustRun('mke2fs', ['-q', '-F', '-t', 'ext4', '-L', LABEL, '-m', '1', ...fixed, '-d', folder, image, size]);
}

/** Boots the installing guest. Its TLB is large, so that it takes fewer instructions. */
async function install(kernel, initramfs, disk, packages) {
  const args = ['run', kernel, '--memory', '256M', '--tlb', '64', '--initrd', initramfs];
  for (const one of [`${disk},if=virtio,writable`, `${packages},if=virtio`]) args.push('--disk', one);
  args.push('--append', 'console=ttyS0 quiet', '--expect', 'install: ', '--expect', 'Power down', '--timeout', '86400');
  const { code, output } = await run(process.execPath, [path.join(ROOT, 'scripts/kseg.mjs'), ...args], {
    timeoutMs: 120 * MINUTE,
    onOutput: (text) => {
      for (const [, line] of text.matchAll(/^I: (.*?)\.*\r?$/gm)) console.log(`  ${line}`);
    },
  });
  if (code === 0 && /^install: done\r?$/m.test(output)) return;
  const end = output.trimEnd().split('\n').slice(-15).join('\n');
  throw new Problem(`The guest that installs Debian did not come to its end:\n${end}`);
}
