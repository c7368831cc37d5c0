/**
 * Reader of ar archives, the outer layer of a Debian package.
 *
 * Source: deb(5); ar(5), System V and BSD short names. Debian packages use no long names, so those are refused.
 */
import { LoadError } from '../boot/elf.ts';

export interface ArMember {
  name: string;
  /** A view of the archive. */
  bytes: Uint8Array;
}

const MAGIC = '!<arch>\n';
const HEADER_SIZE = 60;
const NAME_SIZE = 16;
const SIZE_AT = 48;
const END_AT = 58;
/** A Debian package has three members; some builders add signatures. */
const MAX_MEMBERS = 64;

const ascii = (bytes: Uint8Array, start: number, end: number): string =>
  String.fromCharCode(...bytes.subarray(start, end));

export function isAr(bytes: Uint8Array): boolean {
  return ascii(bytes, 0, MAGIC.length) === MAGIC;
}

/** @throws LoadError when the archive is not sound */
export function readAr(name: string, bytes: Uint8Array): ArMember[] {
  if (!isAr(bytes))
    throw new LoadError(`${name}: byte 0 does not start an ar archive; choose a Debian package (.deb).`);
  const members: ArMember[] = [];
  let at = MAGIC.length;
  while (at < bytes.length) {
    if (members.length === MAX_MEMBERS) {
      throw new LoadError(`${name}: has more than ${MAX_MEMBERS} members; choose a Debian package (.deb).`);
    }
    const size = ascii(bytes, at + SIZE_AT, at + END_AT).trim();
    if (
      at + HEADER_SIZE > bytes.length ||
      ascii(bytes, at + END_AT, at + HEADER_SIZE) !== '`\n' ||
      !/^\d+$/.test(size)
    ) {
      throw new LoadError(`${name}: the ar member header at byte ${at} is damaged; copy the file again.`);
    }
    const start = at + HEADER_SIZE;
    const end = start + Number(size);
    if (end > bytes.length) {
      throw new LoadError(
        `${name}: the ar member at byte ${at} ends at byte ${end}, the file at byte ${bytes.length}; copy the file again.`,
      );
    }
    const member = ascii(bytes, at, at + NAME_SIZE)
      .trimEnd()
      .replace(/\/$/, '');
    members.push({ name: member, bytes: bytes.subarray(start, end) });
    // Members start at even bytes.
    at = end + (end & 1);
  }
  return members;
}
