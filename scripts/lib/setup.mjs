/** What must be there before Kseg runs or is tested: Debian packages, node_modules, the build. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { ROOT, Problem, isRoot, isLinux, mustRun, npm, run, step } from './run.mjs';

/** Debian packages, each with the name that newer releases gave it. */
export const APP_PACKAGES = ['libgtk-3-0|libgtk-3-0t64', 'libnss3', 'libgbm1', 'libasound2|libasound2t64'];
export const DISPLAY_PACKAGES = ['xvfb', 'xauth'];
/** For checks that are reported as skipped without them. */
export const GUEST_PACKAGES = ['qemu-system-mips', 'gcc-mipsel-linux-gnu', 'gcc-mips-linux-gnu'];

export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new Problem(`Kseg needs Node.js 20.19 or newer, and this is ${process.version}: install a newer one.`);
  }
}

export const hasDisplay = () => !isLinux || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);

/** Those of `packages` that Debian has not installed; none where there is no dpkg. */
export async function missingPackages(packages) {
  if (!isLinux || !existsSync('/usr/bin/dpkg-query')) return [];
  const names = packages.flatMap((group) => group.split('|'));
  const { output } = await run('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\\n', ...names]);
  const installed = new Set([...output.matchAll(/^(\S+) installed$/gm)].map((match) => match[1]));
  return packages.filter((group) => !group.split('|').some((name) => installed.has(name)));
}

/** Installs those of `packages` that are missing; an ordinary user is told the command instead. */
export async function ensurePackages(packages, purpose) {
  const missing = await missingPackages(packages);
  if (missing.length === 0) return;
  const names = await available(missing);
  if (!isRoot) {
    throw new Problem(`${purpose} needs system packages that are missing: sudo apt-get install ${names.join(' ')}`);
  }
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await step(`Installing ${names.join(' ')}`, async () => {
    const install = async () =>
      run('apt-get', ['install', '-y', '--no-install-recommends', ...(await available(missing))], { env });
    if ((await install()).code === 0) return;
    // The package lists may be old or absent.
    await mustRun('apt-get', ['update'], { env });
    const { code, output } = await install();
    if (code !== 0) throw new Problem(`apt-get could not install ${names.join(' ')}:\n${output.trim()}`);
  });
}

/** Of each group's names, the one this release has. */
async function available(groups) {
  return Promise.all(
    groups.map(async (group) => {
      const names = group.split('|');
      if (names.length === 1) return names[0];
      const { output } = await run('apt-cache', ['policy', ...names]);
      return names.find((name) => new RegExp(`^${name}:\\n.*\\n  Candidate: \\d`, 'm').test(output)) ?? names[0];
    }),
  );
}

/** Installs node_modules unless it holds what package-lock.json asks for. */
export async function ensureNodeModules() {
  if (nodeModulesCurrent()) return;
  await step('Installing npm packages', () =>
    npm(['ci', '--no-audit', '--no-fund', '--loglevel=error'], { timeoutMs: 15 * 60_000 }),
  );
}

function nodeModulesCurrent() {
  try {
    const packages = (file) => JSON.parse(readFileSync(path.join(ROOT, file), 'utf8')).packages;
    const wanted = packages('package-lock.json');
    // npm's own record, written when an installation has ended.
    const present = packages('node_modules/.package-lock.json');
    return Object.entries(wanted).every(([name, { version, optional, devOptional, peer, extraneous }]) => {
      const here = present[name]?.version;
      return name === '' || here === version || (!here && (optional || devOptional || peer || extraneous));
    });
  } catch {
    return false;
  }
}

/** What the build is made of; a folder stands for every file in it. */
const SOURCES = [
  'emulator',
  'main',
  'renderer',
  'docs/pictures',
  'resources/guests',
  'resources/icons',
  'package.json',
  'scripts/build.mjs',
  'vite.node.config.ts',
  'vite.protocol.ts',
  'vite.renderer.config.ts',
];
export const STAMP = path.join(ROOT, 'dist/.sources');

/** One hash over every source's path and contents (modification times lie after a checkout). */
export function sourcesHash() {
  const hash = createHash('sha256').update(process.versions.node.split('.')[0]);
  const add = (file) => {
    const full = path.join(ROOT, file);
    let entries;
    try {
      entries = readdirSync(full, { withFileTypes: true });
    } catch {
      hash.update(`${file}\0`);
      if (existsSync(full)) hash.update(readFileSync(full));
      return;
    }
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (!entry.name.includes('.test.')) add(`${file}/${entry.name}`);
    }
  };
  SOURCES.forEach(add);
  return hash.digest('hex');
}

/** Builds unless dist/ was built from these very sources. */
export async function ensureBuilt() {
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === sourcesHash()) return;
  await step('Building', () => mustRun(process.execPath, [path.join(ROOT, 'scripts/build.mjs')]));
}
