/**
 * The worker's entry: protocol messages in, protocol messages out, one machine between them.
 *
 * The guest runs in slices; between two of them messages are handled. An idle guest's time keeps pace with the wall. The
 * console and the views have credit: what the host has not acknowledged is not added to, so a slow renderer costs
 * neither memory nor guest speed.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { AsidSearch } from './asid-search.ts';
import { createMachine, type CreatedMachine } from './create.ts';
import type { CompilerOptions } from './jit/compiler.ts';
import { ThreadedCompiler } from './threaded-compiler.ts';
import type { DiskOptions } from './board/board.ts';
import { BootPhases } from './boot/boot-phase.ts';
import { LoadError } from './boot/elf.ts';
import { openDisks } from './disk-files.ts';
import { DiskError } from './disk/block-device.ts';
import { DebugSession } from './debug-session.ts';
import { readBundledGuest } from './guests.ts';
import { Pacer } from './pacing.ts';
import {
  CONSOLE_WINDOW,
  PROTOCOL_VERSION,
  type BootConfig,
  type DebugCommand,
  type DiskConfig,
  type FromEmulator,
  type RunState,
  type SavedBreakpoint,
  type StopReport,
  type ToEmulator,
  type ViewRequest,
} from './protocol.ts';
import { TimelineService, type Recorded } from './timeline-service.ts';
import { DEFAULT_CAPACITY } from './timeline/event-ring.ts';
import { countEvents, describeMachine, viewMachine } from './view.ts';

/** Instructions between two looks at the messages; a few milliseconds. */
const SLICE = 400_000;
/** Host milliseconds between two views. */
const VIEW_INTERVAL = 16;
/** Views that may be on their way. */
const VIEW_CREDIT = 2;
/** Host milliseconds between two views of the debugger's parts while the guest runs: for people, who read them. */
const DEBUG_INTERVAL = 100;

const port = parentPort!;
const resources = (workerData as { resources: string }).resources;

let created: CreatedMachine | null = null;
let session: DebugSession | null = null;
let timeline: TimelineService | null = null;
let boots = 0;
let config: BootConfig = {};
/** Open from one boot to the next. */
let disks: DiskOptions[] = [];
let running = false;
let request: ViewRequest = { segments: false, tlb: false, slot: null };
let consoleOut = new Uint8Array(4096);
let consoleLength = 0;
let consoleUnacknowledged = 0;
let phases = new BootPhases();
let sequence = 0;
let acknowledged = 0;
let lastView = { at: 0, instructions: 0, generated: 0, share: 0, idleMs: 0 };
let lastDebugView = 0;
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
  } else if (running) state = asidSearch?.waits ? { state: 'running', until: 'asidChange' } : { state: 'running' };
  else {
    const report = created.machine.breakpoints.report ?? givenUp;
    state = report ? { state: 'paused', stop: report } : { state: 'paused' };
  }
  stopSent = 'stop' in state;
  send({ type: 'state', state });
}
/** The host has been told of what stopped the machine. */
let stopSent = false;
/** A run to the next change of ASID, and why the last one ended without. */
let asidSearch: AsidSearch | null = null;
let givenUp: StopReport | null = null;

function sendError(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  send({
    type: 'error',
    message: error instanceof LoadError || error instanceof DiskError ? message : `The emulator failed: ${message}`,
  });
}

