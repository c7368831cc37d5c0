/**
 * The one module that knows where code is. `enter` goes to the code for a PC: through the host TLB to the host page,
 * through the directory to that page's entries, and through the function table. `run` does so until there is a reason
 * to stop. Each mode has its own `enter`, since it has a host TLB and a directory of its own.
 */
import {
  COUNTED_AT,
  JIT_COLD_AT,
  JIT_EXIT_AT,
  JIT_LEFT_AT,
  JIT_MODE_AT,
  JIT_PC_AT,
  type LinearMemory,
} from '../memory.ts';
import type { ColdFunction } from './cold-interpreter.ts';
import { Ended, Entered } from './cold-loop.ts';
import { EXIT_REASON, MOST_CALLS, REGION_TYPE, Reason, STEP_TYPE, TYPES } from './exits.ts';
import { ExceptionPaths, NOT_STEPPED, type PathIndex, type PathOptions } from './exception-paths.ts';
import { Expressions } from './expressions.ts';
import { FullSystemPaths } from './full-system-paths.ts';
import { makeModule, type FixedModule, type ModuleMaker } from './make-module.ts';
import { TrapPaths } from './trap-paths.ts';
import { I32, ModuleWriter, Op, VOID, type FunctionType } from './wasm.ts';

export interface Dispatcher {
  /** The module that all of it is in. */
  made: FixedModule;
  /** For each mode; see call-target.ts. */
  enter: CallableFunction[];
  /** What regions import as `step`: the host's, which is cheaper to have from here than for each module to import. */
  step: CallableFunction;
  /**
   * Runs in the mode that JIT_MODE_AT says, and in those it changes to, until there is a {@link Reason} that `handle` does
   * not deal with. PC and count are in memory then.
   */
  run: (pc: number, left: number) => Reason;
}

/** What a mode's code is found through. */
export interface ModeTables {
  table: WebAssembly.Table;
  /** Byte offset of the mode's flat table for loads. */
  readTable: number;
  /** Byte offset of the directory's word for host page 0; see code-map.ts. */
  directory: number;
}

/** Index of the type of functions of so many parameters, which follow {@link TYPES}, with or without a result. */
const pathType = (parameters: number, silent: boolean) => TYPES.length + 2 * parameters + (silent ? 0 : 1);
const MOST_PARAMETERS = 6;
const PATH_TYPES: FunctionType[] = Array.from({ length: 2 * (MOST_PARAMETERS + 1) }, (_, i) => ({
  parameters: Array.from({ length: i >> 1 }, () => I32),
  results: (i & 1) === 0 ? [] : [I32],
}));

/**
 * @param handle deals with the reasons before {@link Reason.Stepped}, PC and count being in memory; its argument is
 * JIT_EXIT_AT. Returns {@link Reason.None} when generated code can go on
 * @param cold interpret what there is no code for, by mode
 * @param paths what the module does by itself, or null: nothing
 * @param prepareEvent see PathState
 */
