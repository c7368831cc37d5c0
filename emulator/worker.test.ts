/** The worker as it is shipped, in a thread of its own, spoken to as Electron's main process does. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MOST as LONGEST_SLICE } from './slices.ts';
import { op } from './testing/bare-machine.ts';
import { bundleEmulator, type Bundle } from './testing/bundle.ts';
import { tinyElf } from './testing/elf.ts';
import { PROMPT, RESOURCES } from './testing/lab.ts';
import {
  CONSOLE_WINDOW,
  PROTOCOL_VERSION,
  TIMELINE_CATEGORIES,
  TIMELINE_EXPORT_CREDIT,
  type BootConfig,
  type FromEmulator,
  type RunState,
  type ToEmulator,
} from './protocol.ts';

let bundle: Bundle;
let host: Host;
beforeAll(() => {
  bundle = bundleEmulator();
});
afterAll(() => bundle?.remove());
afterEach(() => host?.stop());

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const keys = (text: string) => new TextEncoder().encode(text);
type Message<T extends FromEmulator['type']> = Extract<FromEmulator, { type: T }>;

class Host {
  readonly messages: FromEmulator[] = [];
  console = '';
  consoleBytes = 0;
  exited = false;
  acknowledges = true;
  private readonly worker = new Worker(bundle.worker, { workerData: { resources: RESOURCES } });
  private wake: () => void = () => {};

  constructor() {
    this.worker.on('message', (message: FromEmulator) => {
      this.messages.push(message);
      if (message.type === 'console') {
        this.consoleBytes += message.bytes.length;
        if (this.console.length < 100_000) this.console += String.fromCharCode(...message.bytes);
        if (this.acknowledges) this.send({ type: 'ackConsole', bytes: message.bytes.length });
      }
      if (message.type === 'view' && this.acknowledges) this.send({ type: 'ackView', sequence: message.view.sequence });
      this.wake();
    });
    this.worker.on('error', (error) => (this.messages.push({ type: 'error', message: `died: ${error}` }), this.wake()));
    this.worker.on('exit', () => ((this.exited = true), this.wake()));
  }

  send(message: ToEmulator): void {
    this.worker.postMessage(message);
  }
  sendAnything(message: unknown): void {
    this.worker.postMessage(message);
  }
  stop(): Promise<number> {
    return this.worker.terminate();
  }

  /** Waits until `done` gives something; the test's own time-out ends it. */
  async until<T>(done: () => T | undefined | false): Promise<T> {
    for (;;) {
      const result = done();
      if (result !== undefined && result !== false) return result;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
  all<T extends FromEmulator['type']>(type: T): Message<T>[] {
    return this.messages.filter((message): message is Message<T> => message.type === type);
  }
  /** The first message of a type that comes after `count` of them. */
  next<T extends FromEmulator['type']>(type: T, count = this.all(type).length): Promise<Message<T>> {
    return this.until(() => this.all(type)[count]);
  }
  state(wanted: RunState['state']): Promise<true> {
    return this.until(() => this.all('state').at(-1)?.state.state === wanted);
  }
  async prompt(): Promise<void> {
    await this.until(() => this.console.endsWith(PROMPT));
  }
  async command(line: string): Promise<string> {
    const before = this.console.length;
    this.send({ type: 'input', bytes: keys(`${line}\n`) });
    await this.until(() => this.console.length > before + line.length + PROMPT.length && this.console.endsWith(PROMPT));
    return this.console.slice(before);
  }
  /** Pauses; the view of the paused machine is the last message then. */
  async pause(): Promise<void> {
    this.send({ type: 'pause' });
    await this.state('paused');
    await this.until(() => this.messages.at(-1)!.type === 'view');
  }
  async bootLab(): Promise<void> {
    this.send({ type: 'boot', config: { memoryMiB: 16 } });
    await this.prompt();
  }
}

it('says hello with its protocol', async () => {
  host = new Host();
  expect(await host.next('hello', 0)).toEqual({ type: 'hello', protocol: PROTOCOL_VERSION });
  // Of the files themselves, so that no change of them is forgotten.
  expect(PROTOCOL_VERSION).toMatch(/^[0-9a-f]{12}$/);
});

it('boots, prints, and answers keys', async () => {
  host = new Host();
  await host.bootLab();
  expect(host.all('booted')[0]!.info).toMatchObject({ guest: 'lab-kvm-el.elf', machine: 'kvm', memoryMiB: 16 });
  expect(host.all('state')[0]!.state).toEqual({ state: 'running' });
  expect(await host.command('ps')).toMatch(/PID ASID STATE/);
  host.send({ type: 'input', bytes: keys('halt\n') });
  await host.state('ended');
  expect(host.all('state').at(-1)!.state).toMatchObject({ reason: 'powerOff' });
});

describe('run control', () => {
  it('pauses, steps and goes on', async () => {
    host = new Host();
    await host.bootLab();
    await host.pause();
    const before = host.all('view').at(-1)!.view.instructions;
    host.send({ type: 'input', bytes: keys('echo kept\n') });
    host.send({ type: 'step', instructions: 100 });
    const { view } = await host.next('view');
    expect(view.instructions - before).toBeGreaterThanOrEqual(100);
    expect(view.instructions - before).toBeLessThanOrEqual(101);
    expect(host.console.endsWith(PROMPT)).toBe(true);
    host.send({ type: 'run' });
    await host.until(() => host.console.includes('\r\nkept'));
  });

  it('boots paused, at the first instruction', async () => {
    host = new Host();
    host.send({ type: 'boot', config: { memoryMiB: 16 }, paused: true });
    await host.state('paused');
    const { view } = await host.next('view', 0);
    expect(view).toMatchObject({ instructions: 0, mode: 'kernel', pc: 0x40000000 + (15 << 20) });
  });

  it('runs to a change of ASID', async () => {
    host = new Host();
    await host.bootLab();
    await host.pause();
    const before = host.all('view').at(-1)!.view.asidChanges;
    host.send({ type: 'input', bytes: keys('pingpong 3\n') });
    host.send({ type: 'runToAsidChange' });
    await host.state('running');
    await host.state('paused');
    const { view } = await host.until(() => host.all('view').find((v) => v.view.asidChanges > before));
    expect(view.asidChanges).toBe(before + 1);
  });

  it('runs to a flush of the user table, and says so', async () => {
    host = new Host();
    await host.bootLab();
    await host.pause();
    host.send({ type: 'watch', request: { segments: true, tlb: false, slot: null } });
    const before = (await host.until(() => host.all('view').find(({ view }) => view.user))).view.user!.flushes;
    host.send({ type: 'input', bytes: keys('pingpong 3\n') });
    host.send({ type: 'runToUserFlush' });
    await host.until(() => host.all('state').some(({ state }) => 'until' in state && state.until === 'userFlush'));
    await host.state('paused');
    const { view } = await host.until(() => host.all('view').find(({ view }) => (view.user?.flushes ?? 0) > before));
    expect(view.user!.flushes).toBe(before + 1);
    expect(view.mode).toBe('user');
  });

  it('a run to a change of ASID says so, and a pause gives it up', async () => {
    host = new Host();
    await host.bootLab();
    await host.pause();
    host.send({ type: 'runToAsidChange' });
    await host.until(() => host.all('state').some(({ state }) => state.state === 'running' && state.until));
    await host.pause();
    host.send({ type: 'input', bytes: keys('pingpong 3\n') });
    host.console = '';
    host.send({ type: 'run' });
    await host.prompt();
    expect(host.all('state').at(-1)!.state).toEqual({ state: 'running' });
  });

  it('a reset starts anew', async () => {
    host = new Host();
    await host.bootLab();
    host.console = '';
    host.send({ type: 'reset' });
    await host.prompt();
    expect(host.console).toContain('Lab kernel');
    expect(host.all('booted')).toHaveLength(2);
  });

  it('marks where the boot stands, the same at every boot, and counts what a policy costs', async () => {
    host = new Host();
    const marks = async (config: BootConfig) => {
      host.messages.length = 0;
      host.console = '';
      host.send({ type: 'boot', config });
      await host.prompt();
      return host.all('phase').map(({ mark }) => mark);
    };
    const first = await marks({});
    expect(first.map(({ phase }) => phase?.name ?? null)).toEqual(['kernel starts', null]);
    expect(first[1]!.counts.exits).toBeGreaterThan(first[0]!.counts.exits);
    expect(await marks({})).toEqual(first);
    const everything = await marks({ policy: 'everything' });
    expect(everything[1]!.counts.pagesFlushed).toBeGreaterThan(first[1]!.counts.pagesFlushed);
    host.send({ type: 'watch', request: { counts: true, segments: false, tlb: false, slot: null } });
    const { view } = await host.until(() => host.all('view').find((v) => v.view.counts));
    expect(view.counts!.asidChanges).toBe(view.asidChanges);
  });

  it('a shutdown ends the thread', async () => {
    host = new Host();
    await host.bootLab();
    host.send({ type: 'shutdown' });
    await host.until(() => host.exited);
  });
});

describe('views', () => {
  it('show what is watched, and nothing else', async () => {
    host = new Host();
    await host.bootLab();
    await host.pause();
    host.send({ type: 'watch', request: { segments: true, tlb: true, slot: 1 } });
    const { view } = await host.until(() => host.all('view').find((v) => v.view.slot));
    expect(view.kernel!.counts).toHaveLength(512);
    expect(view.tlb!.entryHi).toHaveLength(64);
    expect(view.slot!.kernel).toHaveLength(1024);
    const present = view.slot!.kernel.filter((bits) => bits & 1).length;
    expect(present).toBe(view.kernel!.counts[1]);
    host.send({ type: 'watch', request: { segments: false, tlb: false, slot: null } });
    const last = (await host.next('view')).view;
    expect(last.kernel ?? last.user ?? last.tlb ?? last.slot).toBeUndefined();
  });

  it("show the board's display and LEDs, once they are lit", async () => {
    host = new Host();
    const [FPGA, VALUE] = [8, 9];
    const show = (register: number, value: number) => [
      op('addiu', { t: VALUE, i: value }),
      op('sw', { s: FPGA, t: VALUE, i: register }),
    ];
    const words = [
      op('lui', { t: FPGA, i: 0xbf00 }),
      ...show(0x408, 0x5a),
      ...show(0x418, 0x4b),
      op('beq', { i: 0xffff }),
      0,
    ];
    const kernel = { name: 'lights', bytes: tinyElf(false, 0x80100000, words) };
    host.send({ type: 'boot', config: { kernel, memoryMiB: 16 }, paused: true });
    const dark = (await host.next('view', 0)).view;
    expect([dark.leds, dark.display]).toEqual([undefined, undefined]);
    host.send({ type: 'step', instructions: 2000 });
    const lit = (await host.next('view')).view;
    expect([lit.leds, lit.display]).toEqual([0x5a, 'K       ']);
  });

  it('wait for the host to have drawn', async () => {
    host = new Host();
    await host.bootLab();
    host.acknowledges = false;
    host.send({ type: 'input', bytes: keys('bench\n') });
    await host.until(() => host.console.includes('sieve'));
    await sleep(100);
    const sent = host.all('view').length;
    await sleep(200);
    expect(host.all('view')).toHaveLength(sent);
    const { sequence } = host.all('view').at(-1)!.view;
    host.send({ type: 'ackView', sequence });
    expect((await host.next('view', sent)).view.sequence).toBe(sequence + 1);
    await sleep(200);
    expect(host.all('view').length - sent).toBeLessThanOrEqual(2);
  });
});

/** A guest that sends to COM1 without end, and a time per instruction that makes the line keep up. */
function talker(): Extract<ToEmulator, { type: 'boot' }> {
  const [T0, T1] = [8, 9];
  const store = (value: number, register: number) => [
    op('addiu', { t: T1, i: value }),
    op('sb', { s: T0, t: T1, i: 0x3f8 + register }),
  ];
  const words = [op('lui', { t: T0, i: 0xb800 })]
    .concat(store(0x83, 3), store(1, 0), store(0, 1), store(3, 3))
    .concat(store(0x2e, 0), op('beq', { i: 0xfffe }), 0);
  const kernel = { name: 'talker', bytes: tinyElf(false, 0x80100000, words) };
  return { type: 'boot', config: { kernel, memoryMiB: 16, nsPerInstruction: 1000 } };
}

it('a console that is not read holds the guest, and no memory', async () => {
  host = new Host();
  host.acknowledges = false;
  host.send(talker());
  await host.until(() => host.consoleBytes >= CONSOLE_WINDOW);
  await sleep(200);
  const held = host.consoleBytes;
  await sleep(200);
  expect(host.consoleBytes).toBe(held);
  // What came last is of one slice, however long the host's speed has made it: of 1000 ns an instruction, at 11520 bytes
  // a second.
  expect(held - CONSOLE_WINDOW).toBeLessThan(LONGEST_SLICE * 1000e-9 * 11520);
  host.send({ type: 'ackConsole', bytes: held });
  await host.until(() => host.consoleBytes >= held + CONSOLE_WINDOW);
});

/** A guest that sends the first byte of its IDE disk to COM1, and writes that byte's successor there. */
function diskReader(): { name: string; bytes: Uint8Array } {
  const [PORTS, BRIDGE, VALUE, BYTE, REST] = [8, 9, 10, 11, 12];
  const out = (port: number, value: number) => [
    op('addiu', { t: VALUE, i: value }),
    op('sb', { s: PORTS, t: VALUE, i: port }),
  ];
  const word = (register: number, value: number) => [
    op('lui', { t: VALUE, i: value >>> 16 }),
    op('ori', { s: VALUE, t: VALUE, i: value & 0xffff }),
    op('sw', { s: BRIDGE, t: VALUE, i: register }),
  ];
  const config = (register: number, value: number) => [...word(0xcf8, 0x80005100 | register), ...word(0xcfc, value)];
  /** Until the drive has data to give or to take. */
  const ready = [
    op('lbu', { s: PORTS, t: VALUE, i: 0x1f7 }),
    op('andi', { s: VALUE, t: VALUE, i: 8 }),
    op('beq', { s: VALUE, i: 0xfffd }),
    0,
  ];
  const command = (code: number) => [
    ...[0xe0, 1, 0, 0, 0].flatMap((value, i) => out([0x1f6, 0x1f2, 0x1f3, 0x1f4, 0x1f5][i]!, value)),
    ...out(0x1f7, code),
    ...ready,
  ];
  const kernel = [
    op('lui', { t: PORTS, i: 0xb800 }),
    op('lui', { t: BRIDGE, i: 0xbbe0 }),
    ...config(0x40, 0x80008000),
    ...config(0x04, 1),
    ...command(0x20),
    op('lhu', { s: PORTS, t: BYTE, i: 0x1f0 }),
    op('addiu', { t: REST, i: 255 }),
    op('lhu', { s: PORTS, i: 0x1f0 }),
    op('addiu', { s: REST, t: REST, i: 0xffff }),
    op('bne', { s: REST, i: 0xfffd }),
    0,
    ...command(0x30),
    op('addiu', { s: BYTE, t: VALUE, i: 1 }),
    op('sh', { s: PORTS, t: VALUE, i: 0x1f0 }),
    op('addiu', { t: REST, i: 255 }),
    op('sh', { s: PORTS, i: 0x1f0 }),
    op('addiu', { s: REST, t: REST, i: 0xffff }),
    op('bne', { s: REST, i: 0xfffd }),
    0,
    op('sb', { s: PORTS, t: BYTE, i: 0x3f8 }),
    op('beq', { i: 0xffff }),
    0,
  ];
  return { name: 'disk-reader', bytes: tinyElf(false, 0x80100000, kernel) };
}

describe('disks', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kseg-worker-'));
    path = join(folder, 'disk.img');
    writeFileSync(path, 'A'.repeat(1024));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it.each([
    ['an overlay keeps writes through resets, the next boot starts from the file', false, 'ABA', 'A'],
    ['a writable disk is its file', true, 'ABC', 'D'],
  ])('%s', async (_, writable, printed, left) => {
    host = new Host();
    const config: BootConfig = { kernel: diskReader(), memoryMiB: 16, disks: [{ path, interface: 'ide', writable }] };
    host.send({ type: 'boot', config });
    await host.until(() => host.console.length === 1);
    host.send({ type: 'reset' });
    await host.until(() => host.console.length === 2);
    host.send({ type: 'boot', config });
    await host.until(() => host.console.length === 3);
    expect(host.console).toBe(printed);
    expect(readFileSync(path, 'latin1')[0]).toBe(left);
    expect(host.all('error')).toEqual([]);
  });

  it('an image that is not there is an error, and the machine before stays', async () => {
    host = new Host();
    await host.bootLab();
    const missing = join(folder, 'missing.img');
    host.send({ type: 'boot', config: { disks: [{ path: missing, interface: 'virtio', writable: false }] } });
    const { message } = await host.next('error', 0);
    expect(message).toBe(`${missing}: cannot open this disk image: there is no such file.`);
    expect(await host.command('echo alive')).toContain('\r\nalive');
  });
});

