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
import { Expressions, type Local, type Value } from './expressions.ts';
import { FullSystemPaths } from './full-system-paths.ts';
import { makeModule, type FixedModule, type ModuleMaker } from './make-module.ts';
import { TrapPaths } from './trap-paths.ts';
import { I32, ModuleWriter, type FunctionType } from './wasm.ts';

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
  const e = new Expressions(out);
  for (const [i, mode] of modes.entries()) emitEnter(e, i, mode);
  emitRun(e, HANDLE, COLD, FIRST, pathIndex.handle);
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
 * Writes `enter(pc, left, depth)`: goes to the code for a PC.
 * @param table index of the mode's function table
 */
function emitEnter(e: Expressions, table: number, { readTable, directory }: ModeTables): void {
  e.body(3, (pc, left, depth) => {
    const leave = (reason: Reason) => {
      e.store(0, JIT_EXIT_AT, reason << EXIT_REASON);
      e.return(pc!, left!);
    };
    const wordOfPage = (address: Value) => e.and(e.shr(address, 10), 0x3ffffc);
    const host = e.local(e.xor(e.load(wordOfPage(pc!), readTable), pc!));
    e.if(e.and(host, 0x80000003), () => leave(Reason.Fetch));
    const entry = e.local(e.load(e.add(e.load(wordOfPage(host), directory), e.and(host, 0xffc))));
    e.if(e.isLess(0, entry), () => {
      e.returnIf(e.isLess(MOST_CALLS, depth!), pc!, left!);
      e.returnCall(REGION_TYPE, table, entry, e.and(pc!, -4096), left!, depth!);
    });
    leave(Reason.Cold);
  });
}

/**
 * Writes `run(pc, left)`, for two modes whose cold code the functions from `cold` on interpret, and whose `enter` are
 * those from `first` on.
 * @param own what is asked before `handle`, if anything
 */
function emitRun(e: Expressions, handle: number, cold: number, first: number, own: number | undefined): void {
  e.body(2, (pc, left) => {
    const [exit, ended] = [e.local(0), e.local(0)];
    const reason = e.shr(exit, EXIT_REASON);
    const takePlace = () => {
      e.set(pc!, e.load(0, JIT_PC_AT));
      e.set(left!, e.load(0, JIT_LEFT_AT));
    };
    const leavePlace = () => {
      e.store(0, JIT_PC_AT, pc!);
      e.store(0, JIT_LEFT_AT, left!);
    };
    /** Calls the mode's of two functions with PC, count and a number. */
    const callOfMode = (functions: number, number: number, results: readonly Local[]) => {
      const call = (mode: number) => () => e.setAll(results, e.call(functions + mode, pc!, left!, number));
      e.if(e.load(0, JIT_MODE_AT), call(1), call(0));
    };
    e.store(0, JIT_EXIT_AT, Reason.None);
    e.loop((again) => {
      callOfMode(first, 0, [pc!, left!]);
      e.set(exit, e.load(0, JIT_EXIT_AT));
      again(e.not(exit));
      e.store(0, JIT_EXIT_AT, Reason.None);
      e.if(e.is(reason, Reason.Stepped), () => {
        // What was stepped has left PC and count in memory itself.
        takePlace();
        again();
      });
      e.if(e.is(reason, Reason.Cold), () => {
        e.if(e.not(e.load(0, JIT_COLD_AT.waits)), () => {
          callOfMode(cold, Entered.Now, [ended]);
          e.increase(0, JIT_COLD_AT.executed, e.sub(left!, e.load(0, JIT_LEFT_AT)));
          takePlace();
          e.if(e.is(ended, Ended.Found), () => {
            e.increase(0, JIT_COLD_AT.found, 1);
            again();
          });
          e.store(0, JIT_COLD_AT.ended, ended);
        });
      });
      e.if(e.isNot(reason, Reason.Stopped), leavePlace);
      e.if(
        e.isBelow(reason, Reason.Stepped),
        () => {
          if (own !== undefined) {
            e.if(e.call(own, exit), () => {
              e.increase(e.shl(reason, 2), COUNTED_AT.exits, 1);
              takePlace();
              again();
            });
          }
          e.set(exit, e.call(handle, exit));
          e.if(e.not(exit), () => {
            takePlace();
            again();
          });
        },
        () => e.set(exit, reason),
      );
    });
    e.return(exit);
  });
}
