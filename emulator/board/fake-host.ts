/** A machine for the board's tests: a clock that is moved by hand, and a record of what the board asked for. */

import type { BoardHost, Clock, SerialPort } from './device.ts';

export class FakeClock implements Clock {
  private time = 0;
  private events: { at: number; fire: () => void }[] = [];

  get pending(): number {
    return this.events.length;
  }

  now(): number {
    return this.time;
  }

  spend(ns: number): void {
    this.time += ns;
  }

  schedule(at: number, fire: () => void): () => void {
    const event = { at, fire };
    this.events.push(event);
    return () => {
      this.events = this.events.filter((other) => other !== event);
    };
  }

  /** Lets time pass, firing what falls due in order and at its time. */
  advance(ns: number): void {
    const end = this.time + ns;
    for (;;) {
      const next = this.events.reduce<{ at: number; fire: () => void } | null>(
        (first, event) => (event.at <= end && (!first || event.at < first.at) ? event : first),
        null,
      );
      if (!next) break;
      this.events = this.events.filter((event) => event !== next);
      this.time = Math.max(this.time, next.at);
      next.fire();
    }
    this.time = end;
  }
}

export class FakeHost implements BoardHost {
  readonly clock = new FakeClock();
  readonly ramSize = 64 << 20;
  readonly pins = new Map<number, boolean>();
  readonly sent: Record<SerialPort, number[]> = { com1: [], com2: [], cbus: [], hvc0: [] };
  resets = 0;
  powerOffs = 0;

  /** The first MiB of RAM. */
  readonly ram = new Uint8Array(1 << 20);

  constructor(readonly bigEndian = false) {}

  dmaRead(gpa: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length).fill(0xff);
    bytes.set(this.ram.subarray(gpa, gpa + length));
    return bytes;
  }

  dmaWrite(gpa: number, bytes: Uint8Array): void {
    this.ram.set(bytes.subarray(0, Math.max(0, this.ram.length - gpa)), Math.min(gpa, this.ram.length));
  }

  setCpuInterrupt(pin: number, level: boolean): void {
    this.pins.set(pin, level);
  }

  transmit(port: SerialPort, byte: number): void {
    this.sent[port].push(byte);
  }

  softReset(): void {
    this.resets++;
  }

  powerOff(): void {
    this.powerOffs++;
  }
}