describe('the debugger', () => {
  const answer = (id: number) => host.until(() => host.all('debugged').find((each) => each.id === id));

  it('a breakpoint stops the guest, says so, and goes over to the next boot', async () => {
    host = new Host();
    await host.bootLab();
    host.send({ type: 'debug', id: 1, command: { do: 'addBreakpoint', spec: 'switch_mm' } });
    expect(await answer(1)).toEqual({ type: 'debugged', id: 1 });
    host.send({ type: 'input', bytes: keys('pingpong 3\n') });
    await host.state('paused');
    const { state } = host.all('state').at(-1)!;
    expect(state).toMatchObject({
      stop: { breakpoint: 1, spec: 'switch_mm', message: expect.stringMatching(/^Breakpoint 1.*switch_mm/) as string },
    });
    host.send({ type: 'debug', id: 2, command: { do: 'stepOver' } });
    await answer(2);
    host.send({ type: 'reset' });
    await host.until(() => host.all('booted').length === 2);
    await host.state('paused');
    host.send({ type: 'watch', request: { segments: false, tlb: false, slot: null, breakpoints: true } });
    const { view } = await host.until(() =>
      host.all('view').find((v) => v.view.breakpoints?.[0]?.hits === 1 && v.view.symbol === 'switch_mm'),
    );
    expect(view.breakpoints![0]).toMatchObject({ id: 1, spec: 'switch_mm', enabled: true });
  });

  it('tells what breakpoints there are, and a boot has those kept for its guest', async () => {
    host = new Host();
    await host.bootLab();
    host.send({ type: 'debug', id: 1, command: { do: 'addBreakpoint', spec: 'switch_mm ignore 2 if a0 != 1' } });
    await answer(1);
    host.send({ type: 'debug', id: 2, command: { do: 'changeBreakpoint', id: 1, enabled: false } });
    await answer(2);
    const { guest, list } = host.all('breakpoints').at(-1)!;
    expect(list).toEqual([{ spec: 'switch_mm ignore 2 if a0 != 1', enabled: false }]);
    host.send({ type: 'watch', request: { segments: false, tlb: false, slot: null, breakpoints: true } });
    const kept = async (breakpoints: Record<string, typeof list>) => {
      const views = host.all('view').length;
      host.send({ type: 'boot', config: {}, paused: true, breakpoints });
      const fresh = () => host.all('view').slice(views);
      const { view } = await host.until(() =>
        fresh().find(({ view }) => view.instructions === 0 && view.breakpoints !== undefined),
      );
      return view.breakpoints!.map(({ spec, enabled }) => [spec, enabled]);
    };
    expect(await kept({ [guest]: list, 'malta other': [{ spec: 'asid', enabled: true }] })).toEqual([
      ['switch_mm', false],
    ]);
    expect(await kept({ 'malta other': list })).toEqual([]);
    expect(await kept({ [guest]: [{ spec: 'exit:coffee', enabled: true }] })).toEqual([]);
    expect(host.all('error').at(-1)!.message).toMatch(/^A breakpoint kept from before is left out: .*coffee/);
  });

  it('what cannot be done is answered, and so is what needs a machine', async () => {
    host = new Host();
    await host.next('hello', 0);
    host.send({ type: 'debug', id: 1, command: { do: 'stepOver' } });
    expect(await answer(1)).toMatchObject({ error: 'There is no machine: boot one first.' });
    await host.bootLab();
    host.send({ type: 'debug', id: 2, command: { do: 'addBreakpoint', spec: 'exit:coffee' } });
    expect((await answer(2)).error).toMatch(/^"coffee" is no kind of exit: [^\n]*\.$/);
    host.send({ type: 'debug', id: 3, command: { do: 'setRegister', register: 4, value: 1 } });
    expect((await answer(3)).error).toBe('The guest is running: pause it first.');
    expect(host.all('error')).toEqual([]);
  });
});

