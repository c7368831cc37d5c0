/**
 * Has V8 compile WebAssembly as generated code can do with: V8's own flags, for the whole process.
 *
 * `--no-wasm-stack-checks`: V8 looks at the stack's limit at every entry and every loop head, where others may also ask
 * the thread to stop. Generated code calls no deeper than MOST_CALLS (exits.ts), so that its frames, of some hundred bytes
 * each, stay far from the end of the stack, and leaves every loop by its count of instructions.
 *
 * `--stress-turbo-late-spilling`: what only an exit needs in memory is put there near it, and not where it has been
 * computed, in the middle of a loop.
 *
 * `--wasm-tiering-budget=450000`: V8 optimizes a function after a quarter of what it executes of it otherwise (1.8 million
 * bytes in version 11; later ones count something else). An operating system's work is spread over so many functions that
 * most of its first seconds pass in what has not been optimized.
 */
import process from 'node:process';
import { setFlagsFromString } from 'node:v8';

/** The first major version of V8 and, for each flag, the last that has it, and means this by it; others would complain. */
const FIRST = 11;
const LAST = { '--no-wasm-stack-checks': 14, '--stress-turbo-late-spilling': 13, '--wasm-tiering-budget=450000': 11 };

/** Those that a version of V8 has. @param version as `process.versions.v8` has it */
export function compilerFlags(version: string = process.versions.v8): string[] {
  const major = Number.parseInt(version);
  return Object.entries(LAST).flatMap(([flag, last]) => (major >= FIRST && major <= last ? [flag] : []));
}

/** Before anything is compiled: what has been stays as it is. */
export function setCompilerFlags(): void {
  for (const flag of compilerFlags()) setFlagsFromString(flag);
}
