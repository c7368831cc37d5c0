/**
 * The one module that knows where code is. `enter` goes to the code for a PC: through the host TLB to the host page,
 * through the directory to that page's entries, and through the function table. `run` does so until there is a reason
 * to stop. Each mode has its own `enter`, since it has a host TLB and a directory of its own.
 */
import { JIT_EXIT_AT, JIT_LEFT_AT, JIT_MODE_AT, JIT_PC_AT, type LinearMemory } from '../memory.ts';
import type { ColdFunction } from './cold-interpreter.ts';
import { EXIT_REASON, MOST_CALLS, REGION_TYPE, RESUME_TYPE, Reason, STEP_TYPE, TYPES } from './exits.ts';
import { ExceptionPaths, NOT_STEPPED, type PathIndex, type PathOptions } from './exception-paths.ts';
import { Expressions, type Value } from './expressions.ts';
import { FullSystemPaths } from './full-system-paths.ts';
import { makeModule, type FixedModule, type ModuleMaker } from './make-module.ts';
import { emitResume } from './resume.ts';
import { TrapPaths } from './trap-paths.ts';
import { I32, ModuleWriter, type FunctionType } from './wasm.ts';

export interface Dispatcher {
  /** The module that all of it is in. */
  made: FixedModule;
  /** For each mode; see call-target.ts. */
  enter: CallableFunction[];
  /** What regions import as `step`: the host's, which is cheaper to have from here than for each module to import. */
  step: CallableFunction;
  /** What regions import as `resume`; see resume.ts. */
  resume: CallableFunction;
  /** What regions import as `trap`; see trap-target.ts. */
  trap: CallableFunction;
  /**
   * Runs in the mode that JIT_MODE_AT says, and in those it changes to, until there is a {@link Reason} that neither
   * `resume` nor `handle` deals with. PC and count are in memory then.
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
  const OWN = FIRST + modes.length;
  const RESUME = OWN + 2;
  const firstPath = RESUME + 2;
  const pathIndex = Object.fromEntries(pathNames.map((name, i) => [name, firstPath + i])) as PathIndex;
  out.functions([...modes.map(() => REGION_TYPE), RUN_TYPE, STEP_TYPE, RESUME_TYPE, STEP_TYPE, ...pathTypes]);
  out.exports([...modes.map((_, i) => `enter${i}`), 'run', 'step', 'resume', 'trap'], FIRST);
  out.bodies();
  const e = new Expressions(out);
  for (const [i, mode] of modes.entries()) emitEnter(e, i, mode, RESUME);
  emitRun(e, HANDLE, FIRST);
  e.body(2, (pc, left) => {
    if (paths) {
      const after = e.local(e.call(pathIndex.step, pc!, left!));
      e.returnIf(e.isNot(after, NOT_STEPPED), after);
    }
    e.return(e.call(STEP, pc!, left!));
  });
  const Paths = paths?.layout.kind === 'kvm' ? TrapPaths : FullSystemPaths;
  const without = paths && new Paths(e, paths, pathIndex, PREPARE_EVENT);
  emitResume(e, FIRST, COLD, without);
  e.body(2, (pc, left) => {
    without?.trap(pc!, left!);
    e.return(1);
  });
  without?.emit();
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
  const { run, step: ownStep, resume, trap, ...enter } = instance.exports as Record<string, CallableFunction>;
  const made = { wire, module, calls: [run!, ownStep!, resume!, trap!] };
  const calls = { step: ownStep!, resume: resume!, trap: trap!, run: run as Dispatcher['run'] };
  return { enter: Object.values(enter), ...calls, made };
}

/**
 * Writes `enter(pc, left, depth)`: goes to the code for a PC.
 * @param table index of the mode's function table
 * @param resume index of what it ends in where there is none
 */
function emitEnter(e: Expressions, table: number, { readTable, directory }: ModeTables, resume: number): void {
  e.body(3, (pc, left, depth) => {
    const leave = (exit: Value) => e.returnDirect(resume, exit, pc!, left!, depth!);
    const wordOfPage = (address: Value) => e.and(e.shr(address, 10), 0x3ffffc);
    const host = e.local(e.xor(e.load(wordOfPage(pc!), readTable), pc!));
    // Nothing is fetched when nothing is left: looking for the page would be too early.
    const [fetch, budget] = [Reason.Fetch << EXIT_REASON, Reason.Budget << EXIT_REASON];
    e.if(e.and(host, 0x80000003), () => leave(e.select(e.isLess(0, left!), fetch, budget)));
    const entry = e.local(e.load(e.add(e.load(wordOfPage(host), directory), e.and(host, 0xffc))));
    e.if(e.isLess(0, entry), () => {
      e.returnIf(e.isLess(MOST_CALLS, depth!), pc!, left!);
      e.returnCall(REGION_TYPE, table, entry, e.and(pc!, -4096), left!, depth!);
    });
    leave(Reason.Cold << EXIT_REASON);
  });
}

/** Writes `run(pc, left)`, for two modes whose `enter` are the functions from `first` on. */
function emitRun(e: Expressions, handle: number, first: number): void {
  e.body(2, (pc, left) => {
    const exit = e.local(0);
    const reason = e.shr(exit, EXIT_REASON);
    const takePlace = () => {
      e.set(pc!, e.load(0, JIT_PC_AT));
      e.set(left!, e.load(0, JIT_LEFT_AT));
    };
    const enter = (mode: number) => () => e.setAll([pc!, left!], e.call(first + mode, pc!, left!, 0));
    e.store(0, JIT_EXIT_AT, Reason.None);
    e.loop((again) => {
      e.if(e.load(0, JIT_MODE_AT), enter(1), enter(0));
      e.set(exit, e.load(0, JIT_EXIT_AT));
      again(e.not(exit));
      e.store(0, JIT_EXIT_AT, Reason.None);
      takePlace();
      again(e.or(e.is(reason, Reason.Stepped), e.is(reason, Reason.Arrived)));
      e.if(
        e.isBelow(reason, Reason.Stepped),
        () => {
          e.set(exit, e.call(handle, exit));
          takePlace();
          again(e.not(exit));
        },
        () => e.set(exit, reason),
      );
    });
    e.return(exit);
  });
}
