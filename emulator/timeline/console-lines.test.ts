import { expect, it } from 'vitest';
import { ConsoleLines } from './console-lines.ts';

function print(lines: ConsoleLines, text: string, at: number): void {
  for (const byte of new TextEncoder().encode(text)) lines.take(byte, at);
}
const texts = (lines: ConsoleLines) => lines.between(0, Infinity, 100).map(({ text }) => text);

it('a line that goes on is told of as far as it has come, and whole in the end', () => {
  const lines = new ConsoleLines();
  print(lines, 'one\r\ntw', 1);
  expect(texts(lines)).toEqual(['one', 'tw']);
  print(lines, 'o \x1b[1mthree\x1b[0m\r', 2);
  expect(texts(lines)).toEqual(['one', 'two three']);
  print(lines, ', grün\n\n\nend', 3);
  expect(texts(lines)).toEqual(['one', 'two three, grün', 'end']);
  expect(lines.between(2, 4, 100)).toEqual([{ instructions: 3, text: 'end' }]);
});

it('keeps the newest, and says nothing of the others', () => {
  const lines = new ConsoleLines(2);
  print(lines, 'one\ntwo\n', 1);
  expect(texts(lines)).toEqual(['one', 'two']);
  print(lines, 'three\n', 2);
  expect(texts(lines)).toEqual(['two', 'three']);
  expect(lines.text(0)).toBe('');
  print(lines, 'four', 2);
  expect(texts(lines)).toEqual(['three', 'four']);
});

it('a snapshot stays as it is', () => {
  const lines = new ConsoleLines();
  print(lines, 'one\ntw', 1);
  texts(lines);
  const copy = lines.snapshot();
  print(lines, 'o\nthree', 2);
  expect(texts(copy)).toEqual(['one', 'tw']);
  expect(texts(lines)).toEqual(['one', 'two', 'three']);
});
