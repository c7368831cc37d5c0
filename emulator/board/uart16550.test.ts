import { beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from './fake-host.ts';
import { MAX_HOST_QUEUE, Uart16550 } from './uart16550.ts';

const [DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR] = [0, 1, 2, 3, 4, 5, 6, 7] as const;
const FCR = IIR;
/** The longest a short line may wait for its interrupt: 4 characters of 10 bits at 9600 baud. */
const FOUR_CHARACTERS_NS = Math.ceil((40 * 1e9) / 9600);

let uart: Uart16550;
let clock: FakeClock;
let sent: number[];
let irq = false;

const read = (register: number): number => uart.read(register, 1);
const write = (register: number, value: number): void => uart.write(register, 1, value);
const bytes = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));

function build(out2GatesIrq = true, stride = 1): void {
  clock = new FakeClock();
  sent = [];
  irq = false;
  uart = new Uart16550({
    name: 'com1',
    stride,
    out2GatesIrq,
    irq: (level) => (irq = level),
    transmit: (byte) => sent.push(byte),
    clock,
  });
}

beforeEach(() => {
  build();
  write(LCR, 0x03);
});

describe('registers', () => {
  test('after reset', () => {
    expect([IER, IIR, LSR, MSR].map(read)).toEqual([0x00, 0x01, 0x60, 0xb0]);
  });

  test('the divisor latch hides data and IER', () => {
    write(LCR, 0x83);
    write(DATA, 0x34);
    write(IER, 0x12);
    expect([read(DATA), read(IER)]).toEqual([0x34, 0x12]);
    write(LCR, 0x03);
    expect(read(IER)).toBe(0);
    expect(sent).toEqual([]);
  });

  test('scratch, and the bits that IER and MCR do not have', () => {
    write(SCR, 0xa5);
    write(IER, 0xff);
    write(MCR, 0xff);
    expect([read(SCR), read(IER), read(MCR)]).toEqual([0xa5, 0x0f, 0x1f]);
  });

  test('IIR tells that FIFOs are on', () => {
    write(FCR, 0x01);
    expect(read(IIR)).toBe(0xc1);
    write(FCR, 0x00);
    expect(read(IIR)).toBe(0x01);
  });

  test('with stride 8, any size of access reaches the register', () => {
    build(false, 8);
    uart.write(SCR * 8, 4, 0x5a);
    expect([uart.read(SCR * 8, 4), uart.read(SCR * 8, 1), uart.read(SCR * 8 + 3, 1)]).toEqual([0x5a, 0x5a, 0x5a]);
    uart.write(0, 4, 0x41);
    expect(sent).toEqual([0x41]);
  });
});

describe('transmitter', () => {
  test('is always empty', () => {
    write(DATA, 0x48);
    write(DATA, 0x69);
    expect(sent).toEqual([0x48, 0x69]);
    expect(read(LSR)).toBe(0x60);
  });

  test('its interrupt comes on enabling, and after each byte; reading IIR or disabling takes it back', () => {
    write(IER, 0x02);
    expect(irq).toBe(true);
    expect(read(IIR)).toBe(0x02);
    expect(irq).toBe(false);
    expect(read(IIR)).toBe(0x01);
    write(DATA, 0x41);
    expect(irq).toBe(true);
    write(IER, 0x00);
    expect(irq).toBe(false);
  });
});