describe('the timeline', () => {
  it('answers questions with the counts of the same instant', async () => {
    host = new Host();
    await host.bootLab();
    await host.command('pingpong 50');
    await host.pause();
    host.send({ type: 'watch', request: { segments: true, tlb: true, slot: null } });
    const { view } = await host.until(() => host.all('view').find((v) => v.view.tlb));
    host.send({ type: 'timeline', id: 7, query: { from: 0, step: view.instructions + 1, buckets: 1, marks: 1000 } });
    const { id, answer } = await host.next('timeline', 0);
    expect(id).toBe(7);
    expect(answer).toMatchObject({ instructions: view.instructions, boot: 1, dropped: 0, asid: view.asid });
    const total = (lane: string) =>
      TIMELINE_CATEGORIES.reduce((sum, c, i) => sum + (c.lane === lane ? answer!.totals[i]! : 0), 0);
    expect([total('asid'), total('kernelFlush'), total('userFlush'), total('tlbWrites')]).toEqual([
      view.asidChanges,
      view.kernel!.flushes,
      view.user!.flushes,
      view.tlb!.writes,
    ]);
    expect(answer!.lines.map(({ text }) => text).join('\n')).toContain('pingpong 50');
    host.send({
      type: 'timelineEvents',
      id: 8,
      request: { from: 0, to: view.instructions + 1, cursor: { end: true }, limit: 5 },
    });
    const { page } = await host.next('timelineEvents', 0);
    expect(page!.events).toHaveLength(5);
    expect(page!.rank + 5).toBe(page!.total);
    expect(page!.total).toBe(answer!.totals.reduce((sum, n) => sum + n, 0));
  });

  it('records no events while it is told not to, nor of the machine that is booted next', async () => {
    host = new Host();
    await host.bootLab();
    await host.pause();
    const totals = async () => {
      const count = host.all('timeline').length;
      host.send({ type: 'timeline', id: 1, query: { from: 0, step: 1e12, buckets: 1, marks: 0 } });
      return (await host.next('timeline', count)).answer!;
    };
    const before = await totals();
    expect(before.unrecorded).toEqual([]);
    host.send({ type: 'recordTimeline', on: false });
    await host.until(() => host.all('view').at(-1)?.view.recording === false);
    host.send({ type: 'run' });
    await host.command('pingpong 50');
    await host.pause();
    const off = await totals();
    expect(off.unrecorded).toEqual([{ from: before.instructions, to: Infinity, user: before.user }]);
    expect(off.instructions).toBeGreaterThan(before.instructions + 100_000);
    const sum = (counts: Float64Array) => counts.reduce((all, n) => all + n, 0);
    expect(sum(off.totals)).toBe(sum(before.totals) + 1);

    host.send({ type: 'reset' });
    await host.next('booted', 1);
    await host.pause();
    expect((await totals()).unrecorded).toEqual([{ from: 0, to: Infinity, user: false }]);
    host.send({ type: 'recordTimeline', on: true });
    await host.until(() => host.all('view').at(-1)?.view.recording === true);
    expect((await totals()).unrecorded).toMatchObject([{ from: 0, to: expect.any(Number) }]);
  });

  it('has no answer without a machine', async () => {
    host = new Host();
    host.send({ type: 'recordTimeline', on: true });
    host.send({ type: 'timeline', id: 1, query: { from: 0, step: 1, buckets: 1, marks: 0 } });
    expect((await host.next('timeline', 0)).answer).toBeNull();
    host.send({ type: 'timelineExport', id: 2, request: { format: 'csv' } });
    expect(await host.next('timelineExport', 0)).toMatchObject({ id: 2, error: expect.stringMatching(/no machine/) });
  });

  it('an export that nobody takes waits, while the guest runs on', async () => {
    host = new Host();
    await host.bootLab();
    await host.command('pingpong 400');
    host.send({ type: 'timelineExport', id: 3, request: { format: 'ndjson' } });
    await host.until(() => host.all('timelineExport').length === TIMELINE_EXPORT_CREDIT);
    await host.command('pingpong 10');
    await sleep(100);
    expect(host.all('timelineExport')).toHaveLength(TIMELINE_EXPORT_CREDIT);
    let text = '';
    for (let i = 0; ; i++) {
      const piece = await host.until(() => host.all('timelineExport')[i]);
      if ('error' in piece) throw new Error(piece.error);
      text += new TextDecoder().decode(piece.bytes);
      if (piece.done) {
        expect(text.trimEnd().split('\n')).toHaveLength(piece.events);
        break;
      }
      host.send({ type: 'ackTimelineExport', id: 3 });
    }
    // Of the instant it was asked for.
    expect(text).toContain('pingpong 400');
    expect(text).not.toContain('pingpong 10"');
  });

  it('another boot ends an export, and says so', async () => {
    host = new Host();
    await host.bootLab();
    await host.command('pingpong 400');
    host.send({ type: 'timelineExport', id: 4, request: { format: 'json' } });
    await host.next('timelineExport', 0);
    host.send({ type: 'boot', config: { memoryMiB: 16 } });
    const last = await host.until(() => host.all('timelineExport').find((message) => 'error' in message));
    expect(last).toMatchObject({ id: 4, error: expect.stringMatching(/^[^\n]*booted anew[^\n]*\.$/) });
  });
});

