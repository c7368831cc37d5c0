/** The worker as its host uses it: run control, views, the console, disks and the debugger. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CONSOLE_WINDOW, PROTOCOL_VERSION, type BootConfig } from './protocol.ts';
import { MOST as LONGEST_SLICE } from './slices.ts';
import { op } from './testing/bare-machine.ts';
import { tinyElf } from './testing/elf.ts';
import { PROMPT } from './testing/lab.ts';
import { diskReader, talker } from './testing/port-guests.ts';
import { bundleWorker, Host, keys, sleep } from './testing/worker-host.ts';

let host: Host;
bundleWorker();
afterEach(() => host?.stop());

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
