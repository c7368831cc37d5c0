/** Disk images as files of the host. */
import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { MOST_DISKS, type DiskOptions } from './board/board.ts';
import { DiskError, Overlay, RawImage, type BlockDevice, type ImageAccess } from './disk/block-device.ts';
import type { DiskConfig } from './protocol.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'access to it is denied',
  EROFS: 'it is on a read-only file system',
};

/**
 * Opens the disks of a boot, all or none of them.
 * @throws DiskError with one sentence: an image that cannot be used, too many of them, or one that two drives would
 *   write to
 */
export function openDisks(configs: readonly DiskConfig[]): DiskOptions[] {
  for (const attach of ['ide', 'virtio'] as const) {
    const count = configs.filter((config) => config.interface === attach).length;
    if (count > MOST_DISKS) {
      throw new DiskError(`There is room for ${MOST_DISKS} ${attach} disks, not ${count}: take some away.`);
    }
  }
  const opened: (DiskOptions & { file: string; writable: boolean })[] = [];
  try {
    for (const { path, interface: attach, writable } of configs) {
      const { disk, file } = openImage(path, writable);
      opened.push({ disk, attach, file, writable });
      if (opened.some((other, i) => i < opened.length - 1 && other.file === file && (other.writable || writable))) {
        throw new DiskError(`${path}: this image is in two drives and one writes to it; use a copy for the other.`);
      }
    }
  } catch (error) {
    for (const { disk } of opened) disk.close();
    throw error;
  }
  return opened.map(({ disk, attach }) => ({ disk, attach }));
}

/**
 * Opens a raw image, until its disk is closed.
 * @param writable what the guest writes goes to the file; otherwise it stays in memory and the file as it is
 * @throws DiskError naming the file
 */
export function openDisk(path: string, writable: boolean): BlockDevice {
  return openImage(path, writable).disk;
}

/** With the disk comes what tells its file from all others of the host, by whatever path it was opened. */
function openImage(path: string, writable: boolean): { disk: BlockDevice; file: string } {
  const attempt = <T>(doing: string, act: () => T): T => {
    try {
      return act();
    } catch (error) {
      const { code = '', message } = error as NodeJS.ErrnoException;
      throw new DiskError(`${path}: cannot ${doing} this disk image: ${REASONS[code] ?? message}.`);
    }
  };
  const fd = attempt('open', () => openSync(path, writable ? 'r+' : 'r'));
  try {
    const stat = attempt('open', () => {
      const status = fstatSync(fd, { bigint: true });
      if (status.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
      return status;
    });
    const access: ImageAccess = {
      size: Number(stat.size),
      close: () => closeSync(fd),
      read: (offset, length) =>
        attempt('read', () => {
          const bytes = new Uint8Array(length);
          // A file cut short since reads zeros.
          for (let done = 0, n = 1; done < length && n > 0; done += n) {
            n = readSync(fd, bytes, done, length - done, offset + done);
          }
          return bytes;
        }),
      ...(writable
        ? {
            write: (offset: number, bytes: Uint8Array) =>
              attempt('write', () => {
                for (let done = 0; done < bytes.length;) {
                  done += writeSync(fd, bytes, done, bytes.length - done, offset + done);
                }
              }),
            flush: () => attempt('write', () => fsyncSync(fd)),
          }
        : {}),
    };
    const image = new RawImage(path, access);
    return { disk: writable ? image : new Overlay(image), file: `${stat.dev}:${stat.ino}` };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}
