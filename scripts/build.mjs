/**
 * Builds everything into dist/: main/main.js, preload/preload.cjs, emulator/{worker,cli}.js, renderer/ and
 * resources/guests/. `npm run build`.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'vite';
import { ROOT, elapsed, endOnSignals, fail } from './lib/run.mjs';
import { STAMP, sourcesHash } from './lib/setup.mjs';

const DIST = path.join(ROOT, 'dist');

/** The window's icon, and the guests' kernels; their sources stay here. */
function copyResources() {
  const icon = 'resources/icons/256x256.png';
  const guests = path.join(ROOT, 'resources/guests');
  rmSync(path.join(DIST, 'resources'), { recursive: true, force: true });
  cpSync(path.join(ROOT, icon), path.join(DIST, icon));
  if (!existsSync(guests)) return;
  for (const guest of readdirSync(guests, { withFileTypes: true })) {
    if (!guest.isDirectory()) continue;
    for (const file of readdirSync(path.join(guests, guest.name))) {
      if (!file.endsWith('.elf')) continue;
      const target = path.join(DIST, 'resources/guests', guest.name);
      mkdirSync(target, { recursive: true });
      cpSync(path.join(guests, guest.name, file), path.join(target, file));
    }
  }
}

async function main() {
  const since = Date.now();
  const sources = sourcesHash();
  rmSync(STAMP, { force: true });
  for (const mode of ['main', 'emulator', 'preload']) {
    await build({ configFile: path.join(ROOT, 'vite.node.config.ts'), mode, logLevel: 'warn' });
  }
  await build({ configFile: path.join(ROOT, 'vite.renderer.config.ts'), logLevel: 'warn' });
  copyResources();
  writeFileSync(STAMP, sources);
  console.log(`Built dist/ in ${elapsed(since)}.`);
}

endOnSignals();
main().catch(fail);
