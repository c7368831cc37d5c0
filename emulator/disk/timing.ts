/** Virtual time that disks take: fixed, so that the same run takes the same time. */

/** From a command to its first sector. */
const ACCESS_NS = 50_000;
/** For each sector more: 256 MB/s. */
export const SECTOR_NS = 2_000;

/** Nanoseconds from a command to the end of its transfer of `sectors` sectors. */
export function accessNs(sectors: number): number {
  return ACCESS_NS + sectors * SECTOR_NS;
}
