/**
 * `npm run guests`: Debian's kernel for the Malta board and a small system to go with it, into .cache/guests/. The
 * packages come through this machine's own apt and its mirrors, signatures checked, but from package lists of their
 * own: the system's apt learns of no foreign architecture, and no root is needed. A second run finds all in place.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createServer } from 'vite';
import { Problem, ROOT, elapsed, endOnSignals, fail, isRoot, mustRun, run, step } from './lib/run.mjs';
import { checkNode } from './lib/setup.mjs';

/** The last release for 32-bit MIPS. */
const RELEASE = 'bookworm';
const ARCHITECTURE = 'mipsel';
/** Depends on the package of the present kernel. */
const KERNEL = 'linux-image-4kc-malta';
const BUSYBOX = 'busybox-static';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const GUESTS = path.join(ROOT, '.cache/guests');
const DEBS = path.join(GUESTS, 'debs');
const INITRAMFS = path.join(GUESTS, 'initramfs.cpio.gz');

const inGuests = () => (existsSync(GUESTS) ? readdirSync(GUESTS) : []);
const kernelAt = () => inGuests().find((name) => /^vmlinu[xz]-[\w.+~-]+$/.test(name));

/** Where this machine gets Debian from, other releases of it included; null where it gets none. */
async function mirror() {
  const at = process.argv.indexOf('--mirror');
  if (at > 0) return (process.argv[at + 1] ?? '').replace(/\/$/, '');
  const { output } = await run('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Identifier: Packages']);
  return output
    .split('\n')
    .find((uri) => /^\w+:\/\/\S+\/debian\/?$/.test(uri))
    ?.replace(/\/$/, '');
}

/** A folder that apt takes for its own, with a configuration that leads there. Read last, it has the last word. */
function aptRoot(uri) {
  const root = path.join(GUESTS, 'apt');
  rmSync(root, { recursive: true, force: true });
  for (const folder of ['state/lists/partial', 'cache/archives/partial', 'empty']) {
    mkdirSync(path.join(root, folder), { recursive: true });
  }
  const at = (name) => path.join(root, name);
  const suites = [`${uri} ${RELEASE}`, `${uri} ${RELEASE}-updates`];
  const source = (suite) => `deb [arch=${ARCHITECTURE} signed-by=${KEYRING}] ${suite} main\n`;
  writeFileSync(at('sources.list'), suites.map(source).join(''));
  writeFileSync(at('status'), '');
  const options = {
    'APT::Architecture': ARCHITECTURE,
    'APT::Architectures': ARCHITECTURE,
    'Dir::State': at('state'),
    'Dir::State::status': at('status'),
    'Dir::Cache': at('cache'),
    'Dir::Etc::sourcelist': at('sources.list'),
    'Dir::Etc::sourceparts': at('empty'),
    'Dir::Etc::preferences': at('empty/none'),
    'Dir::Etc::preferencesparts': at('empty'),
    'Acquire::Languages': 'none',
    // apt's own user may not write below a home folder.
    ...(isRoot ? { 'APT::Sandbox::User': 'root' } : {}),
  };
  // What the system has done after an update is about the system's lists.
  const hooks = ['APT::Update::Pre-Invoke', 'APT::Update::Post-Invoke', 'APT::Update::Post-Invoke-Success'];
  const lines = Object.entries(options).map(([name, value]) => `${name} "${value}";\n`);
  const cleared = ['APT::Architectures', ...hooks].map((name) => `#clear ${name};\n`);
  writeFileSync(at('apt.conf'), [...cleared, ...lines].join(''));
  return { root, configuration: at('apt.conf') };
}

async function download() {
  if ((await run('apt-get', ['--version'])).code !== 0) {
    throw new Problem(
      'There is no apt here to get Debian packages with: download linux-image-*-4kc-malta and busybox-static for ' +
        'mipsel, of Debian 12, by hand and give them to `npx kseg import`.',
    );
  }
  if (!existsSync(KEYRING)) {
    throw new Problem('The keys that Debian signs with are missing: sudo apt-get install debian-archive-keyring');
  }
  const uri = await mirror();
  if (!uri) throw new Problem('This machine has no Debian mirror: name one, as `npm run guests -- --mirror URL`.');
  const { root, configuration } = aptRoot(uri);
  try {
    const apt = (tool, ...args) => mustRun(tool, ['-c', configuration, ...args], { cwd: DEBS, timeoutMs: 15 * 60_000 });
    await step(`Reading Debian's package list for ${ARCHITECTURE}`, () => apt('apt-get', 'update'));
    const output = await apt('apt-cache', 'depends', KERNEL);
    const kernel = /Depends: (linux-image-\S+)/.exec(output)?.[1];
    if (!kernel)
      throw new Problem(`The mirror ${uri} has no ${KERNEL} for ${ARCHITECTURE}: name another with --mirror.`);
    await step(`Downloading ${kernel} and ${BUSYBOX}`, () => apt('apt-get', 'download', kernel, BUSYBOX));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

const debOf = (start) => readdirSync(DEBS).find((name) => name.startsWith(start) && name.endsWith('_mipsel.deb'));
const debs = () => [debOf('linux-image-'), debOf(`${BUSYBOX}_`)];

function write(file, bytes) {
  writeFileSync(`${file}.partial`, bytes);
  renameSync(`${file}.partial`, file);
}

async function unpack() {
  const server = await createServer({
    root: ROOT,
    configFile: false,
    server: { middlewareMode: true },
    optimizeDeps: { noDiscovery: true },
    logLevel: 'error',
  });
  try {
    const { takeFromPackage } = await server.ssrLoadModule('/emulator/guest/take.ts');
    const { buildInitramfs, gzip } = await server.ssrLoadModule('/emulator/guest/initramfs.ts');
    const [kernel, busybox] = await Promise.all(
      debs().map((deb) => takeFromPackage(deb, readFileSync(path.join(DEBS, deb)))),
    );
    write(INITRAMFS, await gzip(buildInitramfs(busybox.bytes)));
    write(path.join(GUESTS, kernel.name), kernel.bytes);
  } finally {
    await server.close();
  }
}

async function main() {
  checkNode();
  const since = Date.now();
  const made = !kernelAt() || !existsSync(INITRAMFS);
  if (made) {
    mkdirSync(DEBS, { recursive: true });
    if (!debs().every(Boolean)) await download();
    try {
      await step('Taking out the kernel and making the initial RAM disk', unpack);
    } catch (error) {
      if (error?.name !== 'LoadError') throw error;
      // A download that was cut off, most likely.
      rmSync(DEBS, { recursive: true, force: true });
      throw new Problem(`${error.message}\nThe downloaded packages are removed: run \`npm run guests\` again.`);
    }
  }
  console.log(made ? `Made in ${elapsed(since)}:` : 'All there already:');
  const files = [kernelAt(), 'initramfs.cpio.gz'].map((name) => path.relative(ROOT, path.join(GUESTS, name)));
  for (const file of files)
    console.log(`  ${file}: ${(readFileSync(path.join(ROOT, file)).length / 1e6).toFixed(1)} MB`);
  console.log(`To boot it:\n  npx kseg run ${files[0]} --initrd ${files[1]} --append 'console=ttyS0'`);
}

endOnSignals();
main().catch(fail);
