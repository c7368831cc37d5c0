import { beforeEach, describe, expect, test } from 'vitest';
import { AtaChannel, CONTROL_OFFSET, type DmaEngine } from './ata-channel.ts';
import { AtaDrive } from './ata-drive.ts';
import { FakeDisk } from './fake-disk.ts';
import { FakeClock } from './fake-host.ts';

const [DATA, ERROR, FEATURES, COUNT, LOW, MID, HIGH, DEVICE, STATUS, COMMAND] = [0, 1, 1, 2, 3, 4, 5, 6, 7, 7] as const;
const LBA = 0x40;
const SLAVE = 0x10;
const [READY, DATA_REQUEST, BUSY, FAILED] = [0x50, 0x58, 0x80, 0x51] as const;
const [UNC, IDNF, ABRT] = [0x40, 0x10, 0x04] as const;

let clock: FakeClock;
let disk: FakeDisk;
let channel: AtaChannel;
let irq = false;
let interrupts = 0;

const noDma: DmaEngine = { ready: () => false, toMemory: () => 0, fromMemory: () => new Uint8Array(0) };

function connect(master: FakeDisk | null, slave: FakeDisk | null = null): void {
  clock = new FakeClock();
  irq = false;
  interrupts = 0;
  channel = new AtaChannel({
    name: 'ide',
    clock,
    drives: [master && new AtaDrive(master, 0), slave && new AtaDrive(slave, 1)],
    irq: (level) => {
      if (level && !irq) interrupts++;
      irq = level;
    },
    dma: noDma,
  });
  channel.reset();
}

const out = (register: number, value: number): void => channel.write(register, 1, value);
const inb = (register: number): number => channel.read(register, 1);
const alternate = (): number => inb(CONTROL_OFFSET);

function address28(lba: number, count: number, device = 0): void {
  out(DEVICE, 0xa0 | LBA | device | (lba >>> 24));
  out(COUNT, count);
  out(LOW, lba & 0xff);
  out(MID, (lba >>> 8) & 0xff);
  out(HIGH, (lba >>> 16) & 0xff);
}

function address48(lba: number, count: number): void {
  out(DEVICE, LBA);
  out(COUNT, count >>> 8);
  out(LOW, (lba >>> 24) & 0xff);
  out(MID, 0);
  out(HIGH, 0);
  out(COUNT, count & 0xff);
  out(LOW, lba & 0xff);
  out(MID, (lba >>> 8) & 0xff);
  out(HIGH, (lba >>> 16) & 0xff);
}

/** Lets the drive work, and reads its status as an interrupt handler does. */
function settle(): number {
  clock.advance(1_000_000_000);
  return inb(STATUS);
}

function readBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i += 2) {
    const value = channel.read(DATA, 2);
    bytes[i] = value;
    bytes[i + 1] = value >>> 8;
  }
  return bytes;
}

function writeBytes(bytes: Uint8Array): void {
  for (let i = 0; i < bytes.length; i += 4) {
    channel.write(DATA, 4, bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24));
  }
}

/** A command without data; its status. */
function simple(code: number, count = 0, features = 0): number {
  out(COUNT, count);
  out(FEATURES, features);
  out(COMMAND, code);
  return settle();
}

beforeEach(() => {
  disk = new FakeDisk(3000);
  connect(disk);
});

