/** The virtio console: what the guest prints, and what is typed at it. */
import { describe, expect, test } from 'vitest';
import { Board } from './board.ts';
import { FakeHost } from './fake-host.ts';
import { DATA, Driver, NEXT, WRITE } from '../testing/virtio-driver.ts';

let driver: Driver;

describe('the console', () => {
  const text = (bytes: Iterable<number>): string => String.fromCharCode(...bytes);
  const keys = (typed: string): Uint8Array => new TextEncoder().encode(typed);

  test('output goes to the host, all of a request and in order', () => {
    driver = new Driver(false, 0x15);
    expect(driver.config(0x00)).toBe(0x10031af4);
    driver.start(8, 1);
    driver.host.ram.set(keys('login: '), DATA);
    driver.host.ram.set(keys('root'), DATA + 0x1000);
    driver.descriptor(0, DATA, 7, NEXT, 1);
    driver.descriptor(1, DATA + 0x1000, 4, 0);
    driver.offer(0);
    driver.notify(1);
    driver.finish();
    expect(text(driver.host.sent.hvc0)).toBe('login: root');
    expect(driver.host.sent.com1).toEqual([]);
    expect(driver.used(0)).toEqual([0, 0]);
  });

  test('input waits for a buffer, and a buffer for input', () => {
    driver = new Driver(false, 0x15);
    expect(driver.board.receive('hvc0', keys('early'))).toBe(5);
    driver.start();
    driver.descriptor(0, DATA, 3, WRITE);
    driver.offer(0);
    driver.notify();
    driver.finish();
    expect([driver.usedIndex, driver.used(0)]).toEqual([1, [0, 3]]);
    driver.descriptor(1, DATA + 3, 64, WRITE);
    driver.offer(1);
    driver.notify();
    driver.finish();
    expect(driver.used(1)).toEqual([1, 2]);
    driver.descriptor(2, DATA + 5, 64, WRITE);
    driver.offer(2);
    driver.notify();
    driver.finish();
    expect(driver.usedIndex).toBe(2);
    driver.board.receive('hvc0', keys(' late'));
    driver.finish();
    expect(driver.used(2)).toEqual([2, 5]);
    expect(text(driver.host.ram.slice(DATA, DATA + 10))).toBe('early late');
  });

  test('what is typed at a guest without a driver, or a board without the card, is not kept without end', () => {
    driver = new Driver(false, 0x15);
    const many = new Uint8Array(700_000);
    expect(driver.board.receive('hvc0', many)).toBe(700_000);
    expect(driver.board.receive('hvc0', many)).toBe((1 << 20) - 700_000);
    expect(driver.board.receive('hvc0', many)).toBe(0);
    expect(new Board(new FakeHost()).receive('hvc0', keys('x'))).toBe(0);
  });
});
