/** The headless command, `kseg`: a guest on this terminal, or a scripted run. */
import { closeSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LoadError } from './boot/elf.ts';
import { createMachine, type CreatedMachine, type CreateConfig } from './create.ts';
import { codeFolder, guestCode, makeCodeFolder, type GuestCode } from './code-folder.ts';
import { setCompilerFlags } from './compiler-flags.ts';
import { openDisks } from './disk-files.ts';
import { DiskError } from './disk/block-device.ts';
import { REASONS } from './guest-library.ts';
import { readBundledGuest } from './guests.ts';
import { isGuestCommand, runGuestCommand } from './cli-guests.ts';
import { parseArguments, USAGE, UsageError, type RunOptions } from './cli-options.ts';
import { Lockstep, describeParting } from './lockstep.ts';
import type { Machine } from './machine.ts';
import type { EngineName } from './machine-options.ts';
import { Script, type Limits, type Outcome } from './script.ts';
import { dumpStop } from './stop-dump.ts';
import { runOnTerminal } from './terminal.ts';
import { openNamed, OutputError, tellLimit, TextFile } from './text-file.ts';
import { TraceFile } from './trace-file.ts';
import { parseSystemMap } from './debug/kallsyms.ts';
import { SymbolTable } from './debug/symbols.ts';
import type { TimelineFormat } from './protocol.ts';
import { preferThisThread } from './thread-priority.ts';
import { ThreadedCompiler } from './threaded-compiler.ts';
import { eventSource, type Recorded } from './timeline-service.ts';
import { TimelineStream } from './timeline/export.ts';
import { timelineWriter } from './timeline/writers.ts';

const EXIT_OK = 0;
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const EXIT_DIFFERENT = 3;

const resources = join(dirname(fileURLToPath(import.meta.url)), '..', 'resources');

/** Reads a file the command line names; what is wrong with it is the user's to know in one sentence. */
function readNamed(path: string, what: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    const reason = { ENOENT: 'there is no such file', EISDIR: 'it is a folder', EACCES: 'it may not be read' }[
      (error as NodeJS.ErrnoException).code ?? ''
    ];
    throw new UsageError(`${path}: cannot read this ${what}: ${reason ?? (error as Error).message}.`);
  }
}

function makeNamed(folder: string): void {
  try {
    makeCodeFolder(folder);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(`${folder}: cannot keep code there: ${REASONS[code ?? ''] ?? message}.`);
  }
}

function readSymbols(path: string): SymbolTable {
  const symbols = parseSystemMap(new TextDecoder().decode(readNamed(path, 'symbol file')));
  if (symbols.length === 0) throw new UsageError(`${path}: no line is a symbol; give a System.map.`);
  return new SymbolTable(symbols);
}

/** Translations of this guest, from run to run. */
let keptCode: GuestCode | undefined;

function create(options: RunOptions, engine: EngineName): CreatedMachine {
  const config: CreateConfig = {
    machine: options.machine,
    memoryMiB: options.memoryMiB,
    tlbEntries: options.tlbEntries,
    commandLine: options.append,
    nsPerInstruction: options.nsPerInstruction,
    seed: options.seed,
    bigEndian: options.bigEndian,
    cpu: options.cpu,
    policy: options.policy,
    keepReplaced: options.keepReplaced,
    check: options.check,
    hostCpus: options.hostCpus,
    migrateEvery: options.migrateEvery,
    hostUnmapEvery: options.hostUnmapEvery,
    hostProtectEvery: options.hostProtectEvery,
    dynamicTranslation: options.dynamicTranslation,
    geometry: options.geometry,
    engine,
    disks: openDisks(options.disks),
    virtioConsole: options.virtioConsole,
    timelineEvents: options.timeline ? STREAMED_EVENTS : undefined,
  };
  if (options.codeCache) {
    const folder = options.codeFolder ?? codeFolder();
    // What nobody asked for may as well not work.
    if (options.codeFolder) makeNamed(options.codeFolder);
    config.openCode = (guest) => (keptCode = guestCode(folder, guest));
  }
  if (options.compileThread) config.makeCompiler = (each) => new ThreadedCompiler(each);
  if (options.kernel) config.kernel = { name: basename(options.kernel), bytes: readNamed(options.kernel, 'kernel') };
  if (options.initrd) config.initrd = { name: basename(options.initrd), bytes: readNamed(options.initrd, 'initrd') };
  if (options.bios) config.bios = { name: basename(options.bios), bytes: readNamed(options.bios, 'firmware image') };
  return createMachine(config, (machine, bigEndian) => readBundledGuest(resources, machine, bigEndian));
}

/** Events kept for a streamed timeline: each is written as soon as its block is full. */
const STREAMED_EVENTS = 4096;
const TIMELINE_FORMATS: Record<string, TimelineFormat> = { '.csv': 'csv', '.json': 'json' };

