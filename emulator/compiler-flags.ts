/**
 * Has V8 compile WebAssembly as generated code can do with: two of V8's own flags, for the whole process.
 *
 * `--no-wasm-stack-checks`: V8 looks at the stack's limit at every entry and every loop head, where others may also ask
 * the thread to stop. Generated code calls no deeper than MOST_CALLS (exits.ts), so that its frames, of some hundred bytes
 * each, stay far from the end of the stack, and leaves every loop by its count of instructions.
 *
 * `--stress-turbo-late-spilling`: what only an exit needs in memory is put there near it, and not where it has been
 * computed, in the middle of a loop.
 */
import process from 'node:process';
import { setFlagsFromString } from 'node:v8';

export const COMPILER_FLAGS = ['--no-wasm-stack-checks', '--stress-turbo-late-spilling'];
/** Major versions of V8 that have been seen to have both; another would complain of a flag it does not know. */
const [FIRST, LAST] = [11, 13];

/** Whether a version of V8 is asked for this. @param version as `process.versions.v8` has it */
export function hasFlags(version: string): boolean {
  const major = Number.parseInt(version);
  return major >= FIRST && major <= LAST;
}

/** Before anything is compiled: what has been stays as it is. */
export function setCompilerFlags(): void {
  if (hasFlags(process.versions.v8)) for (const flag of COMPILER_FLAGS) setFlagsFromString(flag);
}
