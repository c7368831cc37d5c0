/** The emulator's entries as they are shipped, bundled into a folder of their own: a worker needs a JavaScript file. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Bundle {
  worker: string;
  cli: string;
  /** A folder for a test's own files. */
  folder: string;
  remove: () => void;
}

export function bundleEmulator(): Bundle {
  const folder = mkdtempSync(join(tmpdir(), 'kseg-bundle-'));
  const out = join(folder, 'dist/emulator');
  const vite = join(ROOT, 'node_modules/vite/bin/vite.js');
  const args = ['build', '-c', 'vite.node.config.ts', '--mode', 'emulator', '--outDir', out, '--logLevel', 'error'];
  execFileSync(process.execPath, [vite, ...args], { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  // The command finds the bundled guests beside itself.
  symlinkSync(join(ROOT, 'resources'), join(folder, 'dist/resources'), 'junction');
  return {
    worker: join(out, 'worker.js'),
    cli: join(out, 'cli.js'),
    folder,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
