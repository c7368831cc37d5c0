/** Messages that the worker cannot do as they say: malformed ones, a kernel that is none, no machine yet. */
import { afterEach, describe, expect, it } from 'vitest';
import { bundleWorker, Host, keys } from './testing/worker-host.ts';

let host: Host;
bundleWorker();
afterEach(() => host?.stop());

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