describe('who answers', () => {
  test('an empty channel floats, with DD7 low', () => {
    connect(null);
    out(DEVICE, 0xa0);
    out(COUNT, 0x55);
    expect([STATUS, ERROR, COUNT, CONTROL_OFFSET].map(inb)).toEqual([0x7f, 0x7f, 0x7f, 0x7f]);
    expect(channel.read(DATA, 2)).toBe(0x7f);
    out(COMMAND, 0xec);
    expect(clock.pending).toBe(0);
  });

  test('a master answers for the slave that is not there, with a status of 0', () => {
    out(DEVICE, 0xa0 | SLAVE);
    out(COUNT, 0x55);
    expect([inb(COUNT), inb(STATUS), alternate(), inb(DEVICE)]).toEqual([0x55, 0, 0, 0xb0]);
    out(COMMAND, 0xec);
    expect(settle()).toBe(0);
    expect(interrupts).toBe(0);
  });

  test('two drives keep apart', () => {
    const second = new FakeDisk(5000);
    connect(disk, second);
    address28(5, 1, SLAVE);
    out(COMMAND, 0x30);
    writeBytes(new Uint8Array(512).fill(0xcc));
    expect(settle()).toBe(READY);
    expect(second.sector(5)[0]).toBe(0xcc);
    expect(disk.sector(5)[0]).toBe(5);
    out(COMMAND, 0xec);
    settle();
    const identity = new DataView(readBytes(512).buffer);
    expect(identity.getUint32(120, true)).toBe(5000);
  });

  test('the line belongs to the selected drive', () => {
    connect(disk, new FakeDisk(100));
    out(COMMAND, 0xe7);
    clock.advance(1_000_000);
    expect(irq).toBe(true);
    out(DEVICE, SLAVE);
    expect(irq).toBe(false);
    out(DEVICE, 0);
    expect(irq).toBe(true);
    expect(inb(STATUS)).toBe(READY);
    expect(irq).toBe(false);
  });
});

describe('identify', () => {
  const identify = (): DataView => {
    out(COMMAND, 0xec);
    expect(alternate()).toBe(BUSY);
    expect(settle()).toBe(DATA_REQUEST);
    const bytes = readBytes(512);
    expect(inb(STATUS)).toBe(READY);
    return new DataView(bytes.buffer);
  };
  const word = (view: DataView, n: number): number => view.getUint16(2 * n, true);

  test('says what the drive is', () => {
    const view = identify();
    const text = (first: number, words: number): string =>
      Array.from({ length: words }, (_, i) =>
        String.fromCharCode(word(view, first + i) >> 8, word(view, first + i) & 0xff),
      )
        .join('')
        .trim();
    expect([text(27, 20), text(10, 10), text(23, 4)]).toEqual(['Kseg disk', 'KSEG0000', '1.0']);
    expect([word(view, 0), word(view, 1), word(view, 3), word(view, 6)]).toEqual([0x0040, 2, 16, 63]);
    expect(view.getUint32(120, true)).toBe(3000);
    expect(view.getUint32(200, true)).toBe(3000);
    expect(word(view, 83) & 0xc400).toBe(0x4400);
    const sum = new Uint8Array(view.buffer).reduce((total, byte) => total + byte, 0);
    expect(sum & 0xff).toBe(0);
  });

  test('and how it is set', () => {
    expect(simple(0xc6, 8)).toBe(READY);
    expect(simple(0xef, 0x42, 0x03)).toBe(READY);
    expect(simple(0xef, 0, 0x82)).toBe(READY);
    out(DEVICE, 0x07);
    expect(simple(0x91, 32)).toBe(READY);
    const view = identify();
    expect(word(view, 59)).toBe(0x0108);
    expect(word(view, 88)).toBe(0x043f);
    expect(word(view, 63)).toBe(0x0007);
    expect(word(view, 85) & 0x20).toBe(0);
    expect([word(view, 54), word(view, 55), word(view, 56)]).toEqual([11, 8, 32]);
    expect(simple(0xef, 0x22, 0x03)).toBe(READY);
    expect([word(identify(), 63), word(identify(), 88)]).toEqual([0x0407, 0x003f]);
  });

  test('with nIEN there is no interrupt', () => {
    out(CONTROL_OFFSET, 0x02);
    identify();
    expect(interrupts).toBe(0);
  });
});

