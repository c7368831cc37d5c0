/**
 * An ATA disk drive: its registers, its settings, and what IDENTIFY DEVICE says of it.
 *
 * Source: ATA/ATAPI-6 (T13/1410D revision 3b), 6.2 (addressing), 6.10 (48-bit registers), 8.15 (IDENTIFY DEVICE),
 * 8.46 (SET FEATURES), 9.1 (signature).
 */

import type { BlockDevice } from '../disk/block-device.ts';

/** Registers of the command block that a drive keeps, by their offset. */
export const TASK = { error: 1, features: 1, count: 2, low: 3, mid: 4, high: 5, device: 6, status: 7 } as const;

export const STATUS = { busy: 0x80, ready: 0x40, fault: 0x20, seekComplete: 0x10, request: 0x08, error: 0x01 } as const;
export const ERROR = { uncorrectable: 0x40, notFound: 0x10, aborted: 0x04 } as const;
export const DEVICE = { lba: 0x40, slave: 0x10, head: 0x0f } as const;
const DIAGNOSTIC_PASSED = 0x01;

/** Most sectors in one block of READ MULTIPLE and WRITE MULTIPLE. */
const LARGEST_MULTIPLE = 16;
const LARGEST_LBA28 = 0x0fffffff;
const MODEL = 'Kseg disk';
const FIRMWARE = '1.0';

const FEATURE = { enableCache: 0x02, disableCache: 0x82, transferMode: 0x03 } as const;
/** Look-ahead and reverting to power-on defaults: accepted, without effect. */
const OTHER_FEATURES = [0x55, 0xaa, 0x66, 0xcc];
const HIGHEST_MODE = { pio: 4, multiword: 2, ultra: 5 } as const;

export class AtaDrive {
  /** Command block registers 1 to 5 as last written, and as written before that. */
  readonly current = new Uint8Array(6);
  readonly previous = new Uint8Array(6);
  status = 0;
  error = 0;
  /** Waiting to be seen by the host: INTRQ while the drive is selected. */
  interrupting = false;
  /** What CHECK POWER MODE tells: standby, or active. */
  powerMode: 0x00 | 0xff = 0xff;
  /** Sectors in a block of READ MULTIPLE and WRITE MULTIPLE; 0 while they are disabled. */
  multiple = 0;
  private heads = 16;
  private sectorsPerTrack = 63;
  private writeCache = true;
  private multiwordMode = -1;
  private ultraMode = -1;

  /** @param number distinguishes the drives' serial numbers */
  constructor(
    readonly disk: BlockDevice,
    private readonly number: number,
  ) {}

  /** What a reset leaves; `hardware` also puts the settings back. */
  reset(hardware: boolean): void {
    this.current.fill(0);
    this.previous.fill(0);
    this.current[TASK.count] = 1;
    this.current[TASK.low] = 1;
    this.error = DIAGNOSTIC_PASSED;
    this.status = STATUS.ready | STATUS.seekComplete;
    this.interrupting = false;
    this.setStandby(false);
    if (!hardware) return;
    this.multiple = 0;
    this.heads = 16;
    this.sectorsPerTrack = 63;
    this.writeCache = true;
    this.multiwordMode = -1;
    this.ultraMode = -1;
  }

  writeRegister(register: number, value: number): void {
    this.previous[register] = this.current[register]!;
    this.current[register] = value;
  }

  /** How many sectors the command is for. */
  count(extended: boolean): number {
    const count = this.current[TASK.count]!;
    if (!extended) return count || 0x100;
    return (this.previous[TASK.count]! << 8) | count || 0x10000;
  }

  /** The command's first sector, or -1 for a cylinder, head or sector that does not exist. */
  address(extended: boolean, device: number): number {
    const { current, previous } = this;
    const [low, mid, high] = [current[TASK.low]!, current[TASK.mid]!, current[TASK.high]!];
    const lba24 = low | (mid << 8) | (high << 16);
    if (extended) {
      const upper = previous[TASK.low]! | (previous[TASK.mid]! << 8) | (previous[TASK.high]! << 16);
      return upper * 2 ** 24 + lba24;
    }
    if (device & DEVICE.lba) return ((device & DEVICE.head) << 24) | lba24;
    const head = device & DEVICE.head;
    if (low === 0 || low > this.sectorsPerTrack || head >= this.heads) return -1;
    return ((mid | (high << 8)) * this.heads + head) * this.sectorsPerTrack + low - 1;
  }

  setStandby(standby: boolean): true {
    this.powerMode = standby ? 0x00 : 0xff;
    return true;
  }

