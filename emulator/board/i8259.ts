/**
 * The PC's pair of 8259A interrupt controllers, as the PIIX4 holds them, with its edge/level registers.
 *
 * Sources: Intel 8259A datasheet (231468-003); Intel 82371AB (PIIX4) datasheet (290562-001), ELCR1 and ELCR2.
 */

import type { AccessSize, Device, IrqLine } from './device.ts';

const ICW1 = { ic4: 0x01, single: 0x02, ltim: 0x08, select: 0x10 } as const;
const ICW4 = { aeoi: 0x02, sfnm: 0x10 } as const;
const OCW3 = { readRegister: 0x02, readIsr: 0x01, poll: 0x04, select: 0x08, smm: 0x20, esmm: 0x40 } as const;
const CASCADE_INPUT = 2;

/** IRQ 0, 1, 2, 8 and 13 are edge-triggered always. */
const ELCR_WRITABLE = [0xf8, 0xde] as const;

/** One 8259A. */
class Chip {
  irr = 0;
  isr = 0;
  imr = 0;
  /** Edge/level control register: a set bit makes the input level-triggered. */
  elcr = 0;
  inputs = 0;
  vectorBase = 0;
  private lowestPriority = 7;
  /** The initialisation word that the next write to the odd port carries: 2, 3, 4, or 0 when initialised. */
  private nextIcw = 0;
  private icw1 = 0;
  private autoEoi = false;
  private rotateOnAutoEoi = false;
  private specialFullyNested = false;
  private specialMask = false;
  private readIsr = false;
  private polled = false;

  /** `cascades` is the set of inputs that other 8259As drive. */
  constructor(private readonly cascades: number) {}

  reset(): void {
    this.initialise(0);
    this.elcr = 0;
    this.irr = 0;
    this.vectorBase = 0;
    this.nextIcw = 0;
  }

  setInput(n: number, level: boolean): void {
    const bit = 1 << n;
    const rising = level && !(this.inputs & bit);
    if (!level) {
      this.inputs &= ~bit;
      // A request withdrawn before its acknowledge is forgotten: the acknowledge then finds a spurious IR7.
      this.irr &= ~bit;
    } else {
      this.inputs |= bit;
      if (rising || this.levelTriggered() & bit) this.irr |= bit;
    }
  }

  /** The input to be served now, or -1. */
  pending(): number {
    const requests = this.irr & ~this.imr;
    if (!requests) return -1;
    let serving = this.isr;
    if (this.specialMask) serving &= ~this.imr;
    // A master in special fully nested mode lets a slave interrupt its own service routine.
    if (this.specialFullyNested) serving &= ~this.cascades;
    const wanted = this.highest(requests);
    if (serving && this.rank(this.highest(serving)) <= this.rank(wanted)) return -1;
    return wanted;
  }

  /** The INTA cycle: the input whose vector goes out, 7 when the request has gone away. */
  acknowledge(): { input: number; spurious: boolean } {
    const input = this.pending();
    if (input < 0) return { input: 7, spurious: true };
    const bit = 1 << input;
    if (!(this.levelTriggered() & bit)) this.irr &= ~bit;
    if (!this.autoEoi) this.isr |= bit;
    else if (this.rotateOnAutoEoi) this.lowestPriority = input;
    return { input, spurious: false };
  }

  readRegister(odd: boolean): number {
    if (this.polled) {
      this.polled = false;
      const { input, spurious } = this.acknowledge();
      return spurious ? 0 : 0x80 | input;
    }
    if (odd) return this.imr;
    return this.readIsr ? this.isr : this.irr;
  }

  writeRegister(odd: boolean, value: number): void {
    if (odd) {
      if (this.nextIcw === 0) this.imr = value;
      else this.writeIcw(value);
    } else if (value & ICW1.select) {
      this.initialise(value);
    } else if (value & OCW3.select) {
      this.writeOcw3(value);
    } else {
      this.writeOcw2(value);
    }
  }

  private initialise(icw1: number): void {
    this.icw1 = icw1;
    this.nextIcw = 2;
    this.imr = 0;
    this.isr = 0;
    // Edge detection starts anew: an edge-triggered input that is high must fall and rise again.
    this.irr = this.inputs & this.levelTriggered();
    this.lowestPriority = 7;
    this.autoEoi = false;
    this.rotateOnAutoEoi = false;
    this.specialFullyNested = false;
    this.specialMask = false;
    this.readIsr = false;
    this.polled = false;
  }

