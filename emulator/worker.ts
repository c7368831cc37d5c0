/**
 * The worker's entry: protocol messages in, protocol messages out, one machine between them.
 *
 * The guest runs in slices; between two of them messages are handled. An idle guest's time keeps pace with the wall. The
 * console and the views have credit: what the host has not acknowledged is not added to, so a slow renderer costs
 * neither memory nor guest speed.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { EventSearch } from './event-search.ts';
import { leaveOutBoundsTests } from './bounds-tests.ts';
import { guestCode, type GuestCode } from './code-folder.ts';
import { setCompilerFlags } from './compiler-flags.ts';
import { createMachine, type CreatedMachine, type GuestName } from './create.ts';
import type { CompilerOptions } from './jit/compiler.ts';
import { ThreadedCompiler } from './threaded-compiler.ts';
import type { DiskOptions } from './board/board.ts';
import { BootPhases } from './boot/boot-phase.ts';
import { LoadError } from './boot/elf.ts';
import { openDisks } from './disk-files.ts';
import { DiskError } from './disk/block-device.ts';
import { ConsoleChannel } from './console-channel.ts';
import { DebugSession } from './debug-session.ts';
import { readBundledGuest } from './guests.ts';
import { refusal } from './message-check.ts';
import { Pacer } from './pacing.ts';
import {
  PROTOCOL_VERSION,
  type BootConfig,
  type DebugCommand,
  type FromEmulator,
  type RunState,
  type SavedBreakpoint,
  type SearchGoal,
  type StopReport,
  type ToEmulator,
} from './protocol.ts';
import { Slices } from './slices.ts';
import { TimelineService, type Recorded } from './timeline-service.ts';
import { DEFAULT_CAPACITY } from './timeline/ring-place.ts';
import { ViewChannel } from './view-channel.ts';
import { countEvents, describeMachine } from './view.ts';

setCompilerFlags();
leaveOutBoundsTests();
const port = parentPort!;
/** Folders: the bundled guests', and where translations are kept from run to run, if they are. */
const { resources, code } = workerData as { resources: string; code?: string };

let created: CreatedMachine | null = null;
let session: DebugSession | null = null;
let timeline: TimelineService | null = null;
/** Whether events are to be recorded, of this machine and of those to come. */
let recording = true;
let boots = 0;
let config: BootConfig = {};
/** Open from one boot to the next. */
let disks: DiskOptions[] = [];
let running = false;
const slices = new Slices();
let phases = new BootPhases();
let idleMs = 0;
let timer: NodeJS.Timeout | NodeJS.Immediate | null = null;

