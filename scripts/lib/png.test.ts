import { deflateSync, inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decode, recompress } from './png.mjs';

/** An RGBA PNG of rows with the filter that each names; checksums are left at 0, for nobody here reads them. */
function png(width: number, rows: { filter: number; bytes: number[] }[]): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    return Buffer.concat([length, Buffer.from(type, 'latin1'), data, Buffer.alloc(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(rows.length, 4);
  header.set([8, 6, 0, 0, 0], 8);
  const raw = Buffer.from(rows.flatMap(({ filter, bytes }) => [filter, ...bytes]));
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(raw)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Colours of an indexed PNG as recompress writes it. */
function indexed(bytes: Buffer): { palette: number[]; pixels: number[] } {
  const parts: Record<string, Buffer> = {};
  for (let at = 8; at < bytes.length;) {
    const length = bytes.readUInt32BE(at);
    parts[bytes.toString('latin1', at + 4, at + 8)] = bytes.subarray(at + 8, at + 8 + length);
    at += length + 12;
  }
  const width = parts['IHDR']!.readUInt32BE(0);
  const raw = inflateSync(parts['IDAT']!);
  const palette = Array.from({ length: parts['PLTE']!.length / 3 }, (_, i) => parts['PLTE']!.readUIntBE(3 * i, 3));
  return { palette, pixels: [...raw].filter((_, i) => i % (width + 1) !== 0).map((index) => palette[index]!) };
}

describe('PNG', () => {
  it('is read under every filter', () => {
    const image = png(2, [
      { filter: 0, bytes: [10, 20, 30, 255, 11, 22, 33, 255] },
      { filter: 1, bytes: [1, 2, 3, 255, 1, 1, 1, 0] },
      { filter: 2, bytes: [1, 1, 1, 0, 1, 1, 1, 0] },
      { filter: 3, bytes: [10, 10, 10, 128, 10, 10, 10, 128] },
      { filter: 4, bytes: [5, 5, 5, 0, 6, 6, 6, 0] },
    ]);
    const rows = [...decode(image).pixels].map((pixel) => pixel.toString(16).padStart(6, '0'));
    // Left, above, their mean, and whichever of left, above and above left is nearest to left + above - above left.
    expect(rows).toEqual([
      ...['0a141e', '0b1621', '010203', '020304', '020304', '030405'],
      ...['0b0b0c', '111112', '101011', '171718'],
    ]);
  });

  it('keeps every pixel while there are few colours', () => {
    const bytes = [1, 2, 3, 255, 200, 100, 50, 255, 1, 2, 3, 255, 0, 0, 0, 255];
    const image = png(4, [{ filter: 0, bytes }]);
    expect(indexed(recompress(image)).pixels).toEqual([0x010203, 0xc86432, 0x010203, 0x000000]);
  });

  it('takes the nearest of 256 where there are more', () => {
    const bytes = Array.from({ length: 600 }, (_, i) => [i & 255, i >> 8, 0, 255]).flat();
    const { palette, pixels } = indexed(recompress(png(600, [{ filter: 0, bytes }])));
    expect(palette).toHaveLength(256);
    pixels.forEach((pixel, i) => {
      expect(Math.abs((pixel >> 16) - (i & 255)) + Math.abs(((pixel >> 8) & 255) - (i >> 8))).toBeLessThanOrEqual(4);
    });
  });

  it('refuses what is none', () => {
    expect(() => decode(Buffer.from('GIF89a..'))).toThrow(/no PNG/);
  });
});
