/** What a device on the board is, and what it may ask of the machine around it. */

export type AccessSize = 1 | 2 | 4;

/**
 * A block of registers on the physical bus. Offsets are bytes from the block's base; values are unsigned and of the
 * access's size. Guest mistakes never throw: an unknown register reads 0 and swallows writes.
 */
export interface Device {
  readonly name: string;
  read(offset: number, size: AccessSize): number;
  write(offset: number, size: AccessSize, value: number): void;
  reset(): void;
}

/** Raises or lowers an interrupt line. */
export type IrqLine = (level: boolean) => void;

/** The machine's virtual clock. Nothing on the board may read any other. */
export interface Clock {
  /** Virtual nanoseconds since power-on, a whole number. */
  now(): number;
  /** Virtual time that the access under way takes, in whole nanoseconds. */
  spend(ns: number): void;
  /** Calls `fire` at the first instruction boundary at or after `atNs`. Returns a function that cancels it. */
  schedule(atNs: number, fire: () => void): () => void;
}

/** The machine, as the board sees it. */
export interface BoardHost {
  readonly clock: Clock;
  readonly bigEndian: boolean;
  /** Guest RAM size in bytes. */
  readonly ramSize: number;
  /** Drives Cause.IP2 (i8259 cascade), IP4 (CBUS UART) and the rest of the CPU's hardware interrupt pins, 2 to 7. */
  setCpuInterrupt(pin: number, level: boolean): void;
  /** A bus master reads guest RAM: `length` bytes by ascending address; ones where there is no RAM. */
  dmaRead(gpa: number, length: number): Uint8Array;
  /** A bus master writes guest RAM by ascending address; what lies outside RAM is lost. */
  dmaWrite(gpa: number, bytes: Uint8Array): void;
  /** A byte leaves a serial port. */
  transmit(port: SerialPort, byte: number): void;
  /** Restarts the machine (SOFTRES) at the end of the instruction. */
  softReset(): void;
  /** The guest switched the power off. */
  powerOff(): void;
}

export type UartName = 'com1' | 'com2' | 'cbus';
/** Where a guest may have a console: a UART, or the virtio console card. */
export type SerialPort = UartName | 'hvc0';
