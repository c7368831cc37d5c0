/**
 * What each command code asks of an ATA drive: a protocol that moves data, or something to set or to tell.
 *
 * Source: ATA/ATAPI-6 (T13/1410D revision 3b), 8 (commands).
 */

import { type AtaDrive, DEVICE, TASK } from './ata-drive.ts';

export type Protocol = 'none' | 'read' | 'write' | 'dmaRead' | 'dmaWrite' | 'verify' | 'flush';

export interface Command {
  protocol: Protocol;
  /** 48-bit registers. */
  extended?: boolean;
  /** Blocks of as many sectors as SET MULTIPLE MODE said. */
  multiple?: boolean;
  /** Commands without data. Returns false to abort. */
  run?: (channel: { readonly device: number }, drive: AtaDrive) => boolean;
}

const SUCCEED: Command = { protocol: 'none' };

const COMMANDS: Readonly<Record<number, Command>> = {
  // READ SECTOR(S), READ MULTIPLE, READ DMA and the like, with and without retries.
  0x20: { protocol: 'read' },
  0x21: { protocol: 'read' },
  0x24: { protocol: 'read', extended: true },
  0x25: { protocol: 'dmaRead', extended: true },
  0x29: { protocol: 'read', extended: true, multiple: true },
  0x30: { protocol: 'write' },
  0x31: { protocol: 'write' },
  0x34: { protocol: 'write', extended: true },
  0x35: { protocol: 'dmaWrite', extended: true },
  0x39: { protocol: 'write', extended: true, multiple: true },
  0xc4: { protocol: 'read', multiple: true },
  0xc5: { protocol: 'write', multiple: true },
  0xc8: { protocol: 'dmaRead' },
  0xc9: { protocol: 'dmaRead' },
  0xca: { protocol: 'dmaWrite' },
  0xcb: { protocol: 'dmaWrite' },
  // READ VERIFY SECTOR(S) (EXT)
  0x40: { protocol: 'verify' },
  0x41: { protocol: 'verify' },
  0x42: { protocol: 'verify', extended: true },
  // RECALIBRATE, SEEK
  0x10: SUCCEED,
  0x70: SUCCEED,
  // INITIALIZE DEVICE PARAMETERS
  0x91: {
    protocol: 'none',
    run: (channel, drive) => drive.setGeometry((channel.device & DEVICE.head) + 1, drive.current[TASK.count]!),
  },
  // SET MULTIPLE MODE
  0xc6: { protocol: 'none', run: (_, drive) => drive.setMultiple(drive.current[TASK.count]!) },
  // STANDBY IMMEDIATE, IDLE IMMEDIATE, STANDBY, IDLE, CHECK POWER MODE, SLEEP
  0xe0: { protocol: 'none', run: (_, drive) => drive.setStandby(true) },
  0xe1: { protocol: 'none', run: (_, drive) => drive.setStandby(false) },
  0xe2: { protocol: 'none', run: (_, drive) => drive.setStandby(true) },
  0xe3: { protocol: 'none', run: (_, drive) => drive.setStandby(false) },
  0xe5: {
    protocol: 'none',
    run: (_, drive) => {
      drive.current[TASK.count] = drive.powerMode;
      return true;
    },
  },
  0xe6: { protocol: 'none', run: (_, drive) => drive.setStandby(true) },
  // FLUSH CACHE (EXT)
  0xe7: { protocol: 'flush' },
  0xea: { protocol: 'flush' },
  // SET FEATURES
  0xef: {
    protocol: 'none',
    run: (_, drive) => drive.setFeature(drive.current[TASK.features]!, drive.current[TASK.count]!),
  },
};

export const IDENTIFY_DEVICE = 0xec;
export const EXECUTE_DEVICE_DIAGNOSTIC = 0x90;

/** The command of a code; none for one that is no command, and for the two that are named above. */
export function commandOf(code: number): Command | undefined {
  // RECALIBRATE and SEEK take a step rate in the lower half.
  const family = code & 0xf0;
  return COMMANDS[family === 0x10 || family === 0x70 ? family : code];
}