describe('mistakes', () => {
  it('a bad kernel is an error, and the machine before stays', async () => {
    host = new Host();
    await host.bootLab();
    host.send({ type: 'boot', config: { kernel: { name: 'bad.elf', bytes: keys('no kernel') } } });
    const { message } = await host.next('error', 0);
    expect(message).toMatch(/^bad\.elf: [^\n]*\.$/);
    expect(await host.command('echo alive')).toContain('\r\nalive');
    expect(host.all('booted')).toHaveLength(1);
  });

  it.each<[string, unknown]>([
    ['a type that is none', { type: 'frobnicate' }],
    ['an inherited name as type', { type: 'toString' }],
    ['null', null],
    ['text', 'run'],
    ['nothing', {}],
    ['boot without a config', { type: 'boot' }],
    ['disks that are no list', { type: 'boot', config: { disks: { path: '/tmp/a' } } }],
    ['a disk without an interface', { type: 'boot', config: { disks: [{ path: '/tmp/a', writable: false }] } }],
    ['a step of no number', { type: 'step', instructions: NaN }],
    ['a step without end', { type: 'step', instructions: Infinity }],
    ['input that is text', { type: 'input', bytes: 'ps' }],
    ['watch without a request', { type: 'watch' }],
    ['a slot that is none', { type: 'watch', request: { segments: true, tlb: false, slot: 'first' } }],
    ['an acknowledgement of nothing', { type: 'ackConsole' }],
    ['a timeline without a query', { type: 'timeline', id: 1 }],
    ['an export without a request', { type: 'timelineExport', id: 1 }],
    ['recording neither on nor off', { type: 'recordTimeline', on: 'yes' }],
  ])('%s is an error in one sentence, and the machine runs on', async (_, message) => {
    host = new Host();
    host.send({ type: 'boot', config: { memoryMiB: 16 } });
    host.sendAnything(message);
    expect((await host.next('error', 0)).message).toMatch(/^The emulator [^\n]*\.$/);
    await host.prompt();
    expect(await host.command('echo alive')).toContain('\r\nalive');
    expect(host.all('error')).toHaveLength(1);
    expect(host.exited).toBe(false);
  });

  it('what needs a machine does nothing without one', async () => {
    host = new Host();
    await host.next('hello', 0);
    host.send({ type: 'run' });
    host.send({ type: 'step', instructions: 5 });
    host.send({ type: 'input', bytes: keys('x') });
    host.send({ type: 'reset' });
    host.send({ type: 'runToAsidChange' });
    await host.bootLab();
    expect(host.all('error')).toEqual([]);
  });
});