function takeConsole(byte: number): void {
  if (!phases.done) listen(byte);
  if (consoleLength === consoleOut.length) {
    const larger = new Uint8Array(consoleLength * 2);
    larger.set(consoleOut);
    consoleOut = larger;
  }
  consoleOut[consoleLength++] = byte;
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

function flushConsole(): void {
  if (consoleLength === 0) return;
  const bytes = consoleOut.slice(0, consoleLength);
  consoleUnacknowledged += consoleLength;
  consoleLength = 0;
  send({ type: 'console', bytes }, [bytes.buffer as ArrayBuffer]);
}

/** Sends a view if one is wanted, due and paid for. */
function sendView(now: boolean): void {
  if (!created) return;
  const at = performance.now();
  const elapsed = at - lastView.at;
  if (!now && (elapsed < VIEW_INTERVAL || sequence - acknowledged >= VIEW_CREDIT)) return;
  const view = viewMachine(created.machine, request, session!.pinned);
  const executed = view.instructions - lastView.instructions;
  const idle = Math.min(1, (idleMs - lastView.idleMs) / Math.max(elapsed, 1));
  if (!running || now || at - lastDebugView >= DEBUG_INTERVAL) {
    lastDebugView = at;
    Object.assign(view, session!.view(request));
  }
  const byGenerated = created.machine.engine?.counts.executed ?? 0;
  // Of a guest that stands still, what it was when it last ran.
  const generated = executed > 0 ? Math.max(0, byGenerated - lastView.generated) / executed : lastView.share;
  lastView = { at, instructions: view.instructions, generated: byGenerated, share: generated, idleMs };
  const mips = running ? executed / Math.max(elapsed, 1) / 1000 : 0;
  send({ type: 'view', view: { ...view, sequence: ++sequence, mips, generated, idle } });
}

function setRunning(value: boolean): void {
  if (!created || created.machine.end) value = false;
  if (value === running) return;
  running = value;
  if (running) {
    givenUp = null;
    session!.resume();
  } else {
    asidSearch?.cancel();
    asidSearch = null;
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
  if (consoleUnacknowledged >= CONSOLE_WINDOW) {
    // The terminal is behind; its acknowledgement resumes the guest.
    flushConsole();
    sendView(false);
    return;
  }
  wakeUp();
  const { machine } = created;
  let stop;
  try {
    stop = machine.run(SLICE, machine.clock.now());
  } catch (error) {
    machine.finish({ reason: 'error', message: `The emulator failed: ${(error as Error).message}` });
    stop = 'ended';
  }
  flushConsole();
  if (stop === 'ended' || stop === 'event') return setRunning(false);
  givenUp = asidSearch?.givenUp() ?? null;
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

function start(
  wanted: BootConfig,
  opened: readonly DiskOptions[],
  paused: boolean,
  breakpoints?: Record<string, SavedBreakpoint[]>,
): void {
  const before = compiler;
  const makeCompiler = (options: CompilerOptions) => (compiler = new ThreadedCompiler(options));
  const complete = { engine: 'jit' as const, makeCompiler, ...wanted, disks: opened, timelineEvents: DEFAULT_CAPACITY };
  const next = createMachine(complete, (machine, bigEndian) => readBundledGuest(resources, machine, bigEndian));
  before?.close();
  running = false;
  asidSearch = givenUp = null;
  if (created && !breakpoints) next.machine.breakpoints.adopt(created.machine.breakpoints);
  created = next;
  session = new DebugSession(next.machine);
  timeline?.failExport('the machine was booted anew meanwhile');
  timeline = new TimelineService(next.machine as Recorded, next.guest, ++boots, send);
  config = wanted;
  consoleLength = 0;
  pacer = new Pacer(next.machine.clock);
  lastView = { at: performance.now(), instructions: 0, generated: 0, share: 0, idleMs };
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
  flushConsole();
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
      if (!created) return;
      asidSearch = new AsidSearch(created.machine);
      return running ? sendState() : setRunning(true);
    case 'input':
      wakeUp();
      if (created && !created.machine.end) created.machine.input(message.bytes);
      return schedule(0);
    case 'watch':
      request = message.request;
      return sendView(true);
    case 'pin':
      session?.pin(message.pinned);
      return sendView(true);
    case 'debug':
      return debug(message.id, message.command);
    case 'ackConsole':
      consoleUnacknowledged = Math.max(0, consoleUnacknowledged - message.bytes);
      if (running && !timer && consoleUnacknowledged < CONSOLE_WINDOW) schedule(0);
      return;
    case 'ackView':
      acknowledged = Math.min(sequence, Math.max(acknowledged, message.sequence));
      return;
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
    case 'shutdown':
      process.exit(0);
  }
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

const areDisks = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.every(
    (disk: unknown) =>
      isObject(disk) &&
      typeof (disk as DiskConfig).path === 'string' &&
      ['ide', 'virtio'].includes((disk as DiskConfig).interface) &&
      typeof (disk as DiskConfig).writable === 'boolean',
  );

/** What a message of each type must carry: a wrong one would otherwise show only when it is too late to refuse it. */
const WELL_FORMED: { [T in ToEmulator['type']]: (message: Extract<ToEmulator, { type: T }>) => boolean } = {
  boot: ({ config, breakpoints = {} }) =>
    isObject(config) && (config.disks === undefined || areDisks(config.disks)) && isObject(breakpoints),
  run: () => true,
  pause: () => true,
  reset: () => true,
  step: ({ instructions }) => isCount(instructions),
  runToAsidChange: () => true,
  input: ({ bytes }) => bytes instanceof Uint8Array,
  watch: ({ request }) => isObject(request) && (request.slot === null || isCount(request.slot)),
  pin: ({ pinned }) => typeof pinned === 'boolean',
  debug: ({ id, command }) => isCount(id) && isObject(command) && typeof command.do === 'string',
  ackConsole: ({ bytes }) => isCount(bytes),
  ackView: ({ sequence }) => isCount(sequence),
  timeline: ({ id, query }) =>
    isCount(id) && isObject(query) && isCount(query.buckets) && isCount(query.marks) && query.step > 0,
  timelineEvents: ({ id, request }) => isCount(id) && isObject(request) && isObject(request.cursor),
  timelineExport: ({ id, request }) => isCount(id) && isObject(request),
  ackTimelineExport: ({ id }) => isCount(id),
  cancelTimelineExport: ({ id }) => isCount(id),
  shutdown: () => true,
};

/** Why a message cannot be handled, or null. */
function refusal(message: unknown): string | null {
  const type = isObject(message) ? (message as ToEmulator).type : null;
  if (!Object.hasOwn(WELL_FORMED, String(type))) return `The emulator knows no message ${JSON.stringify(type)}.`;
  const check = WELL_FORMED[type as ToEmulator['type']] as (message: unknown) => boolean;
  return check(message) ? null : `The emulator got a message ${JSON.stringify(type)} without what belongs in it.`;
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
