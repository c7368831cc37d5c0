/** Translations in files: what is read back, and what is not. */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GuestCode, codeFolder, programName } from './code-folder.ts';
import type { FixedModule } from './jit/make-module.ts';
import type { ToSave } from './jit/stored-code.ts';
import { keepsNativeCode, moduleOf, nativeCodeOf } from './native-code.ts';

/** (module (func (export "0") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add)) */
const ADD = new Uint8Array([
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 127, 127, 1, 127, 3, 2, 1, 0],
  ...[7, 5, 1, 1, 48, 0, 0, 10, 9, 1, 7, 0, 32, 0, 32, 1, 106, 11],
]);
const call = (module: WebAssembly.Module) =>
  new WebAssembly.Instance(module, {}).exports['0'] as unknown as (a: number, b: number) => number;

const guest = { kernel: Uint8Array.of(1, 2, 3), machine: { kind: 'malta', memoryMiB: 128 } };
const toSave = (): { guards: number; modules: ToSave[]; fixed: FixedModule[] } => {
  const module = new WebAssembly.Module(ADD);
  const words = Int32Array.of(1, -2, 0x7fffffff);
  const region = { pc: 0x80001000 | 0, host: 0x123000, guard: 64, index: 0, spans: [0, 2, 5, 6], words };
  const saved = { mode: 1, odd: 0, imports: [12], cells: [1, 0x400000], firstCell: 68, unused: 3, wire: ADD };
  const modules = [{ saved: { ...saved, native: null, regions: [region] }, module, calls: [] }];
  return { guards: 20, modules, fixed: [] };
};

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'kseg-code-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const open = (program = 'this', other = guest) => new GuestCode(folder, program, other);
const theFile = () => join(folder, readdirSync(folder)[0]!);

it('reads back what it has written', () => {
  expect(open().saved).toBeNull();
  const wanted = toSave();
  open().save(wanted);
  expect(readdirSync(folder)).toHaveLength(1);
  expect(open().saved).toEqual({ guards: 20, modules: wanted.modules.map(({ saved }) => saved), fixed: [] });
  expect(call(open().load(open().saved!.modules[0]!)!)(20, 3)).toBe(23);
});

it.each([
  ['another Kseg', 'that', guest],
  ['another kernel', 'this', { ...guest, kernel: Uint8Array.of(1, 2, 4) }],
  ['another machine', 'this', { ...guest, machine: { ...guest.machine, memoryMiB: 64 } }],
])('has nothing for %s', (_, program, other) => {
  open().save(toSave());
  expect(open(program, other).saved).toBeNull();
  open(program, other).save(toSave());
  expect(readdirSync(folder)).toHaveLength(2);
});

it('takes no damaged file for code', () => {
  open().save(toSave());
  const whole = readFileSync(theFile());
  for (let at = 0; at < whole.length; at += 7) {
    const damaged = Buffer.from(whole);
    damaged[at]! ^= 0x10;
    writeFileSync(theFile(), damaged);
    expect(open().saved, `byte ${at}`).toBeNull();
  }
  for (const length of [0, 7, 8, 40, 43, 44, whole.length - 1]) {
    writeFileSync(theFile(), whole.subarray(0, length));
    expect(open().saved, `${length} bytes`).toBeNull();
  }
  writeFileSync(theFile(), whole);
  expect(open().saved).not.toBeNull();
  // And it is written anew.
  writeFileSync(theFile(), 'nonsense');
  open().save(toSave());
  expect(readFileSync(theFile())).toEqual(whole);
});

it('leaves everything as it was where it cannot write', () => {
  writeFileSync(join(folder, 'file'), '');
  const code = new GuestCode(join(folder, 'file', 'code'), 'this', guest);
  expect(code.saved).toBeNull();
  code.save(toSave());
  expect(readdirSync(folder)).toEqual(['file']);
});

it('writes nothing when there is nothing', () => {
  open().save({ guards: 5, modules: [], fixed: [] });
  expect(readdirSync(folder)).toEqual([]);
});

