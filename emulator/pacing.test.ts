import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Pacer } from './pacing.ts';
import { BareMachine } from './testing/bare-machine.ts';

let host = 0;
beforeEach(() => {
  host = 1000;
  vi.spyOn(performance, 'now').mockImplementation(() => host);
});
afterEach(() => vi.restoreAllMocks());

/** A machine whose next event is 10 ms of virtual time away. */
function waiting() {
  const { clock } = new BareMachine();
  clock.schedule(clock.now() + 10e6, () => {});
  return { clock, start: clock.now(), pacer: new Pacer(clock) };
}

it('sleeps until the next event, and the guest gets the time slept', () => {
  const { clock, start, pacer } = waiting();
  expect(pacer.rest()).toBe(10);
  host += 4;
  expect(pacer.wake()).toBe(4);
  expect(clock.now() - start).toBe(4e6);
  expect(pacer.rest()).toBe(6);
});

it('owes what a late timer overshot, and pays it at the next wait', () => {
  const { clock, start, pacer } = waiting();
  pacer.rest();
  host += 13;
  pacer.wake();
  expect(clock.now() - start).toBe(10e6);
  clock.fireDue();
  clock.schedule(clock.now() + 10e6, () => {});
  expect(pacer.rest()).toBe(7);
});

it('sleeps no longer than a limit, nor than the views of a waiting machine may age', () => {
  const { clock, pacer } = waiting();
  expect(pacer.rest(clock.now() + 2e6)).toBe(2);
  clock.fireDue();
  expect(new Pacer(new BareMachine().clock).rest()).toBeLessThanOrEqual(50);
});

it('a pause is no sleep: its time is not the guest’s', () => {
  const { clock, start, pacer } = waiting();
  pacer.rest();
  pacer.stop();
  host += 60_000;
  expect(pacer.wake()).toBe(0);
  expect(clock.now()).toBe(start);
});
