import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DiskError, Overlay, RawImage, SECTOR_SIZE, type ImageAccess } from './block-device.ts';

/** An image in memory. */
function image(bytes: Uint8Array, writable = false): ImageAccess {
  return {
    size: bytes.length,
    read: (offset, length) => bytes.slice(offset, offset + length),
    ...(writable ? { write: (offset: number, data: Uint8Array) => bytes.set(data, offset) } : {}),
  };
}

/** Every sector filled with its number. */
function numbered(sectors: number): Uint8Array {
  return Uint8Array.from({ length: sectors * SECTOR_SIZE }, (_, i) => i >> 9);
}

/** toEqual, quickly. */
function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

describe('raw images', () => {
  test('sectors', () => {
    const bytes = numbered(4);
    const disk = new RawImage('disk.img', image(bytes, true));
    expect([disk.sectors, disk.readOnly]).toEqual([4, false]);
    expect(disk.read(1, 2)).toEqual(bytes.slice(512, 1536));
    disk.write(3, new Uint8Array(512).fill(0xaa));
    expect(bytes[3 * 512]).toBe(0xaa);
    expect(bytes[3 * 512 - 1]).toBe(2);
  });

  test('without a way to write it is read-only', () => {
    expect(new RawImage('disk.img', image(numbered(1))).readOnly).toBe(true);
  });

  test.each([
    ['empty', new Uint8Array(0)],
    ['part of a sector', new Uint8Array(1000)],
    ['qcow2', Uint8Array.from({ length: 512 }, (_, i) => [0x51, 0x46, 0x49, 0xfb][i] ?? 0)],
    ['gzip', Uint8Array.from({ length: 512 }, (_, i) => [0x1f, 0x8b][i] ?? 0)],
  ])('%s is refused in one sentence', (_name, bytes) => {
    let message = '';
    try {
      new RawImage('disk.img', image(bytes));
    } catch (error) {
      expect(error).toBeInstanceOf(DiskError);
      message = (error as Error).message;
    }
    expect(message).toMatch(/^disk\.img: [^\n]*\.$/);
  });
});

describe('overlay', () => {
  test('reads and writes like the disk, and leaves it as it was', () => {
    const sectors = 300;
    const run = fc.integer({ min: 0, max: sectors - 1 }).chain((lba) =>
      fc.record({
        lba: fc.constant(lba),
        count: fc.integer({ min: 1, max: sectors - lba }),
        fill: fc.option(fc.integer({ min: 0, max: 255 })),
      }),
    );
    fc.assert(
      fc.property(fc.array(run, { maxLength: 20 }), (steps) => {
        const base = numbered(sectors);
        const overlay = new Overlay(new RawImage('disk.img', image(base)));
        const model = numbered(sectors);
        for (const { lba, count, fill } of steps) {
          if (fill === null) {
            expect(same(overlay.read(lba, count), model.slice(lba * 512, (lba + count) * 512))).toBe(true);
          } else {
            model.fill(fill, lba * 512, (lba + count) * 512);
            overlay.write(lba, new Uint8Array(count * 512).fill(fill));
          }
        }
        expect(same(overlay.read(0, sectors), model)).toBe(true);
        expect(same(base, numbered(sectors))).toBe(true);
        expect(overlay.size).toBeLessThanOrEqual(3 * 65536);
      }),
      { numRuns: 50 },
    );
  });

  test('keeps only what changed', () => {
    const overlay = new Overlay(new RawImage('disk.img', image(numbered(1000))));
    expect(overlay.readOnly).toBe(false);
    overlay.write(999, new Uint8Array(512));
    expect(overlay.size).toBe(65536);
    expect(overlay.sectors).toBe(1000);
  });
});
