import { describe, expect, it } from 'vitest';
import { ConsoleTail } from './tail.ts';

describe('ConsoleTail', () => {
  it('keeps the last characters only', () => {
    const tail = new ConsoleTail(5);
    tail.push(new TextEncoder().encode('abcdefgh'));
    expect(tail.text).toBe('defgh');
  });

  it('joins a character split between two pushes', () => {
    const tail = new ConsoleTail();
    const bytes = new TextEncoder().encode('é!');
    tail.push(bytes.subarray(0, 1));
    tail.push(bytes.subarray(1));
    expect(tail.text).toBe('é!');
  });
});
