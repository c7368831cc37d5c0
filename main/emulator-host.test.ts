import { describe, expect, it } from 'vitest';
import {
  PROTOCOL_VERSION,
  type FromEmulator,
  type MachineInfo,
  type SavedBreakpoint,
  type ToEmulator,
  type ViewUpdate,
} from '../emulator/protocol.ts';
import { EmulatorHost, type EmulatorWorker } from './emulator-host.ts';

class FakeWorker implements EmulatorWorker {
  readonly sent: ToEmulator[] = [];
  private readonly listeners = new Map<string, ((value: never) => void)[]>();

  postMessage(message: ToEmulator): void {
    this.sent.push(message);
    if (message.type === 'shutdown') queueMicrotask(() => this.emit('exit', 0));
  }
  on(event: string, listener: (value: never) => void): void {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
  }
  async terminate(): Promise<void> {
    this.emit('exit', 1);
  }
  emit(event: string, value: unknown): void {
    for (const listener of this.listeners.get(event) ?? []) listener(value as never);
  }
  says(message: FromEmulator): void {
    this.emit('message', message);
  }
  prints(text: string): void {
    this.says({ type: 'console', bytes: new TextEncoder().encode(text) });
  }
  of<T extends ToEmulator['type']>(type: T): Extract<ToEmulator, { type: T }>[] {
    return this.sent.filter((message): message is Extract<ToEmulator, { type: T }> => message.type === type);
  }
}

const info = { guest: 'Lab' } as MachineInfo;
const view = (sequence: number) => ({ type: 'view', view: { sequence } as ViewUpdate }) as const;
const NOTHING = { segments: false, tlb: false, slot: null };

function setUp() {
  const workers: FakeWorker[] = [];
  const saved: Record<string, SavedBreakpoint[]> = {};
  const page: { event: string; value: unknown }[] = [];
  const host = new EmulatorHost({
    startWorker: () => {
      const worker = new FakeWorker();
      workers.push(worker);
      return worker;
    },
    send: (event, value) => page.push({ event, value }),
    onState: () => {},
    log: () => {},
    breakpoints: { get: () => saved, set: (guest, list) => void (saved[guest] = list) },
  });
  const got = (event: string) => page.filter((message) => message.event === event).map(({ value }) => value);
  const text = () => got('console').map((bytes) => new TextDecoder().decode(bytes as Uint8Array));
  return { host, workers, page, got, text };
}

async function booted() {
  const parts = setUp();
  parts.host.attach();
  await parts.host.boot(async () => ({}));
  const worker = parts.workers[0]!;
  worker.says({ type: 'hello', protocol: PROTOCOL_VERSION });
  worker.says({ type: 'booted', info });
  worker.says({ type: 'state', state: { state: 'running' } });
  return { ...parts, worker };
}

