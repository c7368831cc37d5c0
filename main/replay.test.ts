import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Replay } from './replay.ts';

it('keeps the last bytes of any stream', () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 60 });
  fc.assert(
    fc.property(chunks, fc.integer({ min: 1, max: 64 }), (stream, limit) => {
      const replay = new Replay(limit);
      for (const chunk of stream) replay.push(chunk);
      const all = stream.flatMap((chunk) => [...chunk]);
      expect([...replay.bytes()]).toEqual(all.slice(-limit));
    }),
  );
});

it('joins a flood of single bytes', () => {
  const replay = new Replay(16);
  for (let i = 0; i < 100_000; i++) replay.push(Uint8Array.of(i));
  expect([...replay.bytes()]).toEqual(Array.from({ length: 16 }, (_, i) => (99_984 + i) & 0xff));
  replay.clear();
  expect(replay.bytes()).toHaveLength(0);
});
