/**
 * What V8 has compiled of a WebAssembly module, as bytes and back, so that the next run need not compile it again.
 *
 * Node.js has no call for it; V8 has functions for it, for its own tests, that programs may call when they ask for "natives
 * syntax". V8 writes its version, its flags and the processor's features before the code, and refuses what does not fit.
 */
import process from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';
import { makingModules } from './bounds-tests.ts';

/** Major versions of V8 that have been seen to have them, with these parameters. */
const [FIRST, LAST] = [11, 13];

interface Natives {
  serialize: (module: WebAssembly.Module) => ArrayBuffer;
  deserialize: (native: ArrayBuffer, wire: Uint8Array) => WebAssembly.Module | undefined;
  isOptimized: (call: CallableFunction) => boolean;
}

/** Whether this process can keep compiled code. @param version as `process.versions.v8` has it */
export function keepsNativeCode(version: string = process.versions.v8): boolean {
  const major = Number.parseInt(version);
  return major >= FIRST && major <= LAST;
}

/** A function that V8 has parsed may be parsed again later, so the syntax stays on while one is called. */
function withNatives<T>(use: (natives: Natives) => T): T {
  setFlagsFromString('--allow-natives-syntax');
  try {
    natives ??= {
      serialize: runInThisContext('(module) => %SerializeWasmModule(module)') as Natives['serialize'],
      deserialize: runInThisContext('(native, wire) => %DeserializeWasmModule(native, wire)') as Natives['deserialize'],
      isOptimized: runInThisContext('(call) => %IsTurboFanFunction(call)') as Natives['isOptimized'],
    };
    return use(natives);
  } finally {
    setFlagsFromString('--no-allow-natives-syntax');
  }
}
let natives: Natives | null = null;

/**
 * What the optimizer has compiled of a module so far; null when that is nothing, or this V8 cannot say.
 * @param calls functions that it exports
 */
export function nativeCodeOf(
  module: WebAssembly.Module,
  calls: readonly CallableFunction[],
): Uint8Array<ArrayBuffer> | null {
  if (!keepsNativeCode()) return null;
  return makingModules(() =>
    withNatives(({ serialize, isOptimized }) => {
      // V8 ends the process when it has nothing to write.
      return calls.some((call) => isOptimized(call)) ? new Uint8Array(serialize(module)) : null;
    }),
  );
}

/** The module, with what this V8 had compiled of it; null when it cannot use it. */
export function moduleOf(native: Uint8Array, wire: Uint8Array): WebAssembly.Module | null {
  const { buffer } = native.slice();
  return makingModules(() => withNatives(({ deserialize }) => deserialize(buffer, wire) ?? null));
}
