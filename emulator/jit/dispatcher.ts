/**
 * The one module that knows where code is. `enter` goes to the code for a PC: through the host TLB to the host page,
 * through the directory to that page's entries, and through the function table. `run` does so until there is a reason
 * to stop. Each mode has a dispatcher, since each has a host TLB and a directory of its own.
 */
import { JIT_LEFT_AT, JIT_PC_AT, JIT_REASON_AT, type LinearMemory } from '../memory.ts';
import { REGION_TYPE, Reason, TYPES } from './generate.ts';
import { I32, ModuleWriter, Op, VOID } from './wasm.ts';

/** Calls within calls of generated code; each takes some hundred bytes of the host's stack. */
export const MOST_CALLS = 150;

export interface DispatcherExports {
  /** See generate.ts. */
  enter: CallableFunction;
  /** Runs from PC until there is a {@link Reason}, which is returned; PC and count are in memory then. */
  run: (pc: number, left: number) => Reason;
}

/**
 * @param readTable byte offset of the mode's flat table for loads
 * @param directory byte offset of the word for host page 0
 */
export function makeDispatcher(
  memory: LinearMemory,
  table: WebAssembly.Table,
  readTable: number,
  directory: number,
): DispatcherExports {
  const out = new ModuleWriter();
  const RUN_TYPE = TYPES.length;
  out.begin(
    [...TYPES, { parameters: [I32, I32], results: [I32] }],
    [
      { module: 'k', name: 'memory', kind: 'memory' },
      { module: 'k', name: 'table', kind: 'table' },
    ],
  );
  out.functions([REGION_TYPE, RUN_TYPE], 0);

  // enter(pc, left, depth)
  const [pc, left, depth, x, entry] = [0, 1, 2, 3, 4];
  out.beginBody([[2, I32]]);
  out.op(Op.Block);
  out.byte(VOID);
  out.op1(Op.LocalGet, pc);
  out.constant(10);
  out.op(Op.I32ShrU);
  out.constant(0x3ffffc);
  out.op(Op.I32And);
  out.memory(Op.I32Load, readTable, 2);
  out.op1(Op.LocalGet, pc);
  out.op(Op.I32Xor);
  out.op1(Op.LocalTee, x);
  out.constant(0x80000003);
  out.op(Op.I32And);
  out.op1(Op.BrIf, 0);
  out.op1(Op.LocalGet, x);
  out.constant(10);
  out.op(Op.I32ShrU);
  out.constant(0x3ffffc);
  out.op(Op.I32And);
  out.memory(Op.I32Load, directory, 2);
  out.op1(Op.LocalGet, x);
  out.constant(0xffc);
  out.op(Op.I32And);
  out.op(Op.I32Add);
  out.memory(Op.I32Load, 0, 2);
  out.op1(Op.LocalTee, entry);
  out.constant(0);
  out.op(Op.I32GtS);
  out.op(Op.If);
  out.byte(VOID);
  out.op1(Op.LocalGet, depth);
  out.constant(MOST_CALLS);
  out.op(Op.I32GtS);
  out.op(Op.If);
  out.byte(VOID);
  out.op1(Op.LocalGet, pc);
  out.op1(Op.LocalGet, left);
  out.op(Op.Return);
  out.op(Op.End);
  out.op1(Op.LocalGet, pc);
  out.constant(-4096);
  out.op(Op.I32And);
  out.op1(Op.LocalGet, left);
  out.op1(Op.LocalGet, depth);
  out.op1(Op.LocalGet, entry);
  out.op1(Op.ReturnCallIndirect, REGION_TYPE);
  out.unsigned(0);
  out.op(Op.End);
  out.op(Op.End);
  out.constant(0);
  out.constant(Reason.Cold);
  out.memory(Op.I32Store, JIT_REASON_AT, 2);
  out.op1(Op.LocalGet, pc);
  out.op1(Op.LocalGet, left);
  out.endBody();

  // run(pc, left)
  const reason = 2;
  out.beginBody([[1, I32]]);
  out.constant(0);
  out.constant(Reason.None);
  out.memory(Op.I32Store, JIT_REASON_AT, 2);
  out.op(Op.Loop);
  out.byte(VOID);
  out.op1(Op.LocalGet, pc);
  out.op1(Op.LocalGet, left);
  out.constant(0);
  out.op1(Op.Call, 0);
  out.op1(Op.LocalSet, left);
  out.op1(Op.LocalSet, pc);
  out.constant(0);
  out.memory(Op.I32Load, JIT_REASON_AT, 2);
  out.op1(Op.LocalTee, reason);
  out.op(Op.I32Eqz);
  out.op1(Op.BrIf, 0);
  out.op(Op.End);
  // What was stepped has left PC and count in memory itself.
  out.op1(Op.LocalGet, reason);
  out.constant(Reason.Stepped);
  out.op(Op.I32Ne);
  out.op(Op.If);
  out.byte(VOID);
  for (const [local, at] of [
    [pc, JIT_PC_AT],
    [left, JIT_LEFT_AT],
  ] as const) {
    out.constant(0);
    out.op1(Op.LocalGet, local);
    out.memory(Op.I32Store, at, 2);
  }
  out.op(Op.End);
  out.op1(Op.LocalGet, reason);
  out.endBody();

  const instance = new WebAssembly.Instance(new WebAssembly.Module(out.end()), {
    k: { memory: memory.memory, table },
  });
  const [enter, run] = ['0', '1'].map((name) => instance.exports[name]) as [CallableFunction, DispatcherExports['run']];
  return { enter, run };
}
