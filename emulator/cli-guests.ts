/** The commands of `kseg` that get a guest: `import`, `guests` and `initramfs`. */
import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync, readlinkSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { LoadError } from './boot/elf.ts';
import { UsageError } from './cli-options.ts';
import { isAr } from './guest/ar.ts';
import { type CpioEntry } from './guest/cpio.ts';
import { buildInitramfs, gzip } from './guest/initramfs.ts';
import { moduleEntries, takeModules } from './guest/modules.ts';
import { takeBusybox } from './guest/take.ts';
import { importGuest, readSmall } from './guest-import.ts';
import { GuestLibrary, guestFolder } from './guest-library.ts';

/** Bytes of files put into an initial RAM disk; no machine here has more RAM. */
const MAX_ADDED = 2 ** 30;

const COMMANDS: Readonly<Record<string, (args: string[]) => Promise<void>>> = {
  import: importCommand,
  guests: guestsCommand,
  initramfs: initramfsCommand,
};

export const isGuestCommand = (command: string | undefined): command is string =>
  Object.hasOwn(COMMANDS, command ?? '');

/** @throws UsageError or LoadError with one sentence */
export async function runGuestCommand(command: string, args: string[]): Promise<void> {
  await COMMANDS[command]!(args);
}

/** parseArgs, with the sentence of its error ended. */
function parse<T extends NonNullable<Parameters<typeof parseArgs>[0]>>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split(/\. |\n/)[0]!.replace(/\.$/, '')}; see \`kseg help\`.`);
  }
}

const print = (text: string): void => void process.stdout.write(text + '\n');

async function importCommand(args: string[]): Promise<void> {
  const { positionals } = parse({ args, allowPositionals: true, options: {} });
  if (positionals.length === 0) throw new UsageError('import: name the files to import.');
  const library = new GuestLibrary(guestFolder());
  for (const path of positionals) {
    const { entry, added } = await importGuest(library, path);
    const version = entry.version ? `, version ${entry.version}` : '';
    print(`${entry.kind}${version}${added ? '' : ', was there already'}: ${library.path(entry)}`);
  }
}

async function guestsCommand(args: string[]): Promise<void> {
  const { values } = parse({ args, options: { remove: { type: 'string' } } });
  const library = new GuestLibrary(guestFolder());
  if (values.remove !== undefined) {
    await library.remove(values.remove);
    return;
  }
  const entries = await library.list();
  const rows = entries.map((entry) => [
    entry.id,
    entry.kind,
    entry.version || '-',
    entry.architecture || '-',
    `${(entry.size / 1024 / 1024).toFixed(1)} MiB`,
    library.path(entry),
  ]);
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(0, ...rows.map((row) => row[column]!.length)));
  for (const row of rows) print(row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  if (entries.length === 0)
    process.stderr.write(`kseg: no guests in ${library.folder}; \`kseg import FILE\` adds one.\n`);
}

async function initramfsCommand(args: string[]): Promise<void> {
  const { values } = parse({
    args,
    options: {
      busybox: { type: 'string' },
      out: { type: 'string' },
      modules: { type: 'string' },
      add: { type: 'string', multiple: true },
    },
  });
  const { busybox, out, modules } = values;
  if (busybox === undefined)
    throw new UsageError("initramfs: name a busybox with --busybox, Debian's package or the program.");
  if (out === undefined) throw new UsageError('initramfs: say where to write it with --out.');
  const bytes = await readSmall(busybox);
  const taken = await takeBusybox(basename(busybox), bytes, isAr(bytes));
  const drivers = modules === undefined ? null : await takeModules(basename(modules), await readSmall(modules));
  const added = [...(drivers ? moduleEntries(drivers) : []), ...(values.add ?? []).flatMap(addedEntries)];
  const packed = await gzip(buildInitramfs(taken.bytes, added));
  const partial = `${out}.${randomBytes(4).toString('hex')}.partial`;
  try {
    writeFileSync(partial, packed);
    renameSync(partial, out);
  } catch (error) {
    rmSync(partial, { force: true });
    throw new UsageError(`${out}: cannot write there: ${(error as Error).message}.`);
  }
}

/** What `--add PATH[:TARGET]` adds: the file or folder at PATH as TARGET, or under its own name in /root. */
function addedEntries(option: string): CpioEntry[] {
  // Two characters at least: the C of C:/file is no path.
  const [, path, target] = /^(.{2,}):(\/.*)$/.exec(option) ?? [null, option, `/root/${basename(resolve(option))}`];
  const entries: CpioEntry[] = [];
  let total = 0;
  walk(path!, target!.replace(/^\/+|\/+$/g, ''), true);
  return entries;

  function walk(from: string, to: string, top: boolean): void {
    try {
      // Symbolic links are kept as they are, but for the one that is named itself.
      const link = top ? null : linkTarget(from);
      if (link !== null) {
        entries.push({ path: to, kind: 'symlink', mode: 0o777, contents: new TextEncoder().encode(link) });
        return;
      }
      const status = statSync(from);
      // Of the mode only what a file is stays, so that the archive does not depend on a umask.
      const mode = status.isDirectory() || status.mode & 0o100 ? 0o755 : 0o644;
      if (status.isDirectory()) {
        entries.push({ path: to, kind: 'directory', mode });
        for (const name of readdirSync(from).sort()) walk(join(from, name), `${to}/${name}`, false);
      } else if (status.isFile()) {
        total += status.size;
        if (total > MAX_ADDED) throw new LoadError(`--add ${option}: is more than 1 GiB; add less.`);
        entries.push({ path: to, kind: 'file', mode, contents: readFileSync(from) });
      } else throw new LoadError(`--add ${option}: ${from} is a device, socket or pipe; leave it out.`);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === undefined) throw error;
      throw new UsageError(`--add ${option}: cannot read ${from}: ${code === 'ENOENT' ? 'it is not there' : code}.`);
    }
  }
}

function linkTarget(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EINVAL') return null;
    throw error;
  }
}
