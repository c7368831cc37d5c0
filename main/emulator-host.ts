/**
 * The emulator's worker thread and what lies between it and the page: relays both ways, keeps the last state and
 * console output for a page that loads anew, and stands in for the page's acknowledgements while there is none, so
 * that the guest never waits for somebody who has gone.
 *
 * The worker may end at any time (a fault of ours, or out of memory): that is a state of the machine, and the next boot
 * starts another worker.
 */
import {
  type BootConfig,
  type DebugCommand,
  type FromEmulator,
  type MachineInfo,
  PROTOCOL_VERSION,
  type PhaseMark,
  type RunState,
  type SavedBreakpoint,
  type ToEmulator,
  type ViewRequest,
} from '../emulator/protocol.ts';
import type { TimelineExportProgress } from './bridge.ts';
import { sentence } from './errors.ts';
import { Replay } from './replay.ts';
import { TimelineRelay } from './timeline.ts';

/** What is used of worker_threads' Worker. */
export interface EmulatorWorker {
  postMessage(message: ToEmulator, transfer?: ArrayBuffer[]): void;
  on(event: 'message', listener: (message: FromEmulator) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'exit', listener: (code: number) => void): unknown;
  terminate(): Promise<unknown>;
}

/** Events for the page, named as the bridge's `on` functions are. */
export interface PageEvents {
  timelineExport: TimelineExportProgress | null;
  booted: MachineInfo;
  console: Uint8Array;
  view: Extract<FromEmulator, { type: 'view' }>['view'];
  state: RunState;
  phase: PhaseMark;
  error: string;
}

export interface BreakpointKeeper {
  get(): Record<string, SavedBreakpoint[]>;
  set(guest: string, list: SavedBreakpoint[]): void;
}

export interface HostEnvironment {
  startWorker(): EmulatorWorker;
  send<E extends keyof PageEvents>(event: E, value: PageEvents[E]): void;
  onState(state: RunState): void;
  log(event: string, detail?: unknown): void;
  /** By guest, kept from one start of the app to the next. */
  readonly breakpoints: BreakpointKeeper;
}

export type BootLoader = () => Promise<BootConfig>;

/** Commands without a payload of their own. */
type PlainCommand = 'run' | 'pause' | 'runToAsidChange' | 'runToUserFlush';

const NOTHING: ViewRequest = { segments: false, tlb: false, slot: null };
const SHUTDOWN_MS = 500;

export class EmulatorHost {
  private worker: EmulatorWorker | null = null;
  private info: MachineInfo | null = null;
  private state: RunState = { state: 'off' };
  readonly timeline = new TimelineRelay(
    (message) => this.post(message),
    (progress) => this.send('timelineExport', progress),
  );
  private readonly replay = new Replay(256 * 1024);
  private phases: PhaseMark[] = [];

  private attached = false;
  private visible = true;
  private wanted = NOTHING;
  private recording = true;
  /** Console bytes given to the page as replay: the worker has had their acknowledgement already. */
  private replayed = 0;
  /** Console bytes of the worker's that the page has not acknowledged. */
  private owed = 0;
  private viewSent = 0;
  private viewAcknowledged = 0;

  /** Grows with every boot asked for: a file read slowly must not overtake a later one. */
  private turn = 0;
  private lastBoot: BootLoader | null = null;

  constructor(private readonly environment: HostEnvironment) {}

  /** True from the first boot asked for. */
  get started(): boolean {
    return this.lastBoot !== null;
  }

  /** Loads a configuration and boots it, in a new worker if need be. */
  async boot(load: BootLoader): Promise<void> {
    const turn = ++this.turn;
    this.lastBoot = load;
    try {
      const config = await load();
      if (turn !== this.turn) return;
      this.start();
      this.post({ type: 'boot', config, breakpoints: this.environment.breakpoints.get() }, transferable(config));
    } catch (error) {
      this.fail(error);
    }
  }

  command(type: PlainCommand): void {
    this.toMachine({ type });
  }

  step(instructions: number): void {
    this.toMachine({ type: 'step', instructions });
  }

  /** Rejects with one sentence when the machine cannot do it. */
  debug(command: DebugCommand): Promise<void> {
    if (!this.worker) return Promise.reject(new Error('The machine is off: boot it first.'));
    const id = ++this.debugTurn;
    this.post({ type: 'debug', id, command });
    return new Promise((resolve, reject) => {
      this.debugging.set(id, (error) => (error === undefined ? resolve() : reject(new Error(error))));
    });
  }
  private debugTurn = 0;
  /** Debugger's commands under way, by number. */
  private readonly debugging = new Map<number, (error?: string) => void>();

  input(bytes: Uint8Array): void {
    // Keys typed at a machine that is off go nowhere, silently.
    this.post({ type: 'input', bytes });
  }

  reset(): void {
    if (this.worker) this.post({ type: 'reset' });
    else if (this.lastBoot) void this.boot(this.lastBoot);
    else this.fail('There is no machine to reset: boot one first.');
  }

  pinTables(pinned: boolean): void {
    this.toMachine({ type: 'pin', pinned });
  }

  /** Of machines booted later, too, in whatever worker. */
  recordTimeline(on: boolean): void {
    this.recording = on;
    this.post({ type: 'recordTimeline', on });
  }

  watch(request: ViewRequest): void {
    this.wanted = request;
    this.postWatch();
  }

  /** Hidden windows are not drawn, so nothing is drawn for them. */
  setVisible(visible: boolean): void {
    if (visible === this.visible) return;
    this.visible = visible;
    this.postWatch();
  }

