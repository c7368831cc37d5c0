/**
 * The small system that a Linux guest boots into: busybox as an initial RAM disk, with a shell on the console.
 *
 * The kernel unpacks it into its root and starts /init (Linux, Documentation/filesystems/ramfs-rootfs-initramfs.rst).
 */
import { LoadError } from '../boot/elf.ts';
import { type CpioEntry, writeCpio } from './cpio.ts';
import { MODULE_LIST } from './modules.ts';
import { archivePath } from './path.ts';

/**
 * Process 1. busybox makes the links to its applets itself, so they are those it was built with.
 *
 * With `root=` on the kernel's command line it does what distributions' initial RAM disks do: inserts the modules, waits
 * for the disk, mounts it and starts its init. The kernel's own parameters say how (Linux,
 * Documentation/admin-guide/kernel-parameters.txt: root, rootfstype, rootflags, ro, rw, init, rootdelay); what the kernel
 * does not know it has given to this script, which hands it on.
 *
 * Without `root=`, or when that fails, the shell gets a session and the console as its terminal (`setsid cttyhack`), for
 * job control; when it is left, another one starts. `poweroff`, `halt` and `reboot` tell process 1 by a signal, which
 * only reaches a shell that waits. `modules` on the command line inserts the modules here too.
 */
const INIT = `#!/bin/sh
/bin/busybox --install -s
export PATH=/bin:/sbin:/usr/bin:/usr/sbin HOME=/root
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
hostname kseg

say() { echo "init: $*" >/dev/console; }

root= type= flags= mode=ro init= delay=0 modules=
set -f
for word in $(cat /proc/cmdline); do
  case $word in
    root=*) root=\${word#*=} ;;
    rootfstype=*) type=\${word#*=} ;;
    rootflags=*) flags=\${word#*=} ;;
    init=*) init=\${word#*=} ;;
    rootdelay=*) delay=\${word#*=} ;;
    ro | rw) mode=$word ;;
    modules) modules=yes ;;
  esac
done
set +f

# The block device that root= names, once it is there.
find_root() {
  case $root in
    LABEL=* | UUID=*) findfs "$root" 2>/dev/null ;;
    /dev/*) [ -b "$root" ] && echo "$root" ;;
    [0-9]*:[0-9]*) dev=/dev/$(sed -n 's/^DEVNAME=//p' "/sys/dev/block/$root/uevent" 2>/dev/null) && [ -b "$dev" ] && echo "$dev" ;;
  esac
}

start_root() {
  sleep "$delay"
  for try in 0 1 2 3 4 5 6 7 8 9 10; do
    [ $try = 0 ] || sleep 1
    device=$(find_root) && break
  done
  if [ -z "$device" ]; then
    say "root=$root: there is no such disk, of:" $(ls /sys/block)
    return
  fi
  mkdir -p /newroot
  if ! mount \${type:+-t "$type"} -o "$mode\${flags:+,$flags}" "$device" /newroot; then
    say "root=$root: cannot be mounted"
    return
  fi
  for program in \${init:-/sbin/init /etc/init /bin/init /bin/sh}; do
    # A link is one of the new root's, and may lead nowhere from here.
    [ -x "/newroot$program" ] || [ -L "/newroot$program" ] || continue
    for folder in dev proc sys; do
      mount --move /$folder /newroot/$folder || umount -l /$folder
    done
    exec switch_root -c /dev/console /newroot "$program" "$@"
  done
  say "root=$root: has no \${init:-/sbin/init, /etc/init, /bin/init or /bin/sh}"
}

[ -z "$root$modules" ] || load-modules
[ -z "$root" ] || start_root "$@"

mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /tmp
trap 'poweroff -f' USR2
trap 'halt -f' USR1
trap 'reboot -f' TERM
while :; do
  setsid cttyhack sh -l &
  wait $!
done
`;

/** Inserts the modules that {@link moduleEntries} put in. One that finds no hardware of its own is no matter. */
const LOAD_MODULES = `#!/bin/sh
folder=/lib/modules/$(uname -r)
if [ -f "$folder/${MODULE_LIST}" ]; then
  while read -r module; do
    insmod "$folder/$module"
  done <"$folder/${MODULE_LIST}"
elif [ -d /lib/modules ]; then
  echo "load-modules: the modules here are for $(ls /lib/modules), not for $(uname -r)"
fi
`;