describe('programmed I/O', () => {
  test('reads sector by sector, an interrupt each', () => {
    address28(10, 3);
    out(COMMAND, 0x20);
    for (const lba of [10, 11, 12]) {
      expect(alternate()).toBe(BUSY);
      expect(settle()).toBe(DATA_REQUEST);
      expect(irq).toBe(false);
      expect(readBytes(512)).toEqual(disk.sector(lba));
    }
    expect(inb(STATUS)).toBe(READY);
    clock.advance(1_000_000);
    expect(interrupts).toBe(3);
  });

  test('writes sector by sector: the first is asked for without an interrupt', () => {
    address28(20, 2);
    out(COMMAND, 0x30);
    expect(alternate()).toBe(DATA_REQUEST);
    expect(interrupts).toBe(0);
    writeBytes(new Uint8Array(512).fill(0xaa));
    expect(alternate()).toBe(BUSY);
    expect(settle()).toBe(DATA_REQUEST);
    expect(interrupts).toBe(1);
    writeBytes(new Uint8Array(512).fill(0xbb));
    expect(settle()).toBe(READY);
    expect(interrupts).toBe(2);
    expect([disk.sector(20)[511], disk.sector(21)[0], disk.sector(22)[0]]).toEqual([0xaa, 0xbb, 22]);
  });

  test('a count of 0 is 256 sectors', () => {
    address28(0, 0);
    out(COMMAND, 0x20);
    for (let i = 0; i < 256; i++) {
      expect(settle()).toBe(DATA_REQUEST);
      expect(readBytes(512)[0]).toBe(i);
    }
    expect(inb(STATUS)).toBe(READY);
  });

  test('blocks of several sectors', () => {
    expect(simple(0xc4)).toBe(FAILED);
    expect(simple(0xc6, 4)).toBe(READY);
    interrupts = 0;
    address28(100, 6);
    out(COMMAND, 0xc4);
    expect(settle()).toBe(DATA_REQUEST);
    expect(readBytes(2048)).toEqual(disk.bytes.slice(100 * 512, 104 * 512));
    expect(settle()).toBe(DATA_REQUEST);
    expect(readBytes(1024)).toEqual(disk.bytes.slice(104 * 512, 106 * 512));
    expect(inb(STATUS)).toBe(READY);
    expect(interrupts).toBe(2);
    address28(100, 5);
    out(COMMAND, 0xc5);
    writeBytes(new Uint8Array(2048).fill(0xee));
    expect(settle()).toBe(DATA_REQUEST);
    writeBytes(new Uint8Array(512).fill(0xee));
    expect(settle()).toBe(READY);
    expect([disk.sector(104)[0], disk.sector(105)[0]]).toEqual([0xee, 105]);
  });

  test('48-bit registers, and the way back to them', () => {
    address48(0x0abc, 0x0101);
    expect([inb(LOW), inb(COUNT)]).toEqual([0xbc, 0x01]);
    out(CONTROL_OFFSET, 0x80);
    expect([inb(LOW), inb(COUNT)]).toEqual([0x00, 0x01]);
    out(COMMAND, 0x24);
    for (let lba = 0x0abc; lba < 0x0abc + 0x101; lba++) {
      // The disk ends before the transfer would.
      if (settle() !== DATA_REQUEST) break;
      readBytes(512);
    }
    expect(inb(ERROR)).toBe(IDNF);
    address48(0x0a00, 0x0101);
    out(COMMAND, 0x24);
    for (let i = 0; i < 0x101; i++) {
      expect(settle()).toBe(DATA_REQUEST);
      expect(readBytes(512)[7]).toBe(i & 0xff);
    }
    expect(inb(STATUS)).toBe(READY);
  });

  test('cylinders, heads and sectors', () => {
    out(DEVICE, 0xa0 | 2);
    out(COUNT, 1);
    out(LOW, 4);
    out(MID, 1);
    out(HIGH, 0);
    out(COMMAND, 0x20);
    expect(settle()).toBe(DATA_REQUEST);
    expect(readBytes(512)).toEqual(disk.sector((1 * 16 + 2) * 63 + 3));
    out(LOW, 0);
    out(COMMAND, 0x20);
    expect([settle(), inb(ERROR)]).toEqual([FAILED, IDNF]);
  });
});

