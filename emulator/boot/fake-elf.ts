/** Small ELF files for tests, built by hand. */

export interface FakeElf {
  bigEndian?: boolean;
  entry?: number;
  segments?: { virtualAddress: number; bytes: Uint8Array; memorySize?: number }[];
  symbols?: { name: string; value: number; size?: number; type?: number; section?: number }[];
}

/** Header, program headers, segments, then a symbol table and its strings in sections 1 and 2. */
export function fakeElf(options: FakeElf = {}): Uint8Array {
  const little = !options.bigEndian;
  const segments = options.segments ?? [{ virtualAddress: 0x80100000, bytes: Uint8Array.of(1, 2, 3, 4) }];
  const symbols = options.symbols ?? [];
  const strings = `\0${symbols.map(({ name }) => `${name}\0`).join('')}`;

  const dataAt = 52 + 32 * segments.length;
  const symbolsAt = dataAt + segments.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const symbolBytes = 16 * (symbols.length + 1);
  const stringsAt = symbolsAt + symbolBytes;
  const sectionsAt = stringsAt + strings.length;
  const file = new Uint8Array(sectionsAt + (symbols.length ? 3 * 40 : 0));
  const view = new DataView(file.buffer);
  const words = (at: number, ...values: number[]): void =>
    values.forEach((value, i) => view.setUint32(at + 4 * i, value >>> 0, little));
  const half = (at: number, value: number): void => view.setUint16(at, value, little);

  file.set([0x7f, 0x45, 0x4c, 0x46, 1, little ? 1 : 2, 1]);
  half(16, 2);
  half(18, 8);
  words(20, 1, options.entry ?? segments[0]?.virtualAddress ?? 0, 52, symbols.length ? sectionsAt : 0, 0x70001001);
  half(40, 52);
  half(42, 32);
  half(44, segments.length);
  half(46, 40);
  half(48, symbols.length ? 3 : 0);

  let offset = dataAt;
  segments.forEach(({ virtualAddress, bytes, memorySize }, i) => {
    words(52 + 32 * i, 1, offset, virtualAddress, virtualAddress, bytes.length, memorySize ?? bytes.length, 7, 4);
    file.set(bytes, offset);
    offset += bytes.length;
  });
  let name = 1;
  symbols.forEach((symbol, i) => {
    const at = symbolsAt + 16 * (i + 1);
    words(at, name, symbol.value, symbol.size ?? 0);
    file[at + 12] = symbol.type ?? 2;
    half(at + 14, symbol.section ?? 1);
    name += symbol.name.length + 1;
  });
  for (let i = 0; i < strings.length; i++) file[stringsAt + i] = strings.charCodeAt(i);
  if (symbols.length) {
    words(sectionsAt + 40, 0, 2, 0, 0, symbolsAt, symbolBytes, 2, 0, 4, 16);
    words(sectionsAt + 80, 0, 3, 0, 0, stringsAt, strings.length, 0, 0, 1, 0);
  }
  return file;
}