function send(message: FromEmulator, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

function sendState(): void {
  const end = created?.machine.end;
  let state: RunState;
  if (!created) state = { state: 'off' };
  else if (end) {
    const reason = end.reason === 'reset' ? 'powerOff' : end.reason;
    state = { state: 'ended', reason, message: end.message };
  } else if (running) state = search?.waits ? { state: 'running', until: search.goal } : { state: 'running' };
  else {
    const report = created.machine.breakpoints.report ?? givenUp;
    state = report ? { state: 'paused', stop: report } : { state: 'paused' };
  }
  stopSent = 'stop' in state;
  send({ type: 'state', state });
}
/** The host has been told of what stopped the machine. */
let stopSent = false;
/** A run to the next event of a kind, and why the last one ended without. */
let search: EventSearch | null = null;
let givenUp: StopReport | null = null;

function sendError(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  send({
    type: 'error',
    message: error instanceof LoadError || error instanceof DiskError ? message : `The emulator failed: ${message}`,
  });
}

const consoleOut = new ConsoleChannel((bytes) => send({ type: 'console', bytes }, [bytes.buffer]));

function takeConsole(byte: number): void {
  if (!phases.done) listen(byte);
  consoleOut.push(byte);
}

/** Reads the console along with the host, to mark where a boot's phases begin. */
function listen(byte: number): void {
  const before = phases.phase;
  phases.push(String.fromCharCode(byte));
  if (phases.phase !== before) sendPhase();
}

function sendPhase(): void {
  const { machine } = created!;
  const mark = {
    phase: phases.phase,
    instructions: machine.clock.instructions(),
    virtualNs: machine.clock.now(),
    counts: countEvents(machine),
  };
  send({ type: 'phase', mark });
}

const views = new ViewChannel((view) => send({ type: 'view', view }));

/** Sends a view if one is due and paid for, or in any case. */
function sendView(atOnce: boolean): void {
  if (created) views.send({ machine: created.machine, session: session!, running, idleMs }, atOnce);
}

function setRunning(value: boolean): void {
  if (!created || created.machine.end) value = false;
  if (value === running) return;
  running = value;
  if (running) {
    givenUp = null;
    session!.resume();
  } else {
    search?.cancel();
    search = null;
    pacer?.stop();
    created?.machine.breakpoints.runUntil(null);
  }
  sendState();
  sendView(true);
  schedule(0);
}

/** Arranges for the next slice after `ms` host milliseconds. */
function schedule(ms: number): void {
  if (timer) {
    clearTimeout(timer as NodeJS.Timeout);
    clearImmediate(timer as NodeJS.Immediate);
  }
  timer = running ? (ms > 0 ? setTimeout(slice, ms) : setImmediate(slice)) : null;
}

let pacer: Pacer | null = null;

/** A guest that slept has slept for as long as the wall says. */
function wakeUp(): void {
  idleMs += pacer?.wake() ?? 0;
}

function slice(): void {
  timer = null;
  if (!created || !running) return;
  if (consoleOut.full) {
    // The terminal is behind; its acknowledgement resumes the guest.
    consoleOut.flush();
    sendView(false);
    return;
  }
  wakeUp();
  const { machine } = created;
  let stop;
  try {
    const { clock } = machine;
    const [before, started] = [clock.instructions(), performance.now()];
    stop = machine.run(slices.length, clock.now());
    slices.took(clock.instructions() - before, performance.now() - started);
  } catch (error) {
    machine.finish({ reason: 'error', message: `The emulator failed: ${(error as Error).message}` });
    stop = 'ended';
  }
  consoleOut.flush();
  if (stop === 'ended' || stop === 'event') return setRunning(false);
  givenUp = search?.givenUp() ?? null;
  if (givenUp) return setRunning(false);
  if (stop === 'limit') {
    sendView(false);
    return schedule(0);
  }
  const sleep = pacer!.rest();
  sendView(false);
  schedule(sleep);
}

let exportArmed = false;

/** Makes the pieces of an export under way, with room for slices and messages between them. */
function exportTimeline(): void {
  if (exportArmed) return;
  exportArmed = true;
  setImmediate(() => {
    exportArmed = false;
    try {
      if (timeline?.work()) exportTimeline();
    } catch (error) {
      timeline?.failExport(error);
    }
  });
}

function boot({ config: wanted, paused = false, breakpoints }: Extract<ToEmulator, { type: 'boot' }>): void {
  const opened = openDisks(wanted.disks ?? []);
  try {
    start(wanted, opened, paused, breakpoints);
  } catch (error) {
    for (const { disk } of opened) disk.close();
    throw error;
  }
  for (const { disk } of disks) disk.close();
  disks = opened;
}

/** What breakpoints are kept by. */
const guestName = ({ machine, guest }: CreatedMachine): string => `${machine.kind} ${guest}`;

/** The present machine's. */
let compiler: ThreadedCompiler | undefined;
let keptCode: GuestCode | undefined;

/** Keeps what has been translated of the present machine for its next run. */
function saveCode(): void {
  const engine = created?.machine.engine;
  if (engine) keptCode?.save(engine.toSave());
}

function start(
  wanted: BootConfig,
  attached: readonly DiskOptions[],
  paused: boolean,
  breakpoints?: Record<string, SavedBreakpoint[]>,
): void {
  // The guest may be the same again.
  saveCode();
  const before = compiler;
  let opened: GuestCode | undefined;
  const openCode = (guest: GuestName) => (opened = code === undefined ? undefined : guestCode(code, guest));
  const makeCompiler = (options: CompilerOptions) => (compiler = new ThreadedCompiler(options));
  const own = { engine: 'jit' as const, makeCompiler, openCode, timelineEvents: DEFAULT_CAPACITY };
  const complete = { ...own, ...wanted, disks: attached };
  const next = createMachine(complete, (machine, bigEndian) => readBundledGuest(resources, machine, bigEndian));
  before?.close();
  keptCode = opened;
  running = false;
  search = givenUp = null;
  if (created && !breakpoints) next.machine.breakpoints.adopt(created.machine.breakpoints);
  created = next;
  session = new DebugSession(next.machine);
  timeline?.failExport('the machine was booted anew meanwhile');
  next.machine.events!.record(recording);
  timeline = new TimelineService(next.machine as Recorded, next.guest, ++boots, send);
  config = wanted;
  consoleOut.clear();
  pacer = new Pacer(next.machine.clock);
  views.begin(idleMs);
  next.machine.onConsole = takeConsole;
  // Such a kernel unpacks itself first.
  phases = new BootPhases(next.guest.startsWith('vmlinuz'));
  send({ type: 'booted', info: describeMachine(next.machine, next.guest, next.commandLine) });
  if (breakpoints) restoreBreakpoints(next, breakpoints);
  if (phases.phase) sendPhase();
  if (paused) {
    sendState();
    sendView(true);
  } else setRunning(true);
}

function restoreBreakpoints(next: CreatedMachine, saved: Record<string, SavedBreakpoint[]>): void {
  const name = guestName(next);
  try {
    next.machine.breakpoints.restore(Object.hasOwn(saved, name) ? saved[name]! : []);
  } catch (error) {
    send({ type: 'error', message: `A breakpoint kept from before is left out: ${(error as Error).message}` });
  }
}

/** The machine has run while paused: what is new goes to the host. */
function standStill(): void {
  consoleOut.flush();
  if (created!.machine.end || created!.machine.breakpoints.report || stopSent) sendState();
  sendView(true);
}

function debug(id: number, command: DebugCommand): void {
  let runs = false;
  try {
    if (!session) throw new Error('There is no machine: boot one first.');
    runs = session.carryOut(command, running);
    if (command.do.endsWith('Breakpoint')) {
      send({ type: 'breakpoints', guest: guestName(created!), list: created!.machine.breakpoints.save() });
    }
    send({ type: 'debugged', id });
  } catch (error) {
    return send({ type: 'debugged', id, error: (error as Error).message });
  }
  if (runs) setRunning(true);
  else if (running) sendView(true);
  else standStill();
}

function runTo(goal: SearchGoal): void {
  if (!created) return;
  search?.cancel();
  search = new EventSearch(created.machine, goal);
  if (running) sendState();
  else setRunning(true);
}

function handle(message: ToEmulator): void {
  switch (message.type) {
    case 'boot':
      return boot(message);
    case 'run':
      return setRunning(true);
    case 'pause':
      return setRunning(false);
    case 'reset':
      // From the start again, as after switching it off and on: what is on the disks stays there.
      if (created) start(config, disks, false);
      return;
    case 'step':
      setRunning(false);
      if (!created) return;
      givenUp = null;
      session!.resume();
      created.machine.run(message.instructions, Infinity);
      return standStill();
    case 'runToAsidChange':
      return runTo('asidChange');
    case 'runToUserFlush':
      return runTo('userFlush');
    case 'input':
      wakeUp();
      if (created && !created.machine.end) created.machine.input(message.bytes);
      return schedule(0);
    case 'watch':
      views.request = message.request;
      return sendView(true);
    case 'pin':
      session?.pin(message.pinned);
      return sendView(true);
    case 'debug':
      return debug(message.id, message.command);
    case 'ackConsole':
      consoleOut.acknowledge(message.bytes);
      if (running && !timer && !consoleOut.full) schedule(0);
      return;
    case 'ackView':
      return views.acknowledge(message.sequence);
    case 'timeline': {
      const { id, query } = message;
      return send({ type: 'timeline', id, answer: timeline?.query(query) ?? null });
    }
    case 'timelineEvents': {
      const { id, request } = message;
      return send({ type: 'timelineEvents', id, page: timeline?.events(request) ?? null });
    }
    case 'timelineExport': {
      const { id, request } = message;
      if (!timeline) return send({ type: 'timelineExport', id, error: 'There is no machine whose events to export.' });
      timeline.startExport(id, request);
      return exportTimeline();
    }
    case 'ackTimelineExport':
      timeline?.acknowledge(message.id);
      exportTimeline();
      return;
    case 'cancelTimelineExport':
      return timeline?.cancelExport(message.id);
    case 'recordTimeline':
      recording = message.on;
      created?.machine.events?.record(recording);
      return sendView(true);
    case 'shutdown':
      saveCode();
      process.exit(0);
  }
}

port.on('message', (message: ToEmulator) => {
  try {
    const refused = refusal(message);
    if (refused !== null) send({ type: 'error', message: refused });
    else handle(message);
  } catch (error) {
    sendError(error);
  }
});
send({ type: 'hello', protocol: PROTOCOL_VERSION });
