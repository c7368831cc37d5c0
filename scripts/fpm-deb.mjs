#!/usr/bin/env node
/**
 * Stands in for fpm where there is none: makes a Debian package from the command line that electron-builder calls fpm
 * with (`-s dir -t deb`), by dpkg-deb. It knows those options and no others.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const FLAGS = new Set(['--force', '--debug']);
const options = {};
const lists = { '-d': [], '--deb-recommends': [] };
/** `SOURCE=TARGET`; a source with a slash at its end stands for its contents. */
const mappings = [];
const args = process.argv.slice(2);
for (let index = 0; index < args.length; index++) {
  const argument = args[index];
  if (FLAGS.has(argument)) continue;
  if (argument in lists) lists[argument].push(args[++index]);
  else if (argument.startsWith('-')) options[argument.replace(/^-+/, '')] = args[++index];
  else mappings.push([argument.slice(0, argument.lastIndexOf('=')), argument.slice(argument.lastIndexOf('=') + 1)]);
}
if (options.s !== 'dir' || options.t !== 'deb') {
  console.error(`fpm-deb makes deb packages from directories, not ${options.t} from ${options.s}.`);
  process.exit(1);
}

/** A synopsis, then the long text set in by a space, blank lines as dots (Debian Policy 5.6.13). */
function description(text) {
  const [first = '', ...rest] = text.trim().split('\n');
  return [first.trim(), ...rest.map((line) => ` ${line.trim() || '.'}`)].join('\n');
}

const root = mkdtempSync(path.join(os.tmpdir(), 'fpm-deb-'));
process.once('exit', () => rmSync(root, { recursive: true, force: true }));
chmodSync(root, 0o755);
for (const [source, target] of mappings) {
  const destination = path.join(root, target);
  const contents = source.endsWith('/');
  mkdirSync(contents ? destination : path.dirname(destination), { recursive: true });
  execFileSync('cp', ['-a', contents ? `${source}.` : source, destination]);
}
execFileSync('chmod', ['-R', 'u=rwX,go=rX', root]);

const control = path.join(root, 'DEBIAN');
const size = execFileSync('du', ['-sk', root], { encoding: 'utf8' }).split('\t')[0];
mkdirSync(control);
const fields = {
  Package: options.name,
  Version: options.iteration ? `${options.version}-${options.iteration}` : options.version,
  Architecture: options.architecture,
  Maintainer: options.maintainer,
  'Installed-Size': size,
  Depends: lists['-d'].join(', '),
  Recommends: lists['--deb-recommends'].join(', '),
  Section: options.category ?? 'devel',
  Priority: options['deb-priority'] ?? 'optional',
  Homepage: options.url,
  Description: description(options.description ?? options.name),
};
const lines = Object.entries(fields).filter(([, value]) => value);
writeFileSync(path.join(control, 'control'), lines.map(([name, value]) => `${name}: ${value}\n`).join(''));
for (const [option, script] of [
  ['after-install', 'postinst'],
  ['after-remove', 'postrm'],
]) {
  if (!options[option]) continue;
  copyFileSync(options[option], path.join(control, script));
  chmodSync(path.join(control, script), 0o755);
}
const compression = `-Z${options['deb-compression'] ?? 'xz'}`;
execFileSync('dpkg-deb', ['--root-owner-group', compression, '--build', root, options.package], { stdio: 'inherit' });
