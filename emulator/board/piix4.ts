/**
 * Intel 82371AB PIIX4, the south bridge: function 0 (ISA bridge) and function 3 (power management).
 *
 * Source: Intel 82371AB PCI-TO-ISA/IDE Xcelerator (PIIX4) datasheet (290562-001), chapters 4 and 7.
 * Reset values are those that YAMON, Malta's monitor, leaves where a guest relies on them: interrupt routing and
 * the power management base. Function 1 is in piix4-ide.ts; function 2 (USB) is not there, and does not answer.
 */

import type { AccessSize, Clock, Device, IrqLine } from './device.ts';
import { PciFunction } from './pci.ts';
import { nsToTicks, ticksToNs } from './ticks.ts';

const VENDOR_INTEL = 0x8086;

const ISA = {
  iort: 0x4c,
  xbcs: 0x4e,
  pirqrc: 0x60,
  serirqc: 0x64,
  tom: 0x69,
  pcsc: 0x78,
  gencfg: 0xb0,
  rtccfg: 0xcb,
} as const;
const RCR_RESET_CPU = 0x04;

const ROUTE = { disabled: 0x80, irq: 0x0f } as const;
/** IRQ 3 to 7, 9 to 12, 14 and 15: those that a PIRQ may go to. */
const ROUTABLE = 0xdef8;

/** Function 0. As a device it is the reset control register, port 0xcf9. */
export class Piix4Isa extends PciFunction implements Device {
  readonly name = 'piix4-isa';
  private resetControl = 0;
  /** PIRQA to PIRQD: the lines that hold each active, a bit for a line. */
  private readonly holders = [0, 0, 0, 0];
  private lines = 0;
  /** IRQs that PIRQs raise, a bit for an IRQ. */
  private raised = 0;

  /** @param irq drives an input of the interrupt controllers */
  constructor(
    private readonly softReset: () => void,
    private readonly irq: (irq: number, level: boolean) => void = () => {},
  ) {
    super({
      vendor: VENDOR_INTEL,
      device: 0x7110,
      revision: 0,
      classCode: 0x060100,
      status: 0x0200,
      command: 0x0007,
      multiFunction: true,
    });
    this.define(ISA.iort, 1, 0x4d, 0xff);
    this.define(ISA.xbcs, 2, 0x0003, 0xffff);
    // PIRQA and B to IRQ 10, C and D to IRQ 11.
    this.define(ISA.pirqrc, 4, 0x0b0b0a0a, 0x8f8f8f8f);
    this.define(ISA.serirqc, 1, 0x10, 0xff);
    this.define(ISA.tom, 1, 0x02, 0xff);
    this.define(ISA.pcsc, 2, 0x0002, 0xffff);
    this.define(ISA.gencfg, 4, 0, 0xffffffff);
    this.define(ISA.rtccfg, 1, 0x21, 0x3f);
  }

  read(_offset: number, _size: AccessSize): number {
    return this.resetControl;
  }

  write(_offset: number, _size: AccessSize, value: number): void {
    const started = value & ~this.resetControl & RCR_RESET_CPU;
    this.resetControl = value & 0x06;
    if (started) this.softReset();
  }

  override reset(): void {
    super.reset();
    this.resetControl = 0;
  }

  /** A device's connection to PIRQA (0) to PIRQD (3), which devices share: active while any holds it active. */
  pirq(n: number): IrqLine {
    const line = 1 << this.lines++;
    return (level) => {
      this.holders[n] = (this.holders[n]! & ~line) | (level ? line : 0);
      this.route();
    };
  }

  protected override configChanged(register: number): void {
    if (register === ISA.pirqrc) this.route();
  }

  private route(): void {
    let raised = 0;
    this.holders.forEach((held, n) => {
      const route = this.config[ISA.pirqrc + n]!;
      if (held && !(route & ROUTE.disabled)) raised |= 1 << (route & ROUTE.irq);
    });
    raised &= ROUTABLE;
    const changed = raised ^ this.raised;
    this.raised = raised;
    for (let irq = 0; irq < 16; irq++) if (changed & (1 << irq)) this.irq(irq, (raised & (1 << irq)) !== 0);
  }
}

const SMBUS = { base: 0x90, configuration: 0xd2 } as const;
const SMBUS_ENABLE = 0x01;
export const SMBUS_IO_BASE = 0x1100;
export const SMBUS_IO_SIZE = 16;

const PM = { base: 0x40, misc: 0x80 } as const;
const PM_IO_ENABLE = 0x01;
export const PM_IO_DEFAULT_BASE = 0x1000;
export const PM_IO_SIZE = 64;

const IO = { status: 0x00, enable: 0x02, control: 0x04, timer: 0x08 } as const;
const STATUS = { timerOverflow: 0x0001, clearable: 0x8d31 } as const;
const ENABLE = { timerOverflow: 0x0001, writable: 0x0521 } as const;
const CONTROL = { sciEnable: 0x0001, suspendType: 0x1c00, suspendEnable: 0x2000, writable: 0x3c07 } as const;
const SOFT_OFF = 0;

/** The 14.31818 MHz crystal divided by 4. */
export const PM_TIMER_HZ = 3_579_545;
/** TMROF_STS is set whenever bit 23 of the 24-bit timer changes. */
const TIMER_HALF = 0x800000;