/** @returns what ends the file with the run */
function streamTimeline({ machine, guest }: CreatedMachine, path: string, limitMiB: number): () => void {
  const { kind, nsPerInstruction } = machine.options;
  const file = new TextFile(path);
  const format = TIMELINE_FORMATS[extname(path).toLowerCase()] ?? 'ndjson';
  const writer = timelineWriter(format, { guest, machine: kind, nsPerInstruction });
  let closed = false;
  const stream = new TimelineStream(eventSource(machine as Recorded), writer, (text) => file.add(text), {
    bytes: limitMiB * 2 ** 20,
    reached: (instructions) => {
      closed = true;
      file.close();
      tellLimit(path, limitMiB, instructions, '--timeline-limit');
    },
  });
  return () => {
    stream.finish();
    if (!closed) file.close();
  };
}

/** A machine, and what runs it to its outcome. */
interface Run {
  created: CreatedMachine;
  /** None on the terminal. */
  script: Script | null;
  start(limits: Limits): Outcome | Promise<Outcome>;
  /** Whether two engines came to different things. */
  differed(): boolean;
}

function prepare(machine: Machine, options: RunOptions): void {
  if (options.symbols) machine.symbols = readSymbols(options.symbols);
  for (const text of options.breaks) {
    try {
      machine.breakpoints.add(text);
    } catch (error) {
      throw new UsageError(`--break: ${(error as Error).message}`);
    }
  }
  machine.rebootAllowed = !options.noReboot;
}

function oneEngine(options: RunOptions, engine: EngineName): Run {
  const created = create(options, engine);
  const { machine } = created;
  prepare(machine, options);
  const script = options.script.length > 0 ? new Script(machine, options.script) : null;
  return {
    created,
    script,
    start: (limits) => script?.run(limits) ?? runOnTerminal(machine, limits),
    differed: () => false,
  };
}

/** Both engines, each with a script of its own; one of them is seen. */
function bothEngines(options: RunOptions): Run {
  const silent = () => {};
  let latest: CreatedMachine | undefined;
  const make = (engine: EngineName) => {
    latest = create(options, engine);
    prepare(latest.machine, options);
    new Script(latest.machine, options.script, silent);
    return latest.machine;
  };
  // A trace would have more of it done outside of generated code.
  const traced = options.trace !== undefined;
  const lockstep = new Lockstep(() => ({ interpreter: make('interpreter'), jit: make('jit') }), traced);
  const created = latest!;
  const { machine } = created;
  const script = new Script(machine, options.script);
  const step = (limit: number, skipUntil: number) => {
    lockstep.run(limit, skipUntil);
    return lockstep.parting && describeParting(lockstep.parting);
  };
  return { created, script, start: (limits) => script.run(limits, step), differed: () => lockstep.parting !== null };
}

async function run(options: RunOptions): Promise<number> {
  const { created, script, start, differed } =
    options.engine === 'both' ? bothEngines(options) : oneEngine(options, options.engine);
  const { machine } = created;
  // Opened before the run, so that it is not made for nothing, and after all that can be refused.
  const statsFd = options.stats ? openNamed(options.stats) : null;
  const traceFile = options.trace ? new TraceFile(options.trace, options.traceLimitMiB) : null;
  const endTimeline = options.timeline ? streamTimeline(created, options.timeline, options.timelineLimitMiB) : () => {};
  if (traceFile) {
    const { trace } = machine;
    machine.trace = (line) => {
      trace?.(line);
      if (!traceFile.add(line)) machine.trace = trace;
    };
  }
  const started = performance.now();
  const outcome = await start({ instructions: options.instructions, ns: options.timeout * 1e9 });
  const hostSeconds = (performance.now() - started) / 1000;
  traceFile?.close();
  endTimeline();
  if (machine.engine) keptCode?.save(machine.engine.toSave());
  if (statsFd !== null) {
    const hostMips = machine.clock.instructions() / hostSeconds / 1e6;
    const marks = script ? { marks: script.marks } : {};
    const translator = machine.engine ? { translator: machine.engine.counts } : {};
    const stats = { ...machine.stats(), ...marks, hostSeconds, hostMips, ...translator };
    writeFileSync(statsFd, JSON.stringify(stats, null, 2) + '\n');
    closeSync(statsFd);
  }
  process.stderr.write(dumpStop(machine));
  if (outcome.message) process.stderr.write(`kseg: ${outcome.message}\n`);
  return differed() ? EXIT_DIFFERENT : outcome.ok ? EXIT_OK : EXIT_FAILED;
}

export async function main(args: string[]): Promise<number> {
  setCompilerFlags();
  try {
    const [command, ...rest] = args;
    if (isGuestCommand(command) && !rest.includes('--help') && !rest.includes('-h')) {
      await runGuestCommand(command, rest);
      return EXIT_OK;
    }
    const parsed = isGuestCommand(command) ? 'help' : parseArguments(args);
    if (parsed === 'help') {
      process.stdout.write(USAGE);
      return EXIT_OK;
    }
    preferThisThread();
    return await run(parsed);
  } catch (error) {
    if (error instanceof UsageError || error instanceof LoadError || error instanceof DiskError) {
      process.stderr.write(`kseg: ${error.message}\n`);
      return EXIT_USAGE;
    }
    if (error instanceof OutputError) {
      process.stderr.write(`kseg: ${error.message}\n`);
      return EXIT_FAILED;
    }
    throw error;
  }
}

// A reader that has gone away (`| head`) ends the run quietly.
process.stdout.on('error', () => process.exit(EXIT_FAILED));
process.exitCode = await main(process.argv.slice(2));