export function makeDispatcher(
  memory: LinearMemory,
  modes: readonly ModeTables[],
  handle: (exit: number) => number,
  step: (pc: number, left: number) => number,
  cold: readonly ColdFunction[],
  paths: PathOptions | null,
  prepareEvent: (meta: number) => void,
  make: ModuleMaker = makeModule,
): Dispatcher {
  const out = new ModuleWriter();
  const HANDLE_TYPE = pathType(1, false);
  // (pc, left) -> one number, as a step.
  const RUN_TYPE = STEP_TYPE;
  out.begin(
    [...TYPES, ...PATH_TYPES],
    [
      { module: 'k', name: 'memory', kind: 'memory' },
      ...modes.map((_, i) => ({ module: 'k', name: `table${i}`, kind: 'table' }) as const),
      { module: 'k', name: 'handle', kind: 'function', type: HANDLE_TYPE },
      { module: 'k', name: 'step', kind: 'function', type: STEP_TYPE },
      { module: 'k', name: 'prepareEvent', kind: 'function', type: pathType(1, true) },
      ...cold.map((_, i) => ({ module: 'k', name: `cold${i}`, kind: 'function', type: pathType(3, false) }) as const),
    ],
  );
  const [HANDLE, STEP, PREPARE_EVENT, COLD] = [0, 1, 2, 3];
  const FIRST = COLD + cold.length;
  const pathNames = paths ? (Object.keys(ExceptionPaths.FUNCTIONS) as (keyof typeof ExceptionPaths.FUNCTIONS)[]) : [];
  const pathTypes = pathNames.map((name) => pathType(ExceptionPaths.FUNCTIONS[name], ExceptionPaths.SILENT.has(name)));
  const firstPath = FIRST + modes.length + 2;
  const pathIndex = Object.fromEntries(pathNames.map((name, i) => [name, firstPath + i])) as PathIndex;
  out.functions([...modes.map(() => REGION_TYPE), RUN_TYPE, STEP_TYPE, ...pathTypes]);
  out.exports([...modes.map((_, i) => `enter${i}`), 'run', 'step'], FIRST);
  out.bodies();
  for (const [i, mode] of modes.entries()) emitEnter(out, i, mode);
  emitRun(out, HANDLE, COLD, FIRST, pathIndex.handle);
  const e = new Expressions(out);
  e.body(2, (pc, left) => {
    if (paths) {
      const after = e.local(e.call(pathIndex.step, pc!, left!));
      e.returnIf(e.isNot(after, NOT_STEPPED), after);
    }
    e.return(e.call(STEP, pc!, left!));
  });
  const Paths = paths?.layout.kind === 'kvm' ? TrapPaths : FullSystemPaths;
  if (paths) new Paths(e, paths, pathIndex, PREPARE_EVENT).emit();
  const wire = out.end();
  const module = make(wire);
  const instance = new WebAssembly.Instance(module, {
    k: {
      memory: memory.memory,
      handle,
      step,
      prepareEvent,
      ...Object.fromEntries(modes.map(({ table }, i) => [`table${i}`, table])),
      ...Object.fromEntries(cold.map((call, i) => [`cold${i}`, call])),
    },
  });
  const { run, step: ownStep, ...enter } = instance.exports as Record<string, CallableFunction>;
  const made = { wire, module, calls: [run!, ownStep!] };
  return { enter: Object.values(enter), step: ownStep!, run: run as Dispatcher['run'], made };
}

/**
 * Writes the body of `enter(pc, left, depth)`: goes to the code for a PC.
 * @param table index of the mode's function table
 */
function emitEnter(out: ModuleWriter, table: number, { readTable, directory }: ModeTables): void {
  const [pc, left, depth, x, entry] = [0, 1, 2, 3, 4];
  const leave = (reason: Reason) => {
    out.constant(0);
    out.constant(reason << EXIT_REASON);
    out.memory(Op.I32Store, JIT_EXIT_AT, 2);
    out.op1(Op.LocalGet, pc);
    out.op1(Op.LocalGet, left);
    out.op(Op.Return);
  };
  out.beginBody([[2, I32]]);
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
  out.op(Op.If);
  out.byte(VOID);
  leave(Reason.Fetch);
  out.op(Op.End);
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
  out.unsigned(table);
  out.op(Op.End);
  leave(Reason.Cold);
  out.endBody();
}

/**
 * run(pc, left), for two modes whose cold code the functions from `cold` on interpret, and whose `enter` are those from
 * `first` on.
 * @param own what is asked before `handle`, if anything
 */
