/**
 * NS16550A serial port with FIFOs: COM1 and COM2 in the Super I/O chip, and the FPGA's port on the CBUS.
 *
 * Source: National Semiconductor PC16550D datasheet (TL/C/8652). The line is infinitely fast outwards: a byte written
 * to THR is gone at once, so THR and the shift register are always empty. Inwards, bytes wait in a host queue until
 * the receiver has room, so the guest never sees an overrun.
 */

import type { AccessSize, Clock, Device, IrqLine } from './device.ts';

const REG = { data: 0, ier: 1, iirFcr: 2, lcr: 3, mcr: 4, lsr: 5, msr: 6, scr: 7 } as const;
const IER = { receive: 0x01, transmit: 0x02, line: 0x04, modem: 0x08 } as const;
const IIR = { none: 0x01, modem: 0x00, transmit: 0x02, receive: 0x04, line: 0x06, timeout: 0x0c, fifos: 0xc0 } as const;
const FCR = { enable: 0x01, clearReceive: 0x02 } as const;
const LCR = { wordLength: 0x03, twoStops: 0x04, parity: 0x08, divisorLatch: 0x80 } as const;
const MCR = { dtr: 0x01, rts: 0x02, out1: 0x04, out2: 0x08, loop: 0x10 } as const;
const LSR = { dataReady: 0x01, transmitterEmpty: 0x60 } as const;
const MSR = { cts: 0x10, dsr: 0x20, ri: 0x40, dcd: 0x80 } as const;

const FIFO_SIZE = 16;
const TRIGGER_LEVELS = [1, 4, 8, 14] as const;
const INPUT_CLOCK_HZ = 1_843_200;

/** Bytes the host may have waiting; more are refused by {@link Uart16550.receive}. */
export const MAX_HOST_QUEUE = 1 << 20;

export interface UartOptions {
  name: string;
  /** Bytes from one register to the next: 1 on ISA, 8 on the CBUS. */
  stride: number;
  /** On a PC's bus the OUT2 pin gates the interrupt. */
  out2GatesIrq: boolean;
  irq: IrqLine;
  transmit: (byte: number) => void;
  clock: Clock;
  /** Input clock in Hz, 16 times the baud rate at divisor 1. */
  inputClockHz?: number;
}

export class Uart16550 implements Device {
  readonly name: string;
  private ier = 0;
  private fcr = 0;
  private lcr = 0;
  private mcr: number = MCR.out2;
  private msrDelta = 0;
  private scr = 0;
  private divisor = 12;
  private overrun = false;
  private transmitPending = false;
  private timeoutPending = false;
  private cancelTimeout: (() => void) | null = null;
  private irqLevel = false;

  private readonly fifo = new Uint8Array(FIFO_SIZE);
  private fifoStart = 0;
  private fifoCount = 0;

  /** Input that has not reached the receiver yet, oldest chunk first. */
  private hostQueue: Uint8Array[] = [];
  private hostOffset = 0;
  private hostBytes = 0;

  constructor(private readonly options: UartOptions) {
    this.name = options.name;
    this.reset();
  }

  /** Bytes of input waiting outside the receiver. */
  get queued(): number {
    return this.hostBytes;
  }

  /** Queues input from the host; returns how many of the bytes were taken (the queue holds {@link MAX_HOST_QUEUE}). */
  receive(bytes: Uint8Array): number {
    const taken = Math.min(bytes.length, MAX_HOST_QUEUE - this.hostBytes);
    if (taken > 0) {
      this.hostQueue.push(bytes.slice(0, taken));
      this.hostBytes += taken;
      this.fill();
      this.update();
    }
    return taken;
  }

  /** Discards input that has not reached the receiver. */
  clearInput(): void {
    this.hostQueue = [];
    this.hostOffset = 0;
    this.hostBytes = 0;
  }