  /** INITIALIZE DEVICE PARAMETERS. */
  setGeometry(heads: number, sectorsPerTrack: number): boolean {
    if (sectorsPerTrack === 0) return false;
    this.heads = heads;
    this.sectorsPerTrack = sectorsPerTrack;
    return true;
  }

  /** SET MULTIPLE MODE. */
  setMultiple(sectors: number): boolean {
    const ok = sectors <= LARGEST_MULTIPLE && (sectors & (sectors - 1)) === 0;
    this.multiple = ok ? sectors : 0;
    return ok;
  }

  /** SET FEATURES. */
  setFeature(feature: number, argument: number): boolean {
    switch (feature) {
      case FEATURE.enableCache:
      case FEATURE.disableCache:
        this.writeCache = feature === FEATURE.enableCache;
        return true;
      case FEATURE.transferMode:
        return this.setTransferMode(argument >> 3, argument & 7);
      default:
        return OTHER_FEATURES.includes(feature);
    }
  }

  private setTransferMode(kind: number, mode: number): boolean {
    if (kind === 0) return mode <= 1;
    if (kind === 1) return mode <= HIGHEST_MODE.pio;
    if (kind === 4 && mode <= HIGHEST_MODE.multiword) {
      this.multiwordMode = mode;
      this.ultraMode = -1;
      return true;
    }
    if (kind === 8 && mode <= HIGHEST_MODE.ultra) {
      this.ultraMode = mode;
      this.multiwordMode = -1;
      return true;
    }
    return false;
  }

  private cylinders(heads: number, sectorsPerTrack: number): number {
    return Math.max(1, Math.min(16383, Math.floor(this.disk.sectors / (heads * sectorsPerTrack))));
  }

  /** The 512 bytes of IDENTIFY DEVICE. */
  identify(): Uint8Array {
    const words = new Uint16Array(256);
    const set32 = (word: number, value: number): void => {
      words[word] = value;
      words[word + 1] = value >>> 16;
    };
    const { sectors } = this.disk;
    // A fixed disk; the default geometry.
    words[0] = 0x0040;
    words[1] = this.cylinders(16, 63);
    words[3] = 16;
    words[6] = 63;
    setText(words, 10, 10, `KSEG${String(this.number).padStart(4, '0')}`);
    setText(words, 23, 4, FIRMWARE);
    setText(words, 27, 20, MODEL);
    words[47] = 0x8000 | LARGEST_MULTIPLE;
    // IORDY, LBA, DMA.
    words[49] = 0x0f00;
    words[50] = 0x4000;
    words[51] = 0x0200;
    // Words 54 to 58, 64 to 70 and 88 hold something.
    words[53] = 0x0007;
    const cylinders = this.cylinders(this.heads, this.sectorsPerTrack);
    words[54] = cylinders;
    words[55] = this.heads;
    words[56] = this.sectorsPerTrack;
    set32(57, cylinders * this.heads * this.sectorsPerTrack);
    words[59] = this.multiple ? 0x0100 | this.multiple : 0;
    set32(60, Math.min(sectors, LARGEST_LBA28));
    words[63] = 0x0007 | selected(this.multiwordMode);
    // PIO modes 3 and 4; cycles of 120 ns.
    words[64] = 0x0003;
    words.fill(120, 65, 69);
    // ATA-1 to ATA/ATAPI-6.
    words[80] = 0x007e;
    // NOP, write cache, power management; FLUSH CACHE (EXT), 48-bit addresses.
    words[82] = 0x4028;
    words[83] = 0x7400;
    words[84] = 0x4000;
    words[85] = this.writeCache ? 0x4028 : 0x4008;
    words[86] = 0x3400;
    words[87] = 0x4000;
    words[88] = 0x003f | selected(this.ultraMode);
    // The cable has 80 conductors; the drive found its number by its jumper.
    words[93] = 0x6001 | (this.number & 1 ? 0x0200 : 0x0002);
    set32(100, sectors);
    words[102] = Math.floor(sectors / 2 ** 32);
    const bytes = new Uint8Array(words.buffer);
    bytes[510] = 0xa5;
    bytes[511] = -bytes.subarray(0, 511).reduce((sum, byte) => sum + byte, 0);
    return bytes;
  }
}

function selected(mode: number): number {
  return mode < 0 ? 0 : 0x0100 << mode;
}

/** Text in words: the first character of each pair is the upper byte. */
function setText(words: Uint16Array, first: number, count: number, text: string): void {
  const padded = text.padEnd(2 * count);
  for (let i = 0; i < count; i++) words[first + i] = (padded.charCodeAt(2 * i) << 8) | padded.charCodeAt(2 * i + 1);
}
