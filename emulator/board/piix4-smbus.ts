/**
 * The PIIX4's SMBus host controller, with nothing on the bus: every command ends at once, unanswered.
 *
 * Source: Intel 82371AB (PIIX4) datasheet (290562-001), 7.3 (SMBus I/O registers). It raises no interrupts.
 */

import type { AccessSize, Device } from './device.ts';
import { SMBUS_IO_SIZE } from './piix4.ts';

const HOST = { status: 0x00, control: 0x02, data0: 0x05 } as const;
const STATUS = { deviceError: 0x04, clearable: 0x1e } as const;
const CONTROL = { start: 0x40, writable: 0x1f } as const;

export class Piix4Smbus implements Device {
  readonly name = 'piix4-smbus';
  private readonly registers = new Uint8Array(SMBUS_IO_SIZE);

  read(offset: number, _size: AccessSize): number {
    return this.registers[offset] ?? 0;
  }

  write(offset: number, _size: AccessSize, value: number): void {
    if (offset === HOST.status) this.registers[HOST.status]! &= ~(value & STATUS.clearable);
    else if (offset === HOST.control) {
      this.registers[HOST.control] = value & CONTROL.writable;
      if (value & CONTROL.start) this.registers[HOST.status]! |= STATUS.deviceError;
    } else if (offset > HOST.control && offset <= HOST.data0 + 1) this.registers[offset] = value;
  }

  reset(): void {
    this.registers.fill(0);
  }
}