export interface Piix4PmOptions {
  clock: Clock;
  /** SCI, on ISA IRQ 9. */
  irq: IrqLine;
  powerOff: () => void;
  /** The I/O block was moved to `base`, or switched off (null). First called by the first reset. */
  mapped: (base: number | null) => void;
  /** The same of the SMBus controller's block. */
  smbusMapped?: (base: number | null) => void;
}

/** Function 3. As a device it is the block of PM registers in I/O space. */
export class Piix4Pm extends PciFunction implements Device {
  readonly name = 'piix4-pm';
  private status = 0;
  private enable = 0;
  private control = 0;
  /** Overflows of the timer that the status has taken in. */
  private seenHalves = 0;
  private cancel: (() => void) | null = null;
  private mappedAt: number | null = null;
  private smbusAt: number | null = null;

  constructor(private readonly options: Piix4PmOptions) {
    super({
      vendor: VENDOR_INTEL,
      device: 0x7113,
      revision: 3,
      classCode: 0x068000,
      status: 0x0280,
      interruptPin: 1,
    });
    this.define(PM.base, 4, PM_IO_DEFAULT_BASE | 1, 0xffc0);
    // Timers, resource decoding and device traps: storage without effect.
    this.define(0x44, 4, 0, 0xffffffff);
    for (let register = 0x48; register < 0x80; register += 4) this.define(register, 4, 0, 0xffffffff);
    this.define(PM.misc, 1, PM_IO_ENABLE, 0x01);
    this.define(SMBUS.base, 4, SMBUS_IO_BASE | 1, 0xfff0);
    // Enabled, interrupting by IRQ 9.
    this.define(SMBUS.configuration, 1, 0x09, 0x0f);
  }

  read(offset: number, size: AccessSize): number {
    this.settle();
    let value = 0;
    for (let i = 0; i < size; i++) value |= this.byteAt(offset + i) << (8 * i);
    return value >>> 0;
  }

  write(offset: number, size: AccessSize, value: number): void {
    this.settle();
    let suspend = false;
    for (let i = 0; i < size; i++) {
      const at = offset + i;
      const shift = 8 * (at & 1);
      const bits = ((value >>> (8 * i)) & 0xff) << shift;
      const lane = 0xff << shift;
      if ((at & ~1) === IO.status) this.status &= ~(bits & STATUS.clearable);
      else if ((at & ~1) === IO.enable) this.enable = (this.enable & ~lane) | (bits & ENABLE.writable);
      else if ((at & ~1) === IO.control) {
        this.control = (this.control & ~lane) | (bits & CONTROL.writable);
        suspend ||= at === IO.control + 1;
      }
    }
    // SUS_EN is a command, and reads as 0.
    const enabled = (this.control & CONTROL.suspendEnable) !== 0;
    this.control &= ~CONTROL.suspendEnable;
    if (suspend && enabled && (this.control & CONTROL.suspendType) === SOFT_OFF) this.options.powerOff();
    this.update();
  }

  override reset(): void {
    super.reset();
    this.status = 0;
    this.enable = 0;
    this.control = 0;
    this.seenHalves = this.halves();
    this.update();
  }

  protected override configChanged(register: number): void {
    if (register === PM.base || register === PM.misc) {
      const on = this.config[PM.misc]! & PM_IO_ENABLE;
      const base = on ? this.readConfig(PM.base) & 0xffc0 : null;
      if (base !== this.mappedAt) this.options.mapped((this.mappedAt = base));
    } else if (register === SMBUS.base || register === (SMBUS.configuration & ~3)) {
      const on = this.config[SMBUS.configuration]! & SMBUS_ENABLE;
      const base = on ? this.readConfig(SMBUS.base) & 0xfff0 : null;
      if (base !== this.smbusAt) this.options.smbusMapped?.((this.smbusAt = base));
    }
  }

  private byteAt(offset: number): number {
    const shift = 8 * (offset & 3);
    switch (offset & ~3) {
      case IO.status:
        return ((this.status | (this.enable << 16)) >>> shift) & 0xff;
      case IO.control:
        return (this.control >>> shift) & 0xff;
      case IO.timer:
        return ((this.ticks() % (2 * TIMER_HALF)) >>> shift) & 0xff;
      default:
        return 0;
    }
  }

  private ticks(): number {
    return nsToTicks(this.options.clock.now(), PM_TIMER_HZ);
  }

  private halves(): number {
    return Math.floor(this.ticks() / TIMER_HALF);
  }

  private settle(): void {
    const halves = this.halves();
    if (halves !== this.seenHalves) this.status |= STATUS.timerOverflow;
    this.seenHalves = halves;
  }

  private update(): void {
    const sci = (this.control & CONTROL.sciEnable) !== 0;
    this.options.irq(sci && (this.status & this.enable) !== 0);
    this.cancel?.();
    this.cancel = null;
    if (!sci || !(this.enable & ENABLE.timerOverflow) || this.status & STATUS.timerOverflow) return;
    const at = ticksToNs((this.halves() + 1) * TIMER_HALF, PM_TIMER_HZ);
    this.cancel = this.options.clock.schedule(at, () => {
      this.cancel = null;
      this.settle();
      this.update();
    });
  }
}
