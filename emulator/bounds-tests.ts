/**
 * Leaves out V8's bounds tests of generated code where the hardware is not used for them.
 *
 * V8 has the hardware find accesses out of bounds, by pages without access behind the memory, if the program has its trap
 * handler installed. Electron's main process had not, before electron/electron#48983 (2026); V8 then tests each access,
 * which costs a sixth to a quarter of the guest's speed.
 *
 * Generated code has no need of the tests. What it goes to is a constant in the memory's fixed part, an entry of a table
 * there whose index is masked, or an address that has passed the test of bit 31 (a host TLB's entry that is not there has
 * it set), so below 2 GiB. So much is reserved for the memory (RESERVED_PAGES in memory.ts): should a mistake of the translator
 * go beyond the guest's part of it, it meets a page without access there, as it would with the trap handler, and no
 * memory of anybody else's. The process ends then instead of saying so.
 */
import process from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { makeModulesWith } from './jit/make-module.ts';

/** The first Electron of whose main process it is certain that it has the trap handler. */
const FIRST_WITH_TRAPS = 42;
/** Where V8 reserves address space for the most that a memory may grow to. */
const RESERVING = ['x64', 'arm64'];

/** Whether V8 writes bounds tests in this process, and can do without. */
export function writesBoundsTests({
  versions,
  env,
  arch,
}: {
  versions: Readonly<Record<string, string | undefined>>;
  env: Readonly<Record<string, string | undefined>>;
  arch: string;
}): boolean {
  const { electron } = versions;
  // As Node.js, Electron is Node.js in this, too.
  if (electron === undefined || env.ELECTRON_RUN_AS_NODE) return false;
  return Number.parseInt(electron) < FIRST_WITH_TRAPS && RESERVING.includes(arch);
}

/** Does what makes modules of generated code, and no others. */
export function makingModules<T>(make: () => T): T {
  if (!writesBoundsTests(process)) return make();
  setFlagsFromString('--no-wasm-bounds-checks');
  try {
    return make();
  } finally {
    setFlagsFromString('--wasm-bounds-checks');
  }
}

/** For the modules of generated code that this thread makes, and for no others. */
export function leaveOutBoundsTests(): void {
  if (!writesBoundsTests(process)) return;
  makeModulesWith((bytes) => makingModules(() => new WebAssembly.Module(bytes)));
}
