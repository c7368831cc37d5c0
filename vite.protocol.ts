/**
 * What tells one protocol between the emulator's worker and its host from another: a digest of the files that type it.
 * A number kept by hand stayed what it was while messages changed.
 */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

const EMULATOR = path.join(import.meta.dirname, 'emulator');
const files = [
  'protocol.ts',
  ...readdirSync(path.join(EMULATOR, 'protocol'))
    .map((name) => `protocol/${name}`)
    .sort(),
];
const digest = createHash('sha256');
for (const file of files) digest.update(`${file}\0`).update(readFileSync(path.join(EMULATOR, file)));

/** For Vite's `define`. */
export const PROTOCOL = { __PROTOCOL__: JSON.stringify(digest.digest('hex').slice(0, 12)) };
