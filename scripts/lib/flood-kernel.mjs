/** A MIPS32 kernel that prints lines as fast as its UART takes them, and then waits: a console flood of known text. */

const ENTRY = 0x80100000;
const [T0, T1, T2, T3] = [8, 9, 10, 11];
const HEADER = 52 + 32;

/** Every printable character of ASCII. */
export const FLOOD_LINE = String.fromCharCode(...Array.from({ length: 95 }, (_, i) => 32 + i)) + '\n';
/** What it prints last. */
export const FLOOD_END = '#';

const word = (opcode, s, t, immediate) => ((opcode << 26) | (s << 21) | (t << 16) | (immediate & 0xffff)) >>> 0;
const addiu = (t, s, value) => word(0x09, s, t, value);
const send = (t) => word(0x28, T0, t, 0x3f8);
const branchUnlessZero = (s, to) => word(0x05, s, 0, to);
const NOP = 0;

/** @param {number} lines 1 to 2^31 - 1 @returns {Uint8Array} an ELF file, little endian, for `malta` */
export function floodKernel(lines) {
  const code = [
    word(0x0f, 0, T0, 0xb800),
    word(0x0f, 0, T2, lines >>> 16),
    word(0x0d, T2, T2, lines),
    addiu(T1, 0, 32), // a line
    send(T1), // a character
    addiu(T1, T1, 1),
    word(0x0b, T1, T3, 127),
    branchUnlessZero(T3, -4),
    NOP,
    addiu(T1, 0, 10),
    send(T1),
    addiu(T2, T2, -1),
    branchUnlessZero(T2, -10),
    NOP,
    addiu(T1, 0, FLOOD_END.charCodeAt(0)),
    send(T1),
    0x42000020, // WAIT
    word(0x04, 0, 0, -2),
    NOP,
  ];
  const file = new DataView(new ArrayBuffer(HEADER + code.length * 4));
  const put = (at, ...values) => values.forEach((value, i) => file.setUint32(at + 4 * i, value, true));
  const size = code.length * 4;
  // ELF, 32-bit, little endian; executable, MIPS, version, entry, program headers, none of sections.
  put(0, 0x464c457f, 0x00010101);
  put(16, 0x00080002, 1, ENTRY, 52, 0, 0x70001000, 0x00200034, 0x00280001);
  put(52, 1, HEADER, ENTRY, ENTRY, size, size, 7, 4);
  put(HEADER, ...code);
  return new Uint8Array(file.buffer);
}
