/**
 * Malta's FPGA: switches, status, LEDs, the eight-character display, reset, general purpose and I2C pins.
 *
 * Source: MIPS Malta User's Manual (MD00048), chapter 4 (registers 0x1f000000 to 0x1f000fff).
 * Registers are 32 bits wide, 8 bytes apart, and in the CPU's own byte order. The CBUS UART at 0x900 is a device of
 * its own.
 */

import type { AccessSize, Device } from './device.ts';
import { SIZE_MASK } from './lanes.ts';

const REG = {
  switch: 0x200,
  status: 0x208,
  jumpers: 0x210,
  ledBar: 0x408,
  asciiWord: 0x410,
  asciiPosition0: 0x418,
  asciiPosition7: 0x450,
  softReset: 0x500,
  breakReset: 0x508,
  gpOut: 0xa00,
  gpIn: 0xa08,
  i2cIn: 0xb00,
  i2cOutputEnable: 0xb08,
  i2cOut: 0xb10,
  i2cSelect: 0xb18,
} as const;

const STATUS = { bigEndian: 0x02, flashReady: 0x10 } as const;
/** What software writes to SOFTRES to restart the board. */
const GO_RESET = 0x42;
const BREAK_RESET = 0x0a;
const DISPLAY_WIDTH = 8;

/** Offsets count from 0x1f000000. */
export class MaltaFpga implements Device {
  readonly name = 'malta-fpga';
  /** The LED bar, one bit a LED. */
  leds = 0;
  private readonly display = new Uint8Array(DISPLAY_WIDTH);
  private asciiWord = 0;
  private breakReset = BREAK_RESET;
  private gpOut = 0;
  private i2cOutputEnable = 0;
  private i2cOut = 3;
  private i2cSelect = 1;

  constructor(
    private readonly bigEndian: boolean,
    private readonly softReset: () => void,
  ) {
    this.reset();
  }

  /** What the display shows: 8 characters, blank where none can be shown. */
  get asciiDisplay(): string {
    let text = '';
    for (const code of this.display) text += code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : ' ';
    return text;
  }

  read(offset: number, size: AccessSize): number {
    return (this.readRegister(offset) & SIZE_MASK[size]) >>> 0;
  }

  write(offset: number, _size: AccessSize, value: number): void {
    const byte = value & 0xff;
    if (offset >= REG.asciiPosition0 && offset <= REG.asciiPosition7) {
      if (!(offset & 7)) this.display[(offset - REG.asciiPosition0) >> 3] = byte;
      return;
    }
    switch (offset) {
      case REG.ledBar:
        this.leds = byte;
        break;
      case REG.asciiWord:
        this.asciiWord = value >>> 0;
        this.showWord();
        break;
      case REG.softReset:
        if (value === GO_RESET) this.softReset();
        break;
      case REG.breakReset:
        this.breakReset = byte;
        break;
      case REG.gpOut:
        this.gpOut = byte;
        break;
      case REG.i2cOutputEnable:
        this.i2cOutputEnable = byte & 3;
        break;
      case REG.i2cOut:
        this.i2cOut = byte & 3;
        break;
      case REG.i2cSelect:
        this.i2cSelect = byte & 1;
        break;
    }
  }

  reset(): void {
    this.leds = 0;
    this.display.fill(0x20);
    this.asciiWord = 0;
    this.breakReset = BREAK_RESET;
    this.gpOut = 0;
    this.i2cOutputEnable = 0;
    this.i2cOut = 3;
    this.i2cSelect = 1;
  }

  private readRegister(offset: number): number {
    switch (offset) {
      case REG.status:
        return STATUS.flashReady | (this.bigEndian ? STATUS.bigEndian : 0);
      case REG.ledBar:
        return this.leds;
      case REG.asciiWord:
        return this.asciiWord;
      case REG.breakReset:
        return this.breakReset;
      case REG.gpOut:
        return this.gpOut;
      case REG.gpIn:
        return 3;
      case REG.i2cIn:
        // Nothing answers on the I2C bus; its clock line floats high.
        return 2;
      case REG.i2cOutputEnable:
        return this.i2cOutputEnable;
      case REG.i2cOut:
        return this.i2cOut;
      case REG.i2cSelect:
        return this.i2cSelect;
      default:
        return 0;
    }
  }

  private showWord(): void {
    const digits = this.asciiWord.toString(16).toUpperCase().padStart(DISPLAY_WIDTH, '0');
    for (let i = 0; i < DISPLAY_WIDTH; i++) this.display[i] = digits.charCodeAt(i);
  }
}