  /** Any access size reaches the register at `offset / stride`, as on the CBUS, where registers are 64 bits wide. */
  read(offset: number, _size: AccessSize): number {
    const register = Math.floor(offset / this.options.stride);
    const dlab = (this.lcr & LCR.divisorLatch) !== 0;
    switch (register) {
      case REG.data:
        return dlab ? this.divisor & 0xff : this.readData();
      case REG.ier:
        return dlab ? this.divisor >> 8 : this.ier;
      case REG.iirFcr:
        return this.readIir();
      case REG.lcr:
        return this.lcr;
      case REG.mcr:
        return this.mcr;
      case REG.lsr:
        return this.readLsr();
      case REG.msr:
        return this.readMsr();
      case REG.scr:
        return this.scr;
      default:
        return 0;
    }
  }

  write(offset: number, _size: AccessSize, value: number): void {
    const byte = value & 0xff;
    const dlab = (this.lcr & LCR.divisorLatch) !== 0;
    switch (Math.floor(offset / this.options.stride)) {
      case REG.data:
        if (dlab) this.divisor = (this.divisor & 0xff00) | byte;
        else this.writeData(byte);
        break;
      case REG.ier:
        if (dlab) this.divisor = (this.divisor & 0xff) | (byte << 8);
        else this.writeIer(byte & 0x0f);
        break;
      case REG.iirFcr:
        this.writeFcr(byte);
        break;
      case REG.lcr:
        this.lcr = byte;
        break;
      case REG.mcr:
        this.writeMcr(byte & 0x1f);
        break;
      case REG.scr:
        this.scr = byte;
        break;
      // LSR and MSR are for reading; the datasheet keeps writes to them for factory tests.
    }
    this.update();
  }

  /** Master reset. Input waiting in the host queue stays. */
  reset(): void {
    this.ier = 0;
    this.fcr = 0;
    this.lcr = 0;
    // The divisor and OUT2 as the firmware leaves them: 9600 baud, interrupts let through (as QEMU has it).
    this.mcr = MCR.out2;
    this.divisor = 12;
    this.msrDelta = 0;
    this.scr = 0;
    this.overrun = false;
    this.transmitPending = false;
    this.clearFifo();
    this.update();
  }

  private readData(): number {
    let byte = 0;
    if (this.fifoCount > 0) {
      byte = this.fifo[this.fifoStart]!;
      this.fifoStart = (this.fifoStart + 1) % FIFO_SIZE;
      this.fifoCount--;
    }
    this.stopTimeout();
    this.fill();
    this.update();
    return byte;
  }

  private writeData(byte: number): void {
    if (this.mcr & MCR.loop) {
      if (this.fifoCount < this.capacity()) this.push(byte);
      else this.overrun = true;
    } else {
      this.options.transmit(byte);
    }
    // THR empties at once, which is a new transmitter-empty event.
    this.transmitPending = true;
  }

  private writeIer(value: number): void {
    const enabled = value & ~this.ier;
    this.ier = value;
    // Enabling the interrupt while THR is empty raises it: drivers start their output so.
    if (enabled & IER.transmit) this.transmitPending = true;
  }

  private writeFcr(value: number): void {
    const toggled = ((value ^ this.fcr) & FCR.enable) !== 0;
    // The other bits are only programmed while bit 0 is written as 1.
    this.fcr = value & FCR.enable ? value & 0xc9 : 0;
    if (toggled || (value & FCR.enable && value & FCR.clearReceive)) this.clearFifo();
    this.fill();
  }

  private writeMcr(value: number): void {
    const before = this.modemLines();
    this.mcr = value;
    const after = this.modemLines();
    const changed = before ^ after;
    // DCTS, DDSR and DDCD tell any change, TERI the trailing edge of the ring indicator.
    this.msrDelta |= (changed & (MSR.cts | MSR.dsr | MSR.dcd)) >> 4;
    if (before & ~after & MSR.ri) this.msrDelta |= MSR.ri >> 4;
    this.fill();
  }

  private readIir(): number {
    const id = this.interruptId();
    if (id === IIR.transmit) {
      this.transmitPending = false;
      this.update();
    }
    return id | (this.fcr & FCR.enable ? IIR.fifos : 0);
  }

