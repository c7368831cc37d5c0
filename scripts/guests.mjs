/**
 * `npm run guests`: Debian's kernel for the Malta board and a small system to go with it, into .cache/guests/ and the
 * guest library. The packages come through this machine's own apt and its mirrors, signatures checked, but from package
 * lists of their own: the system's apt learns of no foreign architecture, and no root is needed. A second run finds all
 * in place.
 *
 * With `--rootfs`, and as root, a whole Debian system on a disk image too. `--mirror URL` names a mirror, `--no-import`
 * leaves the guest library alone.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createServer } from 'vite';
import { checkRootfs, giveToCaller, isMade, makeRootfs } from './lib/rootfs.mjs';
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
const IMAGE = path.join(GUESTS, `debian-${RELEASE}-${ARCHITECTURE}.img`);

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

/** @throws Problem where Debian's packages cannot be had */
async function checkedMirror() {
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
  return uri;
}

async function download() {
  const uri = await checkedMirror();
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

/** What the initial RAM disk is made by: packages and sources. */
function recipe() {
  const folder = path.join(ROOT, 'emulator/guest');
  const sources = readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
  const hash = createHash('sha256').update(debs().join());
  for (const name of sources.sort()) hash.update(readFileSync(path.join(folder, name)));
  return hash.digest('hex');
}

const KEY = `${INITRAMFS}.key`;
const isThere = () =>
  Boolean(kernelAt()) &&
  existsSync(INITRAMFS) &&
  existsSync(DEBS) &&
  existsSync(KEY) &&
  readFileSync(KEY, 'utf8').trim() === recipe();

/** Lends the emulator's modules, which are TypeScript. */
async function withEmulator(use) {
  const server = await createServer({
    root: ROOT,
    configFile: false,
    server: { middlewareMode: true, watch: null },
    optimizeDeps: { noDiscovery: true },
    logLevel: 'error',
  });
  try {
    return await use((file) => server.ssrLoadModule(`/emulator/${file}.ts`));
  } finally {
    await server.close();
  }
}

/** An initial RAM disk of the downloaded busybox with the kernel's disk modules. */
async function initramfs(load, files = []) {
  const { takeFromPackage } = await load('guest/take');
  const { moduleEntries, takeModules } = await load('guest/modules');
  const { buildInitramfs, gzip } = await load('guest/initramfs');
  const [kernelDeb, busyboxDeb] = debs();
  const read = (deb) => readFileSync(path.join(DEBS, deb));
  const busybox = await takeFromPackage(busyboxDeb, read(busyboxDeb));
  const modules = moduleEntries(await takeModules(kernelDeb, read(kernelDeb)));
  const encoder = new TextEncoder();
  const added = files.map(({ path: at, text, mode = 0o644 }) => ({
    path: at,
    kind: 'file',
    mode,
    contents: encoder.encode(text),
  }));
  return gzip(buildInitramfs(busybox.bytes, [...modules, ...added]));
}

const unpack = () =>
  withEmulator(async (load) => {
    const { takeFromPackage } = await load('guest/take');
    const [deb] = debs();
    const kernel = await takeFromPackage(deb, readFileSync(path.join(DEBS, deb)));
    rmSync(KEY, { force: true });
    write(INITRAMFS, await initramfs(load));
    write(path.join(GUESTS, kernel.name), kernel.bytes);
    write(KEY, `${recipe()}\n`);
  });

async function makeImage() {
  if (isMade(IMAGE, RELEASE)) return false;
  const uri = await checkedMirror();
  await withEmulator((load) =>
    makeRootfs({
      image: IMAGE,
      release: RELEASE,
      architecture: ARCHITECTURE,
      mirror: uri,
      keyring: KEYRING,
      kernel: path.join(GUESTS, kernelAt()),
      initramfs: (files) => initramfs(load, files),
    }),
  );
  return true;
}

/** Everything made goes where the app and `kseg guests` look. */
const importAll = (files) =>
  withEmulator(async (load) => {
    const { GuestLibrary, guestFolder } = await load('guest-library');
    const { importGuest } = await load('guest-import');
    const library = new GuestLibrary(guestFolder());
    let added = 0;
    for (const file of files) if ((await importGuest(library, file)).added) added++;
    return added;
  });

async function main() {
  checkNode();
  const since = Date.now();
  const wantsImage = process.argv.includes('--rootfs');
  // Asked before anything is fetched.
  if (wantsImage && !isMade(IMAGE, RELEASE)) await checkRootfs();
  let made = !isThere();
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
    giveToCaller([GUESTS, DEBS, INITRAMFS, KEY, ...inGuests().map((name) => path.join(GUESTS, name))]);
  }
  if (wantsImage) made = (await makeImage()) || made;

  console.log(made ? `Made in ${elapsed(since)}:` : 'All there already:');
  const kernel = kernelAt();
  const files = [kernel, 'initramfs.cpio.gz', ...(existsSync(IMAGE) ? [path.basename(IMAGE)] : [])];
  const paths = files.map((name) => path.join(GUESTS, name));
  const named = paths.map((file) => path.relative(ROOT, file));
  named.forEach((file, i) => console.log(`  ${file}: ${(statSync(paths[i]).size / 1e6).toFixed(1)} MB`));
  if (isRoot && process.env.SUDO_UID) console.log('`npm run guests` without sudo takes them into your guest library.');
  else if (!process.argv.includes('--no-import')) {
    const added = await importAll(paths);
    console.log(
      added > 0 ? "They are in the guest library: the app's start page has them." : 'The guest library has them.',
    );
  }
  const [at, initrd, disk] = named;
  console.log(`To boot it:\n  npx kseg run ${at} --initrd ${initrd} --append 'console=ttyS0'`);
  if (disk) {
    const options = `--memory 256M --disk ${disk},if=virtio --append 'console=ttyS0 root=LABEL=debian'`;
    console.log(`Debian from the disk:\n  npx kseg run ${at} --initrd ${initrd} ${options}`);
  }
}

endOnSignals();
main().catch(fail);
