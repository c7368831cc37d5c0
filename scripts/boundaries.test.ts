/**
 * Who may import whom. A path tells the environment code runs in: the page knows the bridge and the protocol, the main
 * process knows the protocol, the emulator knows nobody.
 */
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '..');

interface Rule {
  /** Files it holds for: the first rule that matches a file is its rule. */
  of: RegExp;
  /** Files of the repository it may import. */
  files: RegExp;
  /** Packages it may import; `node:` and `electron` count as such. */
  packages: RegExp;
}

const NONE = /^$/;
const ANY = /^/;

/** Files directly in emulator/ put the parts together. These, and the devices' contract, every part may use. */
const SHARED = 'emulator/(?:protocol|memory|clock|board/device)\\.ts$';
const part = (name: string, knows: string[] = []): Rule => ({
  of: new RegExp(`^emulator/${name}/`),
  files: new RegExp(`^(?:emulator/(?:${[name, ...knows].join('|')})/|${SHARED})`),
  packages: NONE,
});

const RULES: Rule[] = [
  { of: /^(?:scripts|e2e)\/|^[^/]+$/, files: ANY, packages: ANY },
  { of: /^(?:main|renderer)\/.*\.test\.ts$/, files: ANY, packages: ANY },
  {
    of: /^emulator\/(?:testing\/|.*\.test\.ts$)/,
    files: /^(?:emulator|resources)\//,
    packages: /^(?:node:|vitest$|fast-check$)/,
  },

  { of: /^main\/(?:bridge|commands)\.ts$/, files: /^emulator\/protocol\.ts$/, packages: NONE },
  { of: /^main\/preload\.ts$/, files: /^main\/(?:bridge|channels)\.ts$/, packages: /^electron$/ },
  // The guest library is the app's and the command's.
  {
    of: /^main\/(?:guests|import-worker)\.ts$/,
    files: /^(?:main\/|emulator\/(?:guest-library|guest-import|guest\/initramfs)\.ts$)/,
    packages: /^node:/,
  },
  { of: /^main\//, files: /^(?:main\/|emulator\/protocol\.ts$)/, packages: /^(?:node:|electron$|valibot$)/ },

  {
    of: /^renderer\//,
    files: /^(?:renderer\/|docs\/pictures\/|emulator\/protocol\.ts$|main\/(?:bridge|commands)\.ts$)/,
    packages: /^(?!node:|electron$)/,
  },

  // One door: everybody else imports protocol.ts, which hands on what stands in the folder by subject.
  { of: /^emulator\/protocol(?:\.ts$|\/)/, files: /^emulator\/protocol\//, packages: NONE },
  { of: /^emulator\/memory\.ts$/, files: NONE, packages: NONE },
  // What touches the host: the entries, threads, V8, files of guests, of disks and of code, the terminal.
  {
    of: /^emulator\/(?:worker|bounds-tests|code-folder|native-code|compiler-flags|compile-thread|threaded-compiler|cli|cli-guests|cli-options|disk-files|guests|guest-import|guest-library|terminal|text-file|thread-priority)\.ts$/,
    files: /^emulator\//,
    packages: /^node:/,
  },
  { of: /^emulator\/[^/]+\.ts$/, files: /^emulator\//, packages: NONE },
  { of: /^emulator\/board\/device\.ts$/, files: new RegExp(`^${SHARED}`), packages: NONE },
  part('mmu'),
  part('cpu', ['mmu']),
  // Generated code does some of the hypervisor's exits by itself, and records them.
  part('jit', ['cpu', 'mmu', 'kvm', 'timeline']),
  part('kvm', ['cpu', 'mmu']),
  part('board', ['cpu', 'mmu', 'disk']),
  part('disk'),
  part('boot'),
  { ...part('guest', ['boot']), packages: /^(?:fzstd|xz-decompress)$/ },
  // The debugger looks into everything that a machine is made of.
  part('debug', ['cpu', 'mmu', 'kvm']),
  part('debug'),
  // Records what the others do, in their words.
  part('timeline', ['cpu', 'kvm', 'mmu']),
  part('snapshot'),
];

function sources(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(?:ts|svelte)$/.test(entry.name))
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'));
}

function imports(file: string): string[] {
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  const code = file.endsWith('.svelte')
    ? [...text.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map(([, script]) => script).join('\n')
    : text;
  return ts.preProcessFile(code).importedFiles.map(({ fileName }) => fileName);
}

/** What `file` imports and may not, a sentence each. */
function violations(file: string): string[] {
  const rule = RULES.find(({ of }) => of.test(file));
  if (!rule) return [`${file} belongs to no part: give it a rule.`];
  return imports(file).flatMap((name) => {
    const target = name.startsWith('.') ? path.posix.join(path.posix.dirname(file), name).split('?')[0]! : null;
    const allowed = target === null ? rule.packages.test(name) : rule.files.test(target);
    return allowed ? [] : [`${file} may not import ${target ?? name}.`];
  });
}

describe('imports keep to the floor plan', () => {
  it.each(['main', 'renderer', 'emulator'])('%s', (folder) => {
    expect(sources(folder).flatMap(violations)).toEqual([]);
  });

  it('the rules refuse what they should', () => {
    const allowed = (file: string, target: string) => {
      const rule = RULES.find(({ of }) => of.test(file))!;
      return (/^(?:main|renderer|emulator)\//.test(target) ? rule.files : rule.packages).test(target);
    };
    expect(allowed('renderer/main.ts', 'main/main.ts')).toBe(false);
    expect(allowed('renderer/main.ts', 'electron')).toBe(false);
    expect(allowed('renderer/main.ts', 'emulator/machine.ts')).toBe(false);
    expect(allowed('main/main.ts', 'emulator/machine.ts')).toBe(false);
    expect(allowed('emulator/machine.ts', 'node:fs')).toBe(false);
    expect(allowed('emulator/mmu/tlb.ts', 'emulator/cpu/cp0.ts')).toBe(false);
    expect(allowed('emulator/mmu/tlb.ts', 'emulator/machine.ts')).toBe(false);
    expect(allowed('emulator/board/uart.ts', 'emulator/kvm/exit.ts')).toBe(false);
    expect(allowed('emulator/cpu/cp0.ts', 'main/main.ts')).toBe(false);
    expect(allowed('emulator/kvm/exit.ts', 'emulator/mmu/tlb.ts')).toBe(true);
    expect(allowed('emulator/kvm/exit.ts', 'emulator/protocol.ts')).toBe(true);
  });
});