describe('receiver', () => {
  test('without FIFO holds one byte, the rest waits outside', () => {
    expect(uart.receive(bytes('ab'))).toBe(2);
    expect(uart.queued).toBe(1);
    expect(read(LSR)).toBe(0x61);
    expect([read(DATA), read(DATA)]).toEqual([0x61, 0x62]);
    expect(read(LSR)).toBe(0x60);
    expect(read(DATA)).toBe(0);
  });

  test('the FIFO holds 16 and never overruns', () => {
    write(FCR, 0x01);
    uart.receive(bytes('0123456789abcdefXYZ'));
    expect(uart.queued).toBe(3);
    let text = '';
    while (read(LSR) & 1) text += String.fromCharCode(read(DATA));
    expect(text).toBe('0123456789abcdefXYZ');
    expect(read(LSR) & 0x02).toBe(0);
  });

  test('interrupts at its trigger level, and falls silent below it', () => {
    write(FCR, 0x81);
    write(IER, 0x01);
    uart.receive(bytes('1234567'));
    expect(irq).toBe(false);
    uart.receive(bytes('8'));
    expect(read(IIR)).toBe(0xc4);
    read(DATA);
    expect(irq).toBe(false);
  });

  test('below the trigger level the character timeout interrupts, until the next read', () => {
    write(FCR, 0x81);
    write(IER, 0x01);
    uart.receive(bytes('ls'));
    clock.advance(FOUR_CHARACTERS_NS - 1);
    expect(irq).toBe(false);
    clock.advance(FOUR_CHARACTERS_NS);
    expect(irq).toBe(true);
    expect(read(IIR)).toBe(0xcc);
    read(DATA);
    expect(irq).toBe(false);
    clock.advance(2 * FOUR_CHARACTERS_NS);
    expect(read(IIR)).toBe(0xcc);
    read(DATA);
    clock.advance(2 * FOUR_CHARACTERS_NS);
    expect(irq).toBe(false);
    expect(clock.pending).toBe(0);
  });

  test('outranks the transmitter', () => {
    write(IER, 0x03);
    uart.receive(bytes('x'));
    expect(read(IIR)).toBe(0x04);
    read(DATA);
    expect(read(IIR)).toBe(0x02);
  });

  test('FCR clears the FIFO', () => {
    write(FCR, 0x01);
    uart.receive(bytes('abc'));
    write(FCR, 0x03);
    expect(read(LSR)).toBe(0x60);
  });

  test('the host queue has an end', () => {
    expect(uart.receive(new Uint8Array(MAX_HOST_QUEUE + 100))).toBe(MAX_HOST_QUEUE);
    expect(uart.receive(new Uint8Array(100))).toBe(1);
    expect(uart.receive(new Uint8Array(100))).toBe(0);
    uart.clearInput();
    expect(uart.queued).toBe(0);
  });
});

describe('modem', () => {
  test('loopback sends bytes and lines round', () => {
    write(MCR, 0x1a);
    expect(read(MSR) & 0xf0).toBe(0x90);
    write(DATA, 0x5a);
    expect(sent).toEqual([]);
    expect(read(DATA)).toBe(0x5a);
    uart.receive(bytes('a'));
    expect(read(LSR) & 1).toBe(0);
    write(MCR, 0x0b);
    expect(read(DATA)).toBe(0x61);
  });

  test('in loopback a byte too many is an overrun, and tells so', () => {
    write(MCR, 0x18);
    write(IER, 0x04);
    write(DATA, 1);
    write(DATA, 2);
    expect(read(IIR)).toBe(0x06);
    expect(read(LSR) & 0x02).toBe(0x02);
    expect(read(IIR)).toBe(0x01);
  });

  test('changes are remembered until MSR is read', () => {
    write(MCR, 0x18);
    read(MSR);
    write(IER, 0x08);
    write(MCR, 0x1a);
    expect(read(IIR)).toBe(0x00);
    expect(read(MSR)).toBe(0x91);
    expect(read(MSR)).toBe(0x90);
    expect(read(IIR)).toBe(0x01);
  });

  test('on ISA, OUT2 lets the interrupt out; on the CBUS it does not matter', () => {
    write(MCR, 0x00);
    write(IER, 0x02);
    expect(irq).toBe(false);
    write(MCR, 0x08);
    expect(irq).toBe(true);
    build(false);
    write(MCR, 0x00);
    write(IER, 0x02);
    expect(irq).toBe(true);
  });
});