  ackConsole(bytes: number): void {
    const old = Math.min(bytes, this.replayed);
    this.replayed -= old;
    const due = Math.min(bytes - old, this.owed);
    this.owed -= due;
    if (due > 0) this.post({ type: 'ackConsole', bytes: due });
  }

  ackView(sequence: number): void {
    if (sequence > this.viewSent || sequence <= this.viewAcknowledged) return;
    this.viewAcknowledged = sequence;
    this.post({ type: 'ackView', sequence });
  }

  /** A page listens: it gets the present state and the console so far. */
  attach(): void {
    this.settle();
    this.attached = true;
    if (this.info) this.environment.send('booted', this.info);
    this.environment.send('state', this.state);
    for (const mark of this.phases) this.environment.send('phase', mark);
    const bytes = this.replay.bytes();
    if (bytes.length > 0) {
      this.replayed = bytes.length;
      this.environment.send('console', bytes);
    }
  }

  /** The page has gone, and with it what it had not acknowledged. */
  detach(): void {
    this.attached = false;
    this.settle();
    this.watch(NOTHING);
  }

  /** Ends the worker, by force if it does not end by itself. */
  async shutdown(): Promise<void> {
    const worker = this.worker;
    if (!worker) return;
    this.worker = null;
    this.timeline.lost();
    const exited = new Promise<void>((resolve) => worker.on('exit', () => resolve()));
    worker.postMessage({ type: 'shutdown' });
    const timer = setTimeout(() => void worker.terminate(), SHUTDOWN_MS);
    await exited;
    clearTimeout(timer);
  }

  /** Acknowledges all that is out. */
  private settle(): void {
    this.replayed = 0;
    this.ackConsole(this.owed);
    this.ackView(this.viewSent);
  }

  private start(): void {
    if (this.worker) return;
    const worker = this.environment.startWorker();
    this.worker = worker;
    this.owed = this.viewSent = this.viewAcknowledged = 0;
    let fault: Error | undefined;
    worker.on('message', (message) => {
      if (worker === this.worker) this.receive(message);
    });
    worker.on('error', (error) => {
      fault = error;
      this.environment.log('emulator fault', error);
    });
    worker.on('exit', (code) => {
      this.environment.log('emulator exit', code);
      if (worker === this.worker) this.lost(fault ? sentence(fault) : `exit code ${code}`);
    });
    this.postWatch();
    if (!this.recording) this.recordTimeline(false);
  }

  /** The worker has ended without being told to. */
  private lost(why: string): void {
    this.worker = null;
    this.timeline.lost();
    this.owed = 0;
    for (const answer of this.debugging.values()) answer('The emulator has stopped: boot the guest again.');
    this.debugging.clear();
    const message = `The emulator stopped because of a fault of its own (${why.replace(/\.$/, '')}); Boot starts it anew.`;
    this.setState({ state: 'ended', reason: 'error', message });
  }

  private receive(message: FromEmulator): void {
    switch (message.type) {
      case 'hello':
        if (message.protocol !== PROTOCOL_VERSION) {
          this.fail(`The emulator speaks protocol ${message.protocol}, the app ${PROTOCOL_VERSION}: build both anew.`);
          void this.worker?.terminate();
        }
        break;
      case 'booted':
        this.info = message.info;
        this.replay.clear();
        this.phases = [];
        this.send('booted', message.info);
        break;
      case 'console':
        this.replay.push(message.bytes);
        this.owed += message.bytes.length;
        if (this.attached) this.send('console', message.bytes);
        else this.ackConsole(message.bytes.length);
        break;
      case 'view':
        this.viewSent = message.view.sequence;
        if (this.attached) this.send('view', message.view);
        else this.ackView(message.view.sequence);
        break;
      case 'state':
        this.setState(message.state);
        break;
      case 'phase':
        this.phases.push(message.mark);
        this.send('phase', message.mark);
        break;
      case 'debugged':
        this.debugging.get(message.id)?.(message.error);
        this.debugging.delete(message.id);
        break;
      case 'breakpoints':
        this.environment.breakpoints.set(message.guest, message.list);
        break;
      case 'timeline':
      case 'timelineEvents':
      case 'timelineExport':
        this.timeline.receive(message);
        break;
      case 'error':
        this.fail(message.message);
        break;
    }
  }

  private setState(state: RunState): void {
    this.state = state;
    this.environment.onState(state);
    this.send('state', state);
  }

  private fail(error: unknown): void {
    this.environment.log('error', error);
    this.send('error', sentence(error));
  }

  private send<E extends keyof PageEvents>(event: E, value: PageEvents[E]): void {
    if (this.attached) this.environment.send(event, value);
  }

  private toMachine(message: ToEmulator): void {
    if (this.worker) this.post(message);
    else this.fail('The machine is off: boot it first.');
  }

  private postWatch(): void {
    this.post({ type: 'watch', request: this.visible ? this.wanted : NOTHING });
  }

  /** Returns whether there is a worker to hear it. */
  private post(message: ToEmulator, transfer: ArrayBuffer[] = []): boolean {
    this.worker?.postMessage(message, transfer);
    return this.worker !== null;
  }
}

/** The files' buffers move to the worker instead of being copied. */
function transferable(config: BootConfig): ArrayBuffer[] {
  return [config.kernel, config.initrd].flatMap((file) =>
    file && file.bytes.buffer instanceof ArrayBuffer && file.bytes.byteLength === file.bytes.buffer.byteLength
      ? [file.bytes.buffer]
      : [],
  );
}