  private writeIcw(value: number): void {
    const wantsIcw4 = (this.icw1 & ICW1.ic4) !== 0;
    if (this.nextIcw === 2) {
      this.vectorBase = value & 0xf8;
      this.nextIcw = this.icw1 & ICW1.single ? (wantsIcw4 ? 4 : 0) : 3;
    } else if (this.nextIcw === 3) {
      // The cascade is soldered: ICW3 has nothing to tell.
      this.nextIcw = wantsIcw4 ? 4 : 0;
    } else {
      this.autoEoi = (value & ICW4.aeoi) !== 0;
      this.specialFullyNested = (value & ICW4.sfnm) !== 0;
      this.nextIcw = 0;
    }
  }

  private writeOcw2(value: number): void {
    const level = value & 7;
    const serving = this.specialMask ? this.isr & ~this.imr : this.isr;
    const nonSpecific = serving ? this.highest(serving) : -1;
    switch (value >> 5) {
      case 0b000:
        this.rotateOnAutoEoi = false;
        break;
      case 0b100:
        this.rotateOnAutoEoi = true;
        break;
      case 0b001:
      case 0b101:
        if (nonSpecific < 0) break;
        this.isr &= ~(1 << nonSpecific);
        if (value & 0x80) this.lowestPriority = nonSpecific;
        break;
      case 0b011:
        this.isr &= ~(1 << level);
        break;
      case 0b111:
        this.isr &= ~(1 << level);
        this.lowestPriority = level;
        break;
      case 0b110:
        this.lowestPriority = level;
        break;
    }
  }

  private writeOcw3(value: number): void {
    if (value & OCW3.poll) this.polled = true;
    if (value & OCW3.readRegister) this.readIsr = (value & OCW3.readIsr) !== 0;
    if (value & OCW3.esmm) this.specialMask = (value & OCW3.smm) !== 0;
  }

  private levelTriggered(): number {
    return this.icw1 & ICW1.ltim ? 0xff : this.elcr;
  }

  /** 0 for the input of highest priority, 7 for the lowest. */
  private rank(input: number): number {
    return (input - this.lowestPriority - 1) & 7;
  }

  private highest(set: number): number {
    let input = (this.lowestPriority + 1) & 7;
    while (!(set & (1 << input))) input = (input + 1) & 7;
    return input;
  }
}

/** Master and slave, cascaded on IR2. Register offsets: 0-1 master, 2-3 slave, 4-5 ELCR1 and ELCR2. */
export class I8259Pair implements Device {
  readonly name = 'i8259';
  private readonly master = new Chip(1 << CASCADE_INPUT);
  private readonly slave = new Chip(0);
  private readonly chips = [this.master, this.slave] as const;

  /** `output` is the INT pin of the master. */
  constructor(private readonly output: IrqLine) {
    this.reset();
  }

  /** Drives input `irq` (0 to 15, but not the cascade, 2). */
  setIrq(irq: number, level: boolean): void {
    if (irq === CASCADE_INPUT) return;
    this.chips[irq >> 3 === 0 ? 0 : 1].setInput(irq & 7, level);
    this.update();
  }

  /** The input as an interrupt line, for a device's constructor. */
  line(irq: number): IrqLine {
    return (level) => this.setIrq(irq, level);
  }

  /** The acknowledge cycle on the PCI bus: returns the vector, the spurious one (IR7) when nothing is pending. */
  acknowledge(): number {
    const { input, spurious } = this.master.acknowledge();
    let vector = this.master.vectorBase + input;
    if (!spurious && input === CASCADE_INPUT) {
      vector = this.slave.vectorBase + this.slave.acknowledge().input;
      // The slave's INT pin falls during INTA, so a second request of the slave makes a new edge on IR2.
      this.master.setInput(CASCADE_INPUT, false);
    }
    this.update();
    return vector;
  }

  read(offset: number, _size: AccessSize): number {
    if (offset > 5) return 0;
    if (offset >= 4) return this.chips[offset === 4 ? 0 : 1].elcr;
    const value = this.chips[offset < 2 ? 0 : 1].readRegister((offset & 1) !== 0);
    this.update();
    return value;
  }

  write(offset: number, _size: AccessSize, value: number): void {
    const byte = value & 0xff;
    if (offset > 5) return;
    if (offset >= 4) {
      const which = offset === 4 ? 0 : 1;
      this.chips[which].elcr = byte & ELCR_WRITABLE[which];
    } else {
      this.chips[offset < 2 ? 0 : 1].writeRegister((offset & 1) !== 0, byte);
    }
    this.update();
  }

  reset(): void {
    for (const chip of this.chips) chip.reset();
    this.update();
  }

  private update(): void {
    this.master.setInput(CASCADE_INPUT, this.slave.pending() >= 0);
    this.output(this.master.pending() >= 0);
  }
}