describe('what fails', () => {
  test.each([
    ['beyond the end', 0x20, 2999, 2, IDNF],
    ['far beyond it', 0x30, 0x0fffffff, 1, IDNF],
    ['to verify beyond it', 0x40, 3000, 1, IDNF],
    ['an unknown command', 0xb0, 0, 1, ABRT],
    ['packets', 0xa1, 0, 1, ABRT],
    ['blocks before SET MULTIPLE MODE', 0xc5, 0, 1, ABRT],
    ['blocks of 3 sectors', 0xc6, 0, 3, ABRT],
    ['DEVICE RESET, which packet devices have', 0x08, 0, 1, ABRT],
    ['an unknown feature', 0xef, 0, 0, ABRT],
  ])('%s', (_name, code, lba, count, error) => {
    address28(lba, count);
    out(FEATURES, 0x99);
    out(COMMAND, code);
    expect([settle(), inb(ERROR)]).toEqual([FAILED, error]);
    expect(interrupts).toBe(1);
    expect(simple(0xe7)).toBe(READY);
  });

  test('the host', () => {
    disk.broken = true;
    address28(1, 1);
    out(COMMAND, 0x20);
    expect([settle(), inb(ERROR)]).toEqual([FAILED, UNC]);
    out(COMMAND, 0x30);
    writeBytes(new Uint8Array(512));
    expect([settle(), inb(ERROR)]).toEqual([FAILED, ABRT]);
    expect(simple(0xea)).toBe(FAILED);
  });

  test('writing to a read-only disk', () => {
    connect(new FakeDisk(10, true));
    address28(1, 1);
    out(COMMAND, 0x30);
    expect([settle(), inb(ERROR)]).toEqual([FAILED, ABRT]);
  });
});

test('commands without data', () => {
  for (const code of [0x10, 0x1f, 0x70, 0x40, 0xe0, 0xe1, 0xe2, 0xe3, 0xe6, 0xe7, 0xea]) {
    expect([code, simple(code, 1)]).toEqual([code, READY]);
  }
  expect(disk.flushes).toBe(2);
  expect(simple(0xe0)).toBe(READY);
  simple(0xe5);
  expect(inb(COUNT)).toBe(0);
  simple(0xe1);
  simple(0xe5);
  expect(inb(COUNT)).toBe(0xff);
});

describe('resets', () => {
  const signature = (): number[] => [ERROR, COUNT, LOW, MID, HIGH].map(inb);

  test('SRST ends a command in flight', () => {
    address28(5, 1);
    out(COMMAND, 0x20);
    out(CONTROL_OFFSET, 0x04);
    expect(alternate()).toBe(BUSY);
    expect(clock.pending).toBe(0);
    out(COMMAND, 0x20);
    expect(clock.pending).toBe(0);
    out(CONTROL_OFFSET, 0x00);
    expect(alternate()).toBe(BUSY);
    expect(settle()).toBe(READY);
    expect(signature()).toEqual([1, 1, 1, 0, 0]);
    expect(interrupts).toBe(0);
    expect(channel.read(DATA, 2)).toBe(0);
  });

  test('SRST while data is asked for', () => {
    simple(0xc6, 4);
    address28(5, 2);
    out(COMMAND, 0x30);
    writeBytes(new Uint8Array(100));
    out(CONTROL_OFFSET, 0x04);
    out(CONTROL_OFFSET, 0x00);
    expect(settle()).toBe(READY);
    expect(disk.sector(5)[0]).toBe(5);
    // A soft reset keeps what SET MULTIPLE MODE said.
    address28(5, 1);
    out(COMMAND, 0xc4);
    expect(settle()).toBe(DATA_REQUEST);
  });

  test('EXECUTE DEVICE DIAGNOSTIC', () => {
    connect(disk, new FakeDisk(10));
    out(DEVICE, SLAVE);
    interrupts = 0;
    out(COMMAND, 0x90);
    expect(settle()).toBe(READY);
    expect(signature()).toEqual([1, 1, 1, 0, 0]);
    expect(inb(DEVICE) & SLAVE).toBe(0);
    expect(interrupts).toBe(1);
  });

  test('the reset line', () => {
    address28(5, 1);
    out(COMMAND, 0x20);
    channel.reset();
    expect(clock.pending).toBe(0);
    expect(inb(STATUS)).toBe(READY);
    expect(signature()).toEqual([1, 1, 1, 0, 0]);
  });

  test('a busy drive takes no command and no register', () => {
    address28(5, 1);
    out(COMMAND, 0x20);
    out(LOW, 9);
    out(COMMAND, 0xe7);
    expect(settle()).toBe(DATA_REQUEST);
    expect(readBytes(512)).toEqual(disk.sector(5));
    expect(inb(LOW)).toBe(5);
  });
});
