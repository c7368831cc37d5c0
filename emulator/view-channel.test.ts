import { beforeAll, expect, it } from 'vitest';
import { DebugSession } from './debug-session.ts';
import type { ViewUpdate } from './protocol.ts';
import { Lab } from './testing/lab.ts';
import { ViewChannel, type Viewed } from './view-channel.ts';

let lab: Lab;
beforeAll(() => {
  lab = new Lab();
  lab.command('ps');
});

/** A channel over a clock that the test moves, by host milliseconds. */
function channel() {
  const { machine } = lab;
  const viewed: Viewed = { machine, session: new DebugSession(machine), running: true, idleMs: 0 };
  const sent: ViewUpdate[] = [];
  let at = 1000;
  const views = new ViewChannel(
    (view) => sent.push(view),
    () => at,
  );
  views.request = { segments: true, tlb: true, slot: null, breakpoints: true };
  const after = (ms: number, { acknowledge = true, atOnce = false } = {}) => {
    at += ms;
    machine.run(100, Infinity);
    const before = sent.length;
    views.send(viewed, atOnce);
    if (acknowledge && sent.length > before) views.acknowledge(sent.at(-1)!.sequence);
    return sent.slice(before);
  };
  return { views, viewed, sent, after };
}

it('sends what is read side by side with one view, ten times a second', () => {
  const { sent, after } = channel();
  for (let i = 0; i < 30; i++) after(40);
  expect(sent).toHaveLength(30);
  const readings = sent.filter(({ reading }) => reading);
  expect(readings).toHaveLength(10);
  for (const view of sent) {
    expect(view.kernel).toBeDefined();
    expect([view.tlb !== undefined, view.breakpoints !== undefined]).toEqual([view.reading, view.reading]);
  }
});

it('sends only such while the guest stands still, or at once', () => {
  const { viewed, after } = channel();
  after(40);
  expect(after(40)[0]!.reading).toBe(false);
  expect(after(1, { atOnce: true })[0]!.reading).toBe(true);
  viewed.running = false;
  expect(after(40)[0]!).toMatchObject({ reading: true, mips: 0 });
});

it('sends no more than thirty a second, and no more than the host keeps up with', () => {
  const { views, sent, after } = channel();
  expect(after(40, { acknowledge: false })).toHaveLength(1);
  expect(after(20)).toEqual([]);
  expect(after(20, { acknowledge: false })).toHaveLength(1);
  expect(after(40)).toEqual([]);
  views.acknowledge(sent[0]!.sequence);
  expect(after(40)).toHaveLength(1);
});

it('measures speed over the last second, from when the guest began to run', () => {
  const { viewed, after } = channel();
  const steady = (slices: number) => {
    let last: ViewUpdate | undefined;
    for (let i = 0; i < slices; i++) last = after(40)[0] ?? last;
    return last!.mips;
  };
  // 100 instructions in 40 ms.
  expect(steady(100)).toBeCloseTo(0.0025, 4);
  // A hitch of 120 ms: of a second, and not of the moment.
  const [hitch] = after(120);
  expect(hitch).toMatchObject({ reading: true });
  expect(hitch!.mips).toBeGreaterThan(0.0022);
  expect(hitch!.mips).toBeLessThan(0.0025);
  // The pace is of the moment.
  expect(hitch!.pace).toBeCloseTo(100 / 120, 1);
  viewed.running = false;
  expect(after(5000)[0]!.mips).toBe(0);
  viewed.running = true;
  expect(steady(10)).toBeCloseTo(0.0025, 4);
});

it('measures the share of the time that the guest waited', () => {
  const { viewed, after } = channel();
  for (let i = 0; i < 100; i++) {
    viewed.idleMs += 30;
    after(40);
  }
  expect(after(40).concat(after(100)).at(-1)!.idle).toBeGreaterThan(0.6);
  viewed.running = false;
  after(40);
  expect(after(40)[0]!.idle).toBe(0);
});

it('a step leaves the share of generated code what it was when the guest last ran', () => {
  const { viewed, sent, after } = channel();
  const generated = () => sent.at(-1)!.generated;
  const counts = { executed: 0 };
  // Of the machine's own 100 instructions each time, so many as if generated code had executed them.
  viewed.machine = Object.create(viewed.machine, { engine: { value: { counts } } }) as Viewed['machine'];
  after(40);
  expect(generated()).toBeNull();
  for (let i = 0; i < 30; i++) {
    counts.executed += 75;
    after(40);
  }
  expect(generated()).toBeCloseTo(0.75, 1);
  viewed.running = false;
  after(40, { atOnce: true });
  const ran = generated();
  // Pressed at leisure, each interpreted; and a short way, as to the next change of ASID.
  for (let i = 0; i < 3; i++) after(900, { atOnce: true });
  viewed.running = true;
  after(5, { atOnce: true });
  viewed.running = false;
  after(5, { atOnce: true });
  expect(generated()).toBe(ran);
});
