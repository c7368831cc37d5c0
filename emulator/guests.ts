/** The guests that come with Kseg, as files below the resources folder. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MachineKind } from './protocol.ts';

/** The Lab kernel's ELF file for a machine and byte order. @param resources the folder that holds `guests` */
export function readBundledGuest(
  resources: string,
  machine: MachineKind,
  bigEndian: boolean,
): { name: string; bytes: Uint8Array } {
  const name = `lab-${machine}-${bigEndian ? 'eb' : 'el'}.elf`;
  return { name, bytes: readFileSync(join(resources, 'guests', 'lab', name)) };
}
