#!/usr/bin/env node
/** The `kseg` command: the emulator in this terminal. `kseg --help` tells what it does. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const cli = new URL('../dist/emulator/cli.js', import.meta.url);
if (!existsSync(cli)) {
  console.error('kseg: building first ...');
  const build = fileURLToPath(new URL('build.mjs', import.meta.url));
  const { status } = spawnSync(process.execPath, [build], { stdio: 'ignore' });
  if (status !== 0 || !existsSync(cli)) {
    const packages = existsSync(new URL('../node_modules/vite', import.meta.url));
    console.error(
      packages
        ? 'kseg: the build failed, so there is nothing to run: `npm run build` shows why.'
        : 'kseg: there is no build and no node_modules to make it with: run `npm ci && npm run build` first.',
    );
    process.exit(2);
  }
}
await import(cli.href);
