import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ToEmulator } from '../emulator/protocol.ts';
import type { TimelineExportProgress } from './bridge.ts';
import { TimelineRelay } from './timeline.ts';

let folder: string;
let posted: ToEmulator[];
let progress: (TimelineExportProgress | null)[];
let there: boolean;
let relay: TimelineRelay;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'kseg-timeline-'));
  posted = [];
  progress = [];
  there = true;
  relay = new TimelineRelay(
    (message) => {
      if (there) posted.push(message);
      return there;
    },
    (value) => progress.push(value),
  );
});
afterEach(() => rmSync(folder, { recursive: true }));

const query = { from: 0, step: 1, buckets: 1, marks: 0 };
const bytes = (text: string) => new TextEncoder().encode(text);
const until = async (done: () => boolean) => {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 1));
};
const idOf = (type: ToEmulator['type']) => (posted.find((message) => message.type === type) as { id: number }).id;
const acks = () => posted.filter(({ type }) => type === 'ackTimelineExport').length;

it('answers go to the question they are of', async () => {
  const [one, two] = [relay.query(query), relay.query(query)];
  const [first, second] = posted as { id: number }[];
  relay.receive({ type: 'timeline', id: second!.id, answer: { boot: 2 } as never });
  relay.receive({ type: 'timeline', id: first!.id, answer: { boot: 1 } as never });
  expect([await one, await two]).toEqual([{ boot: 1 }, { boot: 2 }]);
});

it('without a machine, and when the worker ends, the answer is null', async () => {
  const waiting = relay.query(query);
  relay.lost();
  expect(await waiting).toBeNull();
  there = false;
  expect(await relay.query(query)).toBeNull();
});

it('does not queue without end for an emulator that does not answer', () => {
  for (let i = 0; i < 16; i++) void relay.query(query);
  expect(() => relay.query(query)).toThrow(/has not answered/);
});

it('writes pieces in order, acknowledges what is written, and resolves to the name', async () => {
  const file = path.join(folder, 'timeline.csv');
  const done = relay.export(file, { format: 'csv' });
  await until(() => posted.length === 1);
  const id = idOf('timelineExport');
  relay.receive({ type: 'timelineExport', id, bytes: bytes('one\n'), events: 1, total: 3, done: false });
  relay.receive({ type: 'timelineExport', id, bytes: bytes('two\n'), events: 2, total: 3, done: false });
  expect(acks()).toBe(0);
  await until(() => acks() === 2);
  await expect(relay.export(file, { format: 'csv' })).rejects.toThrow(/under way/);
  relay.receive({ type: 'timelineExport', id, bytes: bytes('three\n'), events: 3, total: 3, done: true });
  expect(await done).toBe('timeline.csv');
  expect(readFileSync(file, 'utf8')).toBe('one\ntwo\nthree\n');
  expect(progress.at(-1)).toBeNull();
  expect(progress).toContainEqual({ name: 'timeline.csv', events: 2, total: 3 });
});

it('a cancelled export leaves no file, and its late pieces are ignored', async () => {
  const file = path.join(folder, 'timeline.json');
  const done = relay.export(file, { format: 'json' });
  await until(() => posted.length === 1);
  const id = idOf('timelineExport');
  relay.receive({ type: 'timelineExport', id, bytes: bytes('{'), events: 1, total: 9, done: false });
  relay.cancel();
  relay.receive({ type: 'timelineExport', id, bytes: bytes('}'), events: 2, total: 9, done: true });
  expect(await done).toBeNull();
  expect(existsSync(file)).toBe(false);
  expect(posted.at(-1)).toEqual({ type: 'cancelTimelineExport', id });
});

it.each<[string, (id: number) => void, RegExp]>([
  ['the emulator says why it cannot', (id) => relay.receive({ type: 'timelineExport', id, error: 'No.' }), /^No\.$/],
  ['the worker ends', () => relay.lost(), /emulator stopped\.$/],
])('%s: a sentence, and no file', async (_, happen, sentence) => {
  const file = path.join(folder, 'timeline.ndjson');
  const done = relay.export(file, { format: 'ndjson' });
  await until(() => posted.length === 1);
  happen(idOf('timelineExport'));
  await expect(done).rejects.toThrow(sentence);
  expect(existsSync(file)).toBe(false);
  expect(progress.at(-1)).toBeNull();
});

it('a file that cannot be made is refused before the emulator is asked', async () => {
  await expect(relay.export(path.join(folder, 'no/t.csv'), { format: 'csv' })).rejects.toThrow(/t\.csv cannot be/);
  expect(posted).toEqual([]);
});
