/** For tests: a kernel module with nothing in it but what it says of itself. */

/** @param lines of its .modinfo section, `key=value` */
export function fakeModule(lines: readonly string[], little = true): Uint8Array {
  const names = Buffer.from('\0.shstrtab\0.modinfo\0');
  const info = Buffer.from(lines.map((line) => line + '\0').join(''));
  const table = 52 + names.length + info.length;
  const bytes = Buffer.alloc(table + 3 * 40);
  const half = (at: number, value: number) =>
    little ? bytes.writeUInt16LE(value, at) : bytes.writeUInt16BE(value, at);
  const word = (at: number, value: number) =>
    little ? bytes.writeUInt32LE(value, at) : bytes.writeUInt32BE(value, at);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 1, little ? 1 : 2, 1]);
  half(16, 1);
  half(18, 8);
  word(32, table);
  half(46, 40);
  half(48, 3);
  half(50, 1);
  bytes.set(names, 52);
  bytes.set(info, 52 + names.length);
  const section = (index: number, name: number, offset: number, size: number) => {
    word(table + index * 40, name);
    word(table + index * 40 + 16, offset);
    word(table + index * 40 + 20, size);
  };
  section(1, 1, 52, names.length);
  section(2, 11, 52 + names.length, info.length);
  return Uint8Array.from(bytes);
}
