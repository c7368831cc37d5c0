/** Disk images as files of the host. */
import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { DiskError, Overlay, RawImage, type BlockDevice, type ImageAccess } from './disk/block-device.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'access to it is denied',
  EROFS: 'it is on a read-only file system',
};

/**
 * Opens a raw image, for as long as the process lives.
 * @param writable what the guest writes goes to the file; otherwise it stays in memory and the file as it is
 * @throws DiskError naming the file
 */
export function openDisk(path: string, writable: boolean): BlockDevice {
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
    const access: ImageAccess = {
      size: attempt('open', () => {
        const stat = fstatSync(fd);
        if (stat.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
        return stat.size;
      }),
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
    return writable ? image : new Overlay(image);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}
