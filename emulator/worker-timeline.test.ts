/** The timeline as the worker gives it: its questions, its recording switched off and on, its exports. */
import { afterEach, describe, expect, it } from 'vitest';
import { TIMELINE_CATEGORIES, TIMELINE_EXPORT_CREDIT } from './protocol.ts';
import { bundleWorker, Host, sleep } from './testing/worker-host.ts';

let host: Host;
bundleWorker();
afterEach(() => host?.stop());

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
    const views = host.all('view').length;
    await host.until(() => (host.all('view').slice(views).at(-1)?.view.instructions ?? 0) > 1000);
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
