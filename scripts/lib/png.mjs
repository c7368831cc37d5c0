/**
 * Makes a screenshot's PNG small: 256 colours, each pixel the nearest of them, and the strongest compression. Screenshots
 * have a few dozen colours and thousands of their blends at the edges of letters, so nothing is seen of it.
 * Source: PNG specification, third edition, W3C.
 */
import { deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const COLOURS = 256;

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});
function crc(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = CRC[(value ^ byte) & 0xff] ^ (value >>> 8);
  return ~value >>> 0;
}

function chunk(type, data) {
  const bytes = Buffer.alloc(data.length + 12);
  bytes.writeUInt32BE(data.length, 0);
  bytes.write(type, 4, 'latin1');
  data.copy(bytes, 8);
  bytes.writeUInt32BE(crc(bytes.subarray(4, data.length + 8)), data.length + 8);
  return bytes;
}

/** The filters' predictor of a byte from those at its left, above and above left. */
function paeth(a, b, c) {
  const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

/**
 * @param {Buffer} png 8 bits a channel, RGB or RGBA (whose alpha is left out), not interlaced
 * @returns {{ width: number, height: number, pixels: Uint32Array }} pixels as 0xrrggbb
 */
export function decode(png) {
  if (!png.subarray(0, 8).equals(SIGNATURE)) throw new Error('This is no PNG: it does not begin as one.');
  const data = [];
  let header;
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    const body = png.subarray(at + 8, at + 8 + length);
    if (type === 'IHDR') header = body;
    if (type === 'IDAT') data.push(body);
    at += length + 12;
  }
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const channels = { 2: 3, 6: 4 }[header[9]];
  if (header[8] !== 8 || !channels || header[12] !== 0) throw new Error('This PNG is not 8-bit RGB or RGBA.');
  const raw = inflateSync(Buffer.concat(data));
  const stride = width * channels;
  const pixels = new Uint32Array(width * height);
  let above = new Uint8Array(stride);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)];
    const row = Uint8Array.from(raw.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1)));
    for (let i = 0; i < stride; i++) {
      const a = i < channels ? 0 : row[i - channels];
      const b = above[i];
      const c = i < channels ? 0 : above[i - channels];
      row[i] += [0, a, b, (a + b) >> 1, paeth(a, b, c)][filter];
    }
    for (let x = 0; x < width; x++) {
      const i = x * channels;
      pixels[y * width + x] = (row[i] << 16) | (row[i + 1] << 8) | row[i + 2];
    }
    above = row;
  }
  return { width, height, pixels };
}

/** The colours to keep: the most frequent ones, each of them some way from those before it. */
function choosePalette(pixels) {
  const counts = new Map();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  const byCount = [...counts].sort((one, other) => other[1] - one[1]).map(([colour]) => colour);
  if (byCount.length <= COLOURS) return byCount;
  const palette = [];
  for (let apart = 20; palette.length < COLOURS; apart = Math.floor(apart / 2)) {
    for (const colour of byCount) {
      if (palette.length === COLOURS) break;
      if (palette.every((kept) => distance(kept, colour) > apart * apart)) palette.push(colour);
    }
  }
  return palette;
}

function distance(one, other) {
  const r = (one >> 16) - (other >> 16);
  const g = ((one >> 8) & 0xff) - ((other >> 8) & 0xff);
  const b = (one & 0xff) - (other & 0xff);
  return r * r + g * g + b * b;
}

/** @param {Buffer} png as {@link decode} takes it @returns {Buffer} */
export function recompress(png) {
  const { width, height, pixels } = decode(png);
  const palette = choosePalette(pixels);
  const indexOf = new Map(palette.map((colour, index) => [colour, index]));
  const rows = Buffer.alloc(height * (width + 1));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const pixel = pixels[y * width + x];
      let index = indexOf.get(pixel);
      if (index === undefined) {
        index = 0;
        palette.forEach((colour, i) => {
          if (distance(colour, pixel) < distance(palette[index], pixel)) index = i;
        });
        indexOf.set(pixel, index);
      }
      rows[y * (width + 1) + 1 + x] = index;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  const colours = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 0xff, colour & 0xff]));
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', colours),
    chunk('IDAT', deflateSync(rows, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
