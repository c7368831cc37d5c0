/**
 * PCI configuration space: functions on bus 0 and the type 0 cycles that reach them.
 *
 * Source: PCI Local Bus Specification 2.1, chapter 6, and 3.2.2.3.2 (configuration mechanism 1); 2.3, 6.2.2 and 6.2.3
 * (interrupt disable and status).
 * All values are little endian, as on the bus: byte 0 of a register is its bits 7 to 0.
 */

import type { AccessSize, IrqLine } from './device.ts';

export const CONFIG = {
  vendor: 0x00,
  device: 0x02,
  command: 0x04,
  status: 0x06,
  revision: 0x08,
  classCode: 0x09,
  headerType: 0x0e,
  bar0: 0x10,
  subsystemVendor: 0x2c,
  subsystem: 0x2e,
  capabilities: 0x34,
  interruptLine: 0x3c,
  interruptPin: 0x3d,
} as const;

/** CFGADDR: enable bit, bus, device and function, register. */
const ADDRESS = { enable: 0x80000000, bus: 0x00ff0000, deviceFunction: 0xff00, register: 0xfc } as const;

export const COMMAND = { io: 0x0001, memory: 0x0002, master: 0x0004, interruptDisable: 0x0400 } as const;
const COMMAND_WRITABLE = 0x0507;
const STATUS_INTERRUPT = 0x08;
const STATUS_CAPABILITIES = 0x10;
const STATUS_CLEARABLE = 0xf900;

export interface PciIdentity {
  vendor: number;
  device: number;
  revision: number;
  /** Class, subclass and programming interface, 24 bits. */
  classCode: number;
  status: number;
  command?: number;
  multiFunction?: boolean;
  /** 1 for INTA to 4 for INTD; 0 or absent: none. */
  interruptPin?: number;
  subsystemVendor?: number;
  subsystem?: number;
}

/** A base address register: `size` bytes of memory or I/O space, at `base` or (null) not decoded. */
export interface Bar {
  readonly index: number;
  readonly size: number;
  readonly space: 'memory' | 'io';
  base: number | null;
}

/** One function's 256 bytes of configuration space. */
export class PciFunction {
  protected readonly config = new Uint8Array(256);
  private readonly initial = new Uint8Array(256);
  private readonly writable = new Uint8Array(256);
  private readonly clearable = new Uint8Array(256);
  readonly bars: Bar[] = [];
  /** Told when a base address register starts, moves or ends its decoding; first of all by the first reset. */
  barMoved: (bar: Bar) => void = () => {};
  /** Drives the function's interrupt pin. */
  interruptLine: IrqLine = () => {};
  private interrupting = false;

  constructor(identity: PciIdentity) {
    this.define(CONFIG.vendor, 2, identity.vendor, 0);
    this.define(CONFIG.device, 2, identity.device, 0);
    this.define(CONFIG.command, 2, identity.command ?? 0, COMMAND_WRITABLE);
    this.define(CONFIG.status, 2, identity.status, 0);
    this.clearable[CONFIG.status + 1] = STATUS_CLEARABLE >> 8;
    this.define(CONFIG.revision, 1, identity.revision, 0);
    this.define(CONFIG.classCode, 3, identity.classCode, 0);
    // Cache line size.
    this.define(0x0c, 1, 0, 0xff);
    this.define(CONFIG.headerType, 1, identity.multiFunction ? 0x80 : 0, 0);
    this.define(CONFIG.interruptLine, 1, 0, 0xff);
    this.define(CONFIG.interruptPin, 1, identity.interruptPin ?? 0, 0);
    this.define(CONFIG.subsystemVendor, 2, identity.subsystemVendor ?? 0, 0);
    this.define(CONFIG.subsystem, 2, identity.subsystem ?? 0, 0);
  }

  get command(): number {
    return this.config[CONFIG.command]! | (this.config[CONFIG.command + 1]! << 8);
  }

  /** Gives `bytes` bytes at `register` their reset value and the bits that software may write. */
  define(register: number, bytes: number, value: number, writable: number): void {
    for (let i = 0; i < bytes; i++) {
      this.initial[register + i] = this.config[register + i] = (value >>> (8 * i)) & 0xff;
      this.writable[register + i] = (writable >>> (8 * i)) & 0xff;
    }
  }