it('keeps the guests used last, and no file that was never finished', () => {
  for (let i = 0; i < 20; i++) {
    const name = join(folder, `${i}.code`);
    writeFileSync(name, 'x');
    utimesSync(name, 1000 + i, 1000 + i);
  }
  const left = join(folder, '7.code.123.partial');
  writeFileSync(left, 'x');
  utimesSync(left, 1000, 1000);
  writeFileSync(join(folder, '8.code.124.partial'), 'x');
  open().save(toSave());
  const names = readdirSync(folder);
  expect(names).toHaveLength(17);
  for (const name of ['19.code', '5.code', '8.code.124.partial']) expect(names).toContain(name);
  for (const name of ['4.code', '0.code', '7.code.123.partial']) expect(names).not.toContain(name);
});

describe('where it is', () => {
  it.each([
    [{ KSEG_CODE: '/x' }, 'linux', '/x'],
    [{ XDG_CACHE_HOME: '/c' }, 'linux', '/c/kseg/code'],
    [{ XDG_CACHE_HOME: 'c' }, 'linux', '/home/.cache/kseg/code'],
    [{}, 'darwin', '/home/Library/Caches/kseg/code'],
    [{ LOCALAPPDATA: '/l' }, 'win32', '/l/kseg/cache/code'],
  ])('%j on %s', (environment, platform, expected) => {
    expect(codeFolder(environment, platform, '/home')).toBe(expected);
  });
});

it('knows a program by what is in its files, and none that runs from its sources', () => {
  expect(programName()).toBeNull();
  mkdirSync(join(folder, 'a'));
  writeFileSync(join(folder, 'a', 'cli.js'), 'one');
  const one = programName(join(folder, 'a'));
  expect(one).toMatch(/^[0-9a-f]{64}$/);
  writeFileSync(join(folder, 'a', 'cli.js.map'), 'map');
  expect(programName(join(folder, 'a'))).toBe(one);
  writeFileSync(join(folder, 'a', 'cli.js'), 'two');
  expect(programName(join(folder, 'a'))).not.toBe(one);
});

describe('what V8 has compiled', () => {
  it('is nothing before the optimizer has been at it', () => {
    const module = new WebAssembly.Module(ADD);
    const add = call(module);
    expect(nativeCodeOf(module, [add])).toBeNull();
  });

  /** The addition, as the optimizer has left it. */
  async function optimized(): Promise<{ module: WebAssembly.Module; add: CallableFunction; native: Uint8Array }> {
    const module = new WebAssembly.Module(ADD);
    const add = call(module);
    for (let tries = 0; tries < 1000; tries++) {
      for (let i = 0; i < 1_000_000; i++) add(i, 1);
      await new Promise((resolve) => setTimeout(resolve, 10));
      const native = nativeCodeOf(module, [add]);
      if (native) return { module, add, native };
    }
    throw new Error('The optimizer has not come.');
  }

  // Later versions of V8 have none to give.
  const ifKept = it.runIf(keepsNativeCode());
  ifKept('is used again as it was', async () => {
    const { native } = await optimized();
    const again = moduleOf(native, ADD)!;
    expect(call(again)(40, 2)).toBe(42);
    // It is optimized from the start.
    expect(nativeCodeOf(again, [call(again)])).toEqual(native);
  });

  ifKept('is refused when another V8 compiled it', async () => {
    const { native } = await optimized();
    for (let at = 0; at < 16; at++) {
      const other = native.slice();
      other[at]! ^= 1;
      expect(moduleOf(other, ADD), `byte ${at}`).toBeNull();
    }
  });

  ifKept('is there for modules that every run has', async () => {
    const { module, add } = await optimized();
    open().save({ ...toSave(), fixed: [{ wire: ADD, module, calls: [add] }] });
    const other = ADD.slice();
    other[other.length - 2]! ^= 1;
    expect(open().fixed(other)).toBeNull();
    const again = open().fixed(ADD.slice())!;
    expect(call(again)(40, 2)).toBe(42);
    expect(nativeCodeOf(again, [call(again)])).not.toBeNull();
  });

  it('is asked for only of versions that are known to have it', () => {
    expect(['10.2.1', '11.3.244.8-node.38', '13.0.245.19-electron.0', '14.2', '?'].map(keepsNativeCode)).toEqual([
      ...[false, true, true, false, false],
    ]);
  });
});