const FOLDERS = ['bin', 'dev', 'etc', 'proc', 'root', 'sbin', 'sys', 'tmp', 'usr', 'usr/bin', 'usr/sbin'];
const FILES: Readonly<Record<string, string>> = {
  'etc/passwd': 'root::0:0:root:/root:/bin/sh\n',
  'etc/group': 'root:x:0:\n',
  'etc/hosts': '127.0.0.1 localhost\n',
  'etc/shells': '/bin/sh\n',
};

/**
 * An uncompressed initramfs.
 * @param busybox a static busybox for MIPS, see {@link checkBusybox}
 * @param added put over the system's own entries; folders that lack are made
 */
export function buildInitramfs(busybox: Uint8Array, added: readonly CpioEntry[] = []): Uint8Array {
  const encoder = new TextEncoder();
  const entries = new Map<string, CpioEntry>();
  const put = (entry: CpioEntry): void => {
    const path = archivePath('the initial RAM disk', entry.path);
    if (path === '') return;
    const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    const above = entries.get(parent);
    if (parent !== '' && !above) put({ path: parent, kind: 'directory', mode: 0o755 });
    if (above && above.kind !== 'directory') {
      throw new LoadError(`/${path} cannot go into the initial RAM disk: /${parent} is not a folder there.`);
    }
    // A folder's contents stay when the folder is given again; nothing else may take its place.
    const old = entries.get(path);
    if (old && (old.kind === 'directory') !== (entry.kind === 'directory')) {
      throw new LoadError(`/${path} cannot go into the initial RAM disk: it is there as a ${old.kind} already.`);
    }
    entries.set(path, { ...entry, path });
  };
  for (const path of FOLDERS) put({ path, kind: 'directory', mode: path === 'tmp' ? 0o1777 : 0o755 });
  // Before devtmpfs is mounted the kernel opens the console from here.
  put({ path: 'dev/console', kind: 'character', mode: 0o600, device: [5, 1] });
  put({ path: 'dev/null', kind: 'character', mode: 0o666, device: [1, 3] });
  put({ path: 'bin/busybox', kind: 'file', mode: 0o755, contents: busybox });
  put({ path: 'bin/sh', kind: 'symlink', mode: 0o777, contents: encoder.encode('busybox') });
  put({ path: 'init', kind: 'file', mode: 0o755, contents: encoder.encode(INIT) });
  put({ path: 'sbin/load-modules', kind: 'file', mode: 0o755, contents: encoder.encode(LOAD_MODULES) });
  for (const [path, text] of Object.entries(FILES)) {
    put({ path, kind: 'file', mode: 0o644, contents: encoder.encode(text) });
  }
  for (const entry of added) put(entry);
  return writeCpio([...entries.values()]);
}

const ELF_MAGIC = 0x7f454c46;
const MACHINE_MIPS = 8;
const SEGMENT_INTERP = 3;

/**
 * Whether a file is a program that runs without libraries on a 32-bit MIPS.
 * @throws LoadError with the reason when not
 */
export function checkBusybox(name: string, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const refuse = (what: string): LoadError =>
    new LoadError(
      `${name}: ${what}; choose a static busybox for MIPS, such as that of Debian's busybox-static:mipsel.`,
    );
  if (bytes.length < 52 || view.getUint32(0) !== ELF_MAGIC) throw refuse('is not an ELF program');
  const little = bytes[5] === 1;
  if (bytes[4] !== 1 || view.getUint16(18, little) !== MACHINE_MIPS) throw refuse('is not a program for a 32-bit MIPS');
  const at = view.getUint32(28, little);
  const size = view.getUint16(42, little);
  const count = view.getUint16(44, little);
  if (size < 32 || at + count * size > bytes.length) throw refuse('is damaged at its program headers');
  for (let i = 0; i < count; i++) {
    if (view.getUint32(at + i * size, little) === SEGMENT_INTERP) throw refuse('needs shared libraries');
  }
}

/** The same bytes for the same input: the header carries no time and no host system. */
export async function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new CompressionStream('gzip'));
  const packed = new Uint8Array(await new Response(stream).arrayBuffer());
  packed.fill(0, 4, 8);
  packed[9] = 0xff;
  return packed;
}