  /**
   * A base address register of `size` bytes (a power of two), memory or I/O; software sizes it by writing ones. Behind
   * the GT-64120 stands a PC's 64 KiB of I/O space, so the upper half of an I/O base is hardwired to 0 (6.2.5.1).
   */
  defineBar(index: number, size: number, space: 'memory' | 'io'): void {
    const mask = ~(size - 1) >>> 0;
    this.define(CONFIG.bar0 + 4 * index, 4, space === 'io' ? 1 : 0, space === 'io' ? mask & 0xffff : mask);
    this.bars.push({ index, size, space, base: null });
  }

  /** Puts a capability in front of the list; `body` is what follows its two bytes of header. */
  defineCapability(register: number, id: number, body: readonly number[]): void {
    const next = this.config[CONFIG.capabilities]!;
    [id, next, ...body].forEach((byte, i) => this.define(register + i, 1, byte, 0));
    this.define(CONFIG.capabilities, 1, register, 0);
    this.define(CONFIG.status, 1, this.config[CONFIG.status]! | STATUS_CAPABILITIES, 0);
  }

  /** Asks for an interrupt, or no more. The pin follows unless the command register disables it. */
  protected setInterrupt(level: boolean): void {
    this.interrupting = level;
    const status = this.config[CONFIG.status]! & ~STATUS_INTERRUPT;
    this.config[CONFIG.status] = status | (level ? STATUS_INTERRUPT : 0);
    this.interruptLine(level && !(this.command & COMMAND.interruptDisable));
  }

  /** The 32-bit register at `register`, a multiple of 4. */
  readConfig(register: number): number {
    return this.readRegister(register);
  }

  protected readRegister(register: number): number {
    const c = this.config;
    return (c[register]! | (c[register + 1]! << 8) | (c[register + 2]! << 16) | (c[register + 3]! << 24)) >>> 0;
  }

  /** Writes the byte lanes of `value` that `lanes` covers (whole bytes of ones). */
  writeConfig(register: number, value: number, lanes: number): void {
    for (let i = 0; i < 4; i++) {
      if (!((lanes >>> (8 * i)) & 0xff)) continue;
      const byte = (value >>> (8 * i)) & 0xff;
      const at = register + i;
      const mask = this.writable[at]!;
      this.config[at] = ((this.config[at]! & ~mask) | (byte & mask)) & ~(byte & this.clearable[at]!);
    }
    this.applyCommand();
    this.configChanged(register);
  }

  reset(): void {
    this.config.set(this.initial);
    this.interrupting = false;
    this.applyCommand();
    for (let register = 0; register < 256; register += 4) this.configChanged(register);
  }

  private applyCommand(): void {
    this.setInterrupt(this.interrupting);
    for (const bar of this.bars) {
      const enabled = this.command & (bar.space === 'io' ? COMMAND.io : COMMAND.memory);
      const address = (this.readRegister(CONFIG.bar0 + 4 * bar.index) & ~(bar.size - 1)) >>> 0;
      // Address 0 is what an unassigned register holds.
      const base = enabled && address !== 0 ? address : null;
      if (base === bar.base) continue;
      bar.base = base;
      this.barMoved(bar);
    }
  }

  /** A load of `size` bytes at `offset` in the space that base address register `bar` opens. */
  readBar(_bar: number, _offset: number, _size: AccessSize): number {
    return 0;
  }

  writeBar(_bar: number, _offset: number, _size: AccessSize, _value: number): void {}

  /** A register was written or reset. */
  protected configChanged(_register: number): void {}
}

/** Bus 0. There is no bridge, so every other bus is empty. */
export class PciBus {
  private readonly functions = new Map<number, PciFunction>();

  attach(device: number, fn: number, target: PciFunction): void {
    this.functions.set((device << 3) | fn, target);
  }

  /** The register that a CFGADDR value names, or null when no function answers (a master abort). */
  read(address: number): number | null {
    return this.find(address)?.readConfig(address & ADDRESS.register) ?? null;
  }

  /** Returns false when no function answers. */
  write(address: number, value: number, lanes: number): boolean {
    const target = this.find(address);
    target?.writeConfig(address & ADDRESS.register, value, lanes);
    return target !== undefined;
  }

  reset(): void {
    for (const target of this.functions.values()) target.reset();
  }

  private find(address: number): PciFunction | undefined {
    if (!(address & ADDRESS.enable) || address & ADDRESS.bus) return undefined;
    return this.functions.get((address & ADDRESS.deviceFunction) >> 8);
  }
}