  private readLsr(): number {
    const value = LSR.transmitterEmpty | (this.fifoCount > 0 ? LSR.dataReady : 0) | (this.overrun ? 0x02 : 0);
    this.overrun = false;
    this.update();
    return value;
  }

  private readMsr(): number {
    const value = this.modemLines() | this.msrDelta;
    this.msrDelta = 0;
    this.update();
    return value;
  }

  /** MSR's upper half. Outside loopback a terminal is always there and ready. */
  private modemLines(): number {
    if (!(this.mcr & MCR.loop)) return MSR.dcd | MSR.dsr | MSR.cts;
    return (
      (this.mcr & MCR.rts ? MSR.cts : 0) |
      (this.mcr & MCR.dtr ? MSR.dsr : 0) |
      (this.mcr & MCR.out1 ? MSR.ri : 0) |
      (this.mcr & MCR.out2 ? MSR.dcd : 0)
    );
  }

  private capacity(): number {
    return this.fcr & FCR.enable ? FIFO_SIZE : 1;
  }

  private triggerLevel(): number {
    return this.fcr & FCR.enable ? TRIGGER_LEVELS[(this.fcr >> 6) as 0 | 1 | 2 | 3] : 1;
  }

  private push(byte: number): void {
    this.fifo[(this.fifoStart + this.fifoCount) % FIFO_SIZE] = byte;
    this.fifoCount++;
    this.stopTimeout();
  }

  /** Moves input from the host queue into the receiver. In loopback the receiver's pin is cut off. */
  private fill(): void {
    if (this.mcr & MCR.loop) return;
    while (this.hostBytes > 0 && this.fifoCount < this.capacity()) {
      const chunk = this.hostQueue[0]!;
      this.push(chunk[this.hostOffset]!);
      this.hostBytes--;
      if (++this.hostOffset === chunk.length) {
        this.hostQueue.shift();
        this.hostOffset = 0;
      }
    }
  }

  private clearFifo(): void {
    this.fifoStart = 0;
    this.fifoCount = 0;
    this.stopTimeout();
  }

  /** Four character times without a byte moving raise the character timeout, so a short line is not left waiting. */
  private startTimeout(): void {
    if (this.cancelTimeout) return;
    const bits =
      1 + 5 + (this.lcr & LCR.wordLength) + (this.lcr & LCR.parity ? 1 : 0) + (this.lcr & LCR.twoStops ? 2 : 1);
    const hz = this.options.inputClockHz ?? INPUT_CLOCK_HZ;
    const characterNs = Math.ceil((bits * 16 * Math.max(1, this.divisor) * 1e9) / hz);
    const { clock } = this.options;
    this.cancelTimeout = clock.schedule(clock.now() + 4 * characterNs, () => {
      this.cancelTimeout = null;
      this.timeoutPending = true;
      this.update();
    });
  }

  private stopTimeout(): void {
    this.timeoutPending = false;
    this.cancelTimeout?.();
    this.cancelTimeout = null;
  }

  private interruptId(): number {
    if (this.ier & IER.line && this.overrun) return IIR.line;
    if (this.ier & IER.receive) {
      if (this.fifoCount >= this.triggerLevel()) return IIR.receive;
      if (this.timeoutPending) return IIR.timeout;
    }
    if (this.ier & IER.transmit && this.transmitPending) return IIR.transmit;
    if (this.ier & IER.modem && this.msrDelta) return IIR.modem;
    return IIR.none;
  }

  private update(): void {
    const waiting = this.fifoCount > 0 && this.fifoCount < this.triggerLevel() && !this.timeoutPending;
    if (waiting && this.ier & IER.receive) this.startTimeout();
    const gate = !this.options.out2GatesIrq || (this.mcr & MCR.out2) !== 0;
    const level = gate && this.interruptId() !== IIR.none;
    if (level === this.irqLevel) return;
    this.irqLevel = level;
    this.options.irq(level);
  }
}