describe('EmulatorHost', () => {
  it('relays both ways', async () => {
    const { host, worker, got, text } = await booted();
    host.command('pause');
    host.step(3);
    host.input(Uint8Array.of(13));
    worker.prints('lab$ ');
    expect(worker.sent.slice(-3)).toEqual([
      { type: 'pause' },
      { type: 'step', instructions: 3 },
      { type: 'input', bytes: Uint8Array.of(13) },
    ]);
    expect(got('booted')).toEqual([info]);
    expect(got('state')).toEqual([{ state: 'off' }, { state: 'running' }]);
    expect(text()).toEqual(['lab$ ']);
  });

  it('answers the debugger by number, and when the worker is gone', async () => {
    const { host, worker } = await booted();
    const first = host.debug({ do: 'stepOver' });
    const second = host.debug({ do: 'removeBreakpoint', id: 9 });
    const third = host.debug({ do: 'stepOver' });
    const [a, b] = worker.of('debug');
    worker.says({ type: 'debugged', id: b!.id, error: 'There is no breakpoint 9.' });
    worker.says({ type: 'debugged', id: a!.id });
    await expect(first).resolves.toBeUndefined();
    await expect(second).rejects.toThrow('There is no breakpoint 9.');
    worker.emit('exit', 1);
    await expect(third).rejects.toThrow(/has stopped: boot/);
    await expect(host.debug({ do: 'stepOver' })).rejects.toThrow('The machine is off: boot it first.');
  });

  it('passes on no more acknowledgement than is due', async () => {
    const { host, worker } = await booted();
    worker.prints('12345');
    host.ackConsole(3);
    host.ackConsole(100);
    expect(worker.of('ackConsole').map(({ bytes }) => bytes)).toEqual([3, 2]);
    worker.says(view(1));
    host.ackView(7);
    host.ackView(1);
    host.ackView(1);
    expect(worker.of('ackView').map(({ sequence }) => sequence)).toEqual([1]);
  });

  it('acknowledges for a page that has gone, and replays to the next', async () => {
    const { host, worker, page, got, text } = await booted();
    host.watch({ segments: true, tlb: true, slot: null });
    worker.prints('before ');
    worker.says(view(1));
    host.detach();
    worker.prints('between ');
    worker.says(view(2));
    expect(worker.of('ackConsole').map(({ bytes }) => bytes)).toEqual([7, 8]);
    expect(worker.of('ackView').map(({ sequence }) => sequence)).toEqual([1, 2]);
    expect(worker.of('watch').at(-1)!.request).toEqual(NOTHING);

    page.length = 0;
    host.watch({ segments: true, tlb: false, slot: null });
    host.attach();
    expect(worker.of('watch').at(-1)!.request.segments).toBe(true);
    expect(page.map(({ event }) => event)).toEqual(['booted', 'state', 'console']);
    expect(got('state')).toEqual([{ state: 'running' }]);
    expect(text()).toEqual(['before between ']);
    // The worker has had the replayed bytes' acknowledgement: only the new ones' goes on.
    worker.prints('new');
    host.ackConsole(15);
    host.ackConsole(3);
    expect(worker.of('ackConsole').map(({ bytes }) => bytes)).toEqual([7, 8, 3]);
  });

  it('asks for nothing while the window is hidden', async () => {
    const { host, worker } = await booted();
    const request = { segments: true, tlb: true, slot: 3 };
    host.watch(request);
    host.setVisible(false);
    host.setVisible(false);
    host.setVisible(true);
    expect(worker.of('watch').map((message) => message.request)).toEqual([NOTHING, request, NOTHING, request]);
  });

  it('turns a dead worker into a state, and boots another', async () => {
    const { host, worker, workers, got } = await booted();
    worker.emit('error', new Error('out of memory'));
    worker.emit('exit', 1);
    expect(got('state').at(-1)).toEqual({
      state: 'ended',
      reason: 'error',
      message: 'The emulator stopped because of a fault of its own (out of memory); Boot starts it anew.',
    });
    host.command('run');
    expect(got('error')).toEqual(['The machine is off: boot it first.']);
    host.reset();
    await Promise.resolve();
    expect(workers).toHaveLength(2);
    expect(workers[1]!.of('boot')).toHaveLength(1);
    expect(workers[1]!.of('recordTimeline')).toEqual([]);
    worker.prints('a ghost');
    expect(got('console')).toEqual([]);
  });

  it('has another worker record no events, either, while it is told not to', async () => {
    const { host, worker, workers } = await booted();
    host.recordTimeline(false);
    worker.emit('exit', 1);
    host.reset();
    await Promise.resolve();
    const types = workers[1]!.sent.map(({ type }) => type);
    expect(types.indexOf('recordTimeline')).toBeGreaterThanOrEqual(0);
    expect(types.indexOf('recordTimeline')).toBeLessThan(types.indexOf('boot'));
    expect(workers[1]!.of('recordTimeline')).toEqual([{ type: 'recordTimeline', on: false }]);
  });

  it('boots what was asked for last, however slowly the first is read', async () => {
    const { host, workers } = setUp();
    let slow!: (config: object) => void;
    const first = host.boot(() => new Promise((resolve) => (slow = resolve)));
    await host.boot(async () => ({ machine: 'malta' }));
    slow({ machine: 'kvm' });
    await first;
    expect(workers[0]!.of('boot').map(({ config }) => config.machine)).toEqual(['malta']);
  });

  it('says why a file cannot be booted and keeps the machine', async () => {
    const { host, worker, got } = await booted();
    await host.boot(() => Promise.reject(new Error('vmlinux cannot be opened: it is not there.')));
    expect(got('error')).toEqual(['vmlinux cannot be opened: it is not there.']);
    expect(worker.of('boot')).toHaveLength(1);
  });

  it('refuses a worker of another protocol', async () => {
    const { worker, got } = await booted();
    worker.says({ type: 'hello', protocol: '0123456789ab' });
    expect(got('error')[0]).toMatch(/protocol 0123456789ab/);
    expect(got('state').at(-1)).toMatchObject({ state: 'ended', reason: 'error' });
  });

  it('ends the worker quietly', async () => {
    const { host, worker, got } = await booted();
    await host.shutdown();
    expect(worker.of('shutdown')).toHaveLength(1);
    expect(got('state')).toHaveLength(2);
  });
});

it('keeps what breakpoints the machine says it has, and hands them to the next boot', async () => {
  const { host, worker } = await booted();
  const list = [{ spec: 'asid:0x13', enabled: false }];
  worker.says({ type: 'breakpoints', guest: 'kvm Lab', list });
  await host.boot(async () => ({}));
  expect(worker.of('boot').at(-1)!.breakpoints).toEqual({ 'kvm Lab': list });
});
