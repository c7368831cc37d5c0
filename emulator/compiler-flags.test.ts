import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { compilerFlags } from './compiler-flags.ts';
import { ModuleWriter, Op } from './jit/wasm.ts';

/** A module whose function calls itself for ever. */
function endless(): Uint8Array {
  const out = new ModuleWriter();
  out.begin([{ parameters: [], results: [] }], []);
  out.functions([0]);
  out.exports(['f'], 0);
  out.bodies();
  out.beginBody([]);
  out.op1(Op.Call, 0);
  out.endBody();
  return out.end();
}

describe('flags of V8', () => {
  it('are set where they are known', () => {
    const both = ['--no-wasm-stack-checks', '--stress-turbo-late-spilling'];
    expect(compilerFlags('11.3.244.8-node.38')).toEqual([...both, '--wasm-tiering-budget=450000']);
    expect(compilerFlags('13.0.245.19-electron.0')).toEqual(both);
    expect(compilerFlags('14.6.202.34-node.40')).toEqual(['--no-wasm-stack-checks']);
    for (const version of ['10.2.154.26-node.36', '15.0.1', 'unknown']) expect(compilerFlags(version)).toEqual([]);
  });

  it.runIf(compilerFlags().length > 0 && process.platform === 'linux')('take the tests of the stack away', () => {
    const bytes = JSON.stringify([...endless()]);
    const run = (flags: readonly string[]) => {
      const script = `
        for (const flag of ${JSON.stringify(flags)}) require('node:v8').setFlagsFromString(flag);
        const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(${bytes})));
        try { exports.f(); } catch (error) { console.log(error.constructor.name); }`;
      return spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
    };
    expect(run([])).toMatchObject({ stdout: 'RangeError\n', stderr: '', signal: null });
    // Nobody stops it before the end of the stack, and V8 knows the flags.
    expect(run(compilerFlags())).toMatchObject({ stdout: '', stderr: '', signal: 'SIGSEGV' });
  });
});