function emitRun(out: ModuleWriter, handle: number, cold: number, first: number, own: number | undefined): void {
  const [pc, left, exit, ended] = [0, 1, 2, 3];
  const e = new Expressions(out);
  const load = (at: number, local?: number) => {
    out.constant(0);
    out.memory(Op.I32Load, at, 2);
    if (local !== undefined) out.op1(Op.LocalSet, local);
  };
  const store = (at: number, push: () => void) => {
    out.constant(0);
    push();
    out.memory(Op.I32Store, at, 2);
  };
  const isReason = (op: Op, reason: Reason) => {
    out.op1(Op.LocalGet, exit);
    out.constant(EXIT_REASON);
    out.op(Op.I32ShrU);
    out.constant(reason);
    out.op(op);
  };
  /** Calls the mode's of two functions with PC, count and a number. @param results locals, the last result's first */
  const callOfMode = (functions: number, number: number, results: readonly number[]) => {
    load(JIT_MODE_AT);
    out.op(Op.If);
    out.byte(VOID);
    for (const mode of [1, 0]) {
      out.op1(Op.LocalGet, pc);
      out.op1(Op.LocalGet, left);
      out.constant(number);
      out.op1(Op.Call, functions + mode);
      for (const local of results) out.op1(Op.LocalSet, local);
      out.op(mode === 1 ? Op.Else : Op.End);
    }
  };
  out.beginBody([[2, I32]]);
  store(JIT_EXIT_AT, () => out.constant(Reason.None));
  out.op(Op.Loop);
  out.byte(VOID);
  callOfMode(first, 0, [left, pc]);
  load(JIT_EXIT_AT);
  out.op1(Op.LocalTee, exit);
  out.op(Op.I32Eqz);
  out.op1(Op.BrIf, 0);
  store(JIT_EXIT_AT, () => out.constant(Reason.None));
  // What was stepped has left PC and count in memory itself.
  isReason(Op.I32Eq, Reason.Stepped);
  out.op(Op.If);
  out.byte(VOID);
  load(JIT_PC_AT, pc);
  load(JIT_LEFT_AT, left);
  out.op1(Op.Br, 1);
  out.op(Op.End);
  isReason(Op.I32Eq, Reason.Cold);
  out.op(Op.If);
  out.byte(VOID);
  load(JIT_COLD_AT.waits);
  out.op(Op.I32Eqz);
  out.op(Op.If);
  out.byte(VOID);
  callOfMode(cold, Entered.Now, [ended]);
  e.increase(0, JIT_COLD_AT.executed, () => {
    out.op1(Op.LocalGet, left);
    load(JIT_LEFT_AT);
    out.op(Op.I32Sub);
  });
  load(JIT_PC_AT, pc);
  load(JIT_LEFT_AT, left);
  out.op1(Op.LocalGet, ended);
  out.constant(Ended.Found);
  out.op(Op.I32Eq);
  out.op(Op.If);
  out.byte(VOID);
  e.increase(0, JIT_COLD_AT.found, 1);
  out.op1(Op.Br, 3);
  out.op(Op.End);
  store(JIT_COLD_AT.ended, () => out.op1(Op.LocalGet, ended));
  out.op(Op.End);
  out.op(Op.End);
  isReason(Op.I32Ne, Reason.Stopped);
  out.op(Op.If);
  out.byte(VOID);
  store(JIT_PC_AT, () => out.op1(Op.LocalGet, pc));
  store(JIT_LEFT_AT, () => out.op1(Op.LocalGet, left));
  out.op(Op.End);
  isReason(Op.I32LtU, Reason.Stepped);
  out.op(Op.If);
  out.byte(VOID);
  if (own !== undefined) {
    out.op1(Op.LocalGet, exit);
    out.op1(Op.Call, own);
    out.op(Op.If);
    out.byte(VOID);
    const reason = () => out.op1(Op.LocalGet, exit);
    e.increase(e.shl(e.shr(reason, EXIT_REASON), 2), COUNTED_AT.exits, 1);
    load(JIT_PC_AT, pc);
    load(JIT_LEFT_AT, left);
    out.op1(Op.Br, 2);
    out.op(Op.End);
  }
  out.op1(Op.LocalGet, exit);
  out.op1(Op.Call, handle);
  out.op1(Op.LocalTee, exit);
  out.op(Op.I32Eqz);
  out.op(Op.If);
  out.byte(VOID);
  load(JIT_PC_AT, pc);
  load(JIT_LEFT_AT, left);
  out.op1(Op.Br, 2);
  out.op(Op.End);
  out.op(Op.Else);
  out.op1(Op.LocalGet, exit);
  out.constant(EXIT_REASON);
  out.op(Op.I32ShrU);
  out.op1(Op.LocalSet, exit);
  out.op(Op.End);
  out.op(Op.End);
  out.op1(Op.LocalGet, exit);
  out.endBody();
}
