/**
 * PCI configuration space: functions on bus 0 and the type 0 cycles that reach them.
 *
 * Source: PCI Local Bus Specification 2.1, chapter 6, and 3.2.2.3.2 (configuration mechanism 1).
 * All values are little endian, as on the bus: byte 0 of a register is its bits 7 to 0.
 */

export const CONFIG = {
  vendor: 0x00,
  device: 0x02,
  command: 0x04,
  status: 0x06,
  revision: 0x08,
  classCode: 0x09,
  headerType: 0x0e,
  bar0: 0x10,
  interruptLine: 0x3c,
  interruptPin: 0x3d,
} as const;

/** CFGADDR: enable bit, bus, device and function, register. */
const ADDRESS = { enable: 0x80000000, bus: 0x00ff0000, deviceFunction: 0xff00, register: 0xfc } as const;

const COMMAND_WRITABLE = 0x0507;
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
}

/** One function's 256 bytes of configuration space. */
export class PciFunction {
  protected readonly config = new Uint8Array(256);
  private readonly initial = new Uint8Array(256);
  private readonly writable = new Uint8Array(256);
  private readonly clearable = new Uint8Array(256);

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
  }

  /** Gives `bytes` bytes at `register` their reset value and the bits that software may write. */
  define(register: number, bytes: number, value: number, writable: number): void {
    for (let i = 0; i < bytes; i++) {
      this.initial[register + i] = this.config[register + i] = (value >>> (8 * i)) & 0xff;
      this.writable[register + i] = (writable >>> (8 * i)) & 0xff;
    }
  }

  /** A base address register of `size` bytes (a power of two), memory or I/O; software sizes it by writing ones. */
  defineBar(index: number, size: number, space: 'memory' | 'io'): void {
    const type = space === 'io' ? 1 : 0;
    this.define(CONFIG.bar0 + 4 * index, 4, type, ~(size - 1) >>> 0);
  }

  /** The 32-bit register at `register`, a multiple of 4. */
  readConfig(register: number): number {
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
    this.configChanged(register);
  }

  reset(): void {
    this.config.set(this.initial);
    for (let register = 0; register < 256; register += 4) this.configChanged(register);
  }

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
