/** A bridge to an invented machine: answers what main would, at 60 views a second, with the same flow control. */
import type { FromEmulator, MachineKind, RunState, ViewRequest } from '../../emulator/protocol.ts';
import type { GuestEntry, KsegBridge } from '../../main/bridge.ts';
import { bootLog, shellLines } from './fake-console.ts';
import { FakeMachine } from './fake-machine.ts';

export interface FakeOptions {
  machine: MachineKind;
  state: 'running' | 'paused' | 'off';
  /** Dozens of ASID changes a second. */
  storm: boolean;
  /** Seconds between ASID changes otherwise. */
  every: number;
  /** Linux is in the library. */
  library: boolean;
}

type Listeners<T> = Set<(value: T) => void>;

export function fakeBridge(options: FakeOptions): KsegBridge {
  const listeners: Record<string, Listeners<never>> = {};
  const on =
    <T>(name: string) =>
    (listener: (value: T) => void): (() => void) => {
      const set = ((listeners[name] ??= new Set()) as unknown as Listeners<T>).add(listener);
      return () => set.delete(listener);
    };
  const emit = <T>(name: string, value: T): void => {
    for (const listener of (listeners[name] ?? []) as unknown as Listeners<T>) listener(value);
  };
  const encoder = new TextEncoder();
  const say = (text: string): void => emit('console', encoder.encode(text.replace(/\n/g, '\r\n')));

  const imported = new Date(Date.now() - 86_400_000).toISOString();
  const facts = { architecture: 'mipsel', sha256: '', imported };
  let library: GuestEntry[] = options.library
    ? [
        {
          ...facts,
          id: 'vmlinux-6.1.0-50-4kc-malta',
          kind: 'kernel',
          name: 'vmlinux-6.1.0-50-4kc-malta',
          version: '6.1.170-3',
          size: 26_612_344,
          source: 'linux-image-6.1.0-50-4kc-malta_6.1.170-3_mipsel.deb',
        },
        {
          ...facts,
          id: 'busybox-1.35.0-4',
          kind: 'busybox',
          name: 'busybox',
          version: '1:1.35.0-4+b7',
          size: 2_104_528,
          source: 'busybox-static_1.35.0-4+b7_mipsel.deb',
        },
      ]
    : [];

  let machine: FakeMachine | null = null;
  let state: RunState = { state: 'off' };
  let request: ViewRequest = { segments: false, tlb: false, slot: null };
  let sequence = 0;
  let acknowledged = 0;
  let sinceChange = 0;
  let line = 0;
  /** A view waits for the one before to be acknowledged. */
  let due = false;

  const setState = (next: RunState): void => emit('state', (state = next));
  const sendView = (): void => {
    if (!machine) return;
    due = acknowledged !== sequence;
    if (!due) emit('view', machine.view(++sequence, request));
  };
  const boot = (kind: MachineKind): void => {
    machine = new FakeMachine(kind);
    acknowledged = sequence;
    emit('booted', machine.info as (FromEmulator & { type: 'booted' })['info']);
    setState({ state: 'running' });
    say(bootLog(kind));
    machine.warmUp();
  };

  setInterval(() => {
    if (!machine || state.state !== 'running') return;
    machine.run(1 / 60);
    sinceChange += 1 / 60;
    const every = options.storm ? 1 / 41 : options.every;
    while (sinceChange >= every) {
      machine.changeAsid();
      sinceChange -= every;
      if (line < shellLines.length && !options.storm) say(shellLines[line++]!);
    }
    sendView();
  }, 1000 / 60);

  const bridge: KsegBridge & { fail(message: string): void } = {
    boot: (wanted) => boot(wanted.machine ?? 'kvm'),
    run: () => setState({ state: 'running' }),
    pause: () => {
      setState({ state: 'paused' });
      sendView();
    },
    reset: () => machine && boot(machine.info.machine),
    step: () => {
      machine?.step();
      sendView();
    },
    runToAsidChange: () => {
      machine?.changeAsid();
      setState({ state: 'paused' });
      sendView();
    },
    runToUserFlush: () => bridge.runToAsidChange(),
    input: (bytes) => say(new TextDecoder().decode(bytes).replace(/\r/g, '\n')),
    watch: (wanted) => {
      request = wanted;
      sendView();
    },
    /* Invented tables are not worth comparing. */
    pinTables: () => {},
    debug: () => Promise.reject(new Error('The fake machine has no debugger.')),
    ackConsole: () => {},
    ackView: (seen) => {
      acknowledged = seen;
      if (due) setTimeout(sendView);
    },
    openKernel: () => Promise.reject(new Error('vmlinux: not a MIPS ELF file (machine 62); choose a MIPS kernel')),
    openDisk: () => Promise.resolve({ id: 2, name: 'debian.img', size: 1 << 30 }),
    openDropped: (file) => Promise.resolve({ id: 1, name: file.name, size: file.size }),
    guests: () => Promise.resolve(library),
    importGuests: () => Promise.reject(new Error('notes.txt: is no kernel (ELF), Debian package or disk image.')),
    importDropped: (file) =>
      Promise.reject(new Error(`${file.name}: is no kernel (ELF), Debian package or disk image.`)),
    removeGuest: (id) => {
      library = library.filter((entry) => entry.id !== id);
      return Promise.resolve();
    },
    configurations: () => Promise.resolve({ list: [], problems: [] }),
    saveConfiguration: (change) => Promise.resolve({ ...change, id: change.id ?? 'new', files: {} }),
    removeConfiguration: () => Promise.resolve(),
    restoreConfiguration: () => Promise.resolve(),
    saveText: (name) => Promise.resolve(name),
    timeline: () => Promise.resolve(null),
    timelineEvents: () => Promise.resolve(null),
    exportTimeline: (request) => Promise.resolve(`timeline.${request.format}`),
    cancelTimelineExport: () => {},
    recordTimeline: () => {},
    copyText: (text) => void navigator.clipboard?.writeText(text),
    zoom: () => {},
    theme: () => {},
    versions: () => Promise.resolve({ app: '0.1.0', electron: '45.4.1', chrome: '150', node: '24', v8: '15.0' }),
    ready: () => {
      if (options.state === 'off') return;
      boot(options.machine);
      for (const text of shellLines) say(text);
      line = shellLines.length;
      machine!.settle();
      if (options.state === 'paused') setTimeout(() => bridge.runToAsidChange(), 1000);
    },
    fail: (message) => emit('error', message),
    onBooted: on('booted'),
    onConsole: on('console'),
    onView: on('view'),
    onState: on('state'),
    onPhase: on('phase'),
    onError: on('error'),
    onCommand: on('command'),
    onTimelineExport: on('timelineExport'),
    onImporting: on('importing'),
  };
  Object.assign(window, { emit });
  return bridge;
}
