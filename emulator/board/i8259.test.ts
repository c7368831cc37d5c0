import { beforeEach, describe, expect, test } from 'vitest';
import { I8259Pair } from './i8259.ts';

const MASTER = 0;
const SLAVE = 2;
let pic: I8259Pair;
let int = false;

const write = (offset: number, ...values: number[]): void => values.forEach((value) => pic.write(offset, 1, value));

/** The initialisation Linux and YAMON do, with given vector bases and ICW4. */
function initialise(masterBase = 0x20, slaveBase = 0x28, icw4 = 0x01): void {
  write(MASTER, 0x11);
  write(MASTER + 1, masterBase, 0x04, icw4);
  write(SLAVE, 0x11);
  write(SLAVE + 1, slaveBase, 0x02, 0x01);
}

beforeEach(() => {
  pic = new I8259Pair((level) => (int = level));
  initialise();
});

describe('requests', () => {
  test('an edge is latched, raises INT, and is acknowledged once', () => {
    pic.setIrq(4, true);
    expect(int).toBe(true);
    expect(pic.read(MASTER, 1)).toBe(0x10);
    expect(pic.acknowledge()).toBe(0x24);
    expect(int).toBe(false);
    write(MASTER, 0x0b);
    expect(pic.read(MASTER, 1)).toBe(0x10);
    write(MASTER, 0x20);
    expect(pic.read(MASTER, 1)).toBe(0);
    // The line is still high: no new edge, no new request.
    expect(int).toBe(false);
    pic.setIrq(4, false);
    pic.setIrq(4, true);
    expect(int).toBe(true);
  });

  test('a masked input waits', () => {
    write(MASTER + 1, 0xff);
    expect(pic.read(MASTER + 1, 1)).toBe(0xff);
    pic.setIrq(1, true);
    expect(int).toBe(false);
    write(MASTER + 1, 0xfd);
    expect(pic.acknowledge()).toBe(0x21);
  });

  test('ICW1 clears the mask and needs a new edge', () => {
    write(MASTER + 1, 0xff);
    pic.setIrq(5, true);
    initialise();
    expect(pic.read(MASTER + 1, 1)).toBe(0);
    expect(int).toBe(false);
  });

  test('a request that goes away leaves a spurious vector 7, and 15 on the slave', () => {
    pic.setIrq(3, true);
    pic.setIrq(3, false);
    expect(pic.acknowledge()).toBe(0x27);
    write(MASTER, 0x0b);
    expect(pic.read(MASTER, 1)).toBe(0);
  });

  test('the slave comes in on IR2', () => {
    pic.setIrq(8, true);
    expect(pic.acknowledge()).toBe(0x28);
    pic.setIrq(12, true);
    expect(int).toBe(false);
    write(SLAVE, 0x20);
    write(MASTER, 0x62);
    expect(pic.acknowledge()).toBe(0x2c);
  });

  test('a second request of the slave is not lost behind the first', () => {
    pic.setIrq(12, true);
    expect(pic.acknowledge()).toBe(0x2c);
    pic.setIrq(8, true);
    write(MASTER, 0x62);
    expect(pic.acknowledge()).toBe(0x28);
  });

  test('Malta sets vector bases 0 and 8, so the vectors are the IRQ numbers', () => {
    initialise(0, 8);
    pic.setIrq(4, true);
    expect(pic.acknowledge()).toBe(4);
    write(MASTER, 0x20);
    pic.setIrq(9, true);
    expect(pic.acknowledge()).toBe(9);
  });
});

describe('levels', () => {
  test('ELCR makes an input level-triggered, but not 0, 1, 2, 8 and 13', () => {
    write(4, 0xff);
    write(5, 0xff);
    expect([pic.read(4, 1), pic.read(5, 1)]).toEqual([0xf8, 0xde]);
    pic.setIrq(5, true);
    expect(pic.acknowledge()).toBe(0x25);
    write(MASTER, 0x20);
    expect(int).toBe(true);
    pic.setIrq(5, false);
    expect(int).toBe(false);
  });
});

describe('priority', () => {
  test('a higher one interrupts a lower one, not the reverse', () => {
    pic.setIrq(4, true);
    pic.acknowledge();
    pic.setIrq(6, true);
    expect(int).toBe(false);
    pic.setIrq(1, true);
    expect(pic.acknowledge()).toBe(0x21);
    // The non-specific EOI ends the highest in service.
    write(MASTER, 0x20, 0x0b);
    expect(pic.read(MASTER, 1)).toBe(0x10);
  });

  test('rotation on EOI and set priority', () => {
    pic.setIrq(3, true);
    pic.acknowledge();
    write(MASTER, 0xa0);
    pic.setIrq(0, true);
    pic.setIrq(4, true);
    expect(pic.acknowledge()).toBe(0x24);
    write(MASTER, 0x20, 0xc7);
    expect(pic.acknowledge()).toBe(0x20);
  });

  test('special mask mode lets lower ones through', () => {
    pic.setIrq(4, true);
    pic.acknowledge();
    pic.setIrq(6, true);
    write(MASTER + 1, 0x10);
    expect(int).toBe(false);
    write(MASTER, 0x68);
    expect(int).toBe(true);
    expect(pic.acknowledge()).toBe(0x26);
    write(MASTER, 0x48);
    expect(int).toBe(false);
  });

  test('automatic EOI leaves nothing in service, and may rotate', () => {
    initialise(0x20, 0x28, 0x03);
    write(MASTER, 0x80);
    pic.setIrq(3, true);
    expect(pic.acknowledge()).toBe(0x23);
    write(MASTER, 0x0b);
    expect(pic.read(MASTER, 1)).toBe(0);
    pic.setIrq(1, true);
    pic.setIrq(5, true);
    expect(pic.acknowledge()).toBe(0x25);
  });
});

test('a poll is an acknowledge', () => {
  write(MASTER, 0x0c);
  expect(pic.read(MASTER, 1)).toBe(0);
  pic.setIrq(6, true);
  write(MASTER, 0x0c);
  expect(pic.read(MASTER, 1)).toBe(0x86);
  expect(int).toBe(false);
});
