/** For tests: archives and packages made by hand, with as little in them as a reader accepts. */
import { gzipSync } from 'node:zlib';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

export interface FakeFile {
  path: string;
  type?: string;
  contents?: Uint8Array;
  target?: string;
  prefix?: string;
}

/** A ustar archive. */
export function fakeTar(files: readonly FakeFile[]): Uint8Array {
  const blocks = files.flatMap(({ path, type = '0', contents = new Uint8Array(0), target = '', prefix = '' }) => {
    const header = Buffer.alloc(512);
    header.write(path.slice(0, 100), 0);
    header.write('0000755\0', 100);
    header.write(contents.length.toString(8).padStart(11, '0') + ' ', 124);
    header.write('        ', 148);
    header.write(type, 156);
    header.write(target.slice(0, 100), 157);
    header.write('ustar\x0000', 257);
    header.write(prefix, 345);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(sum.toString(8).padStart(6, '0') + '\0 ', 148);
    return [header, contents, new Uint8Array((512 - (contents.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, new Uint8Array(1024)]);
}

export function fakeAr(members: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const parts = Object.entries(members).flatMap(([name, bytes]) => [
    text(
      `${name.padEnd(16)}${'0'.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}${String(bytes.length).padEnd(10)}\`\n`,
    ),
    bytes,
    text(bytes.length % 2 ? '\n' : ''),
  ]);
  return Buffer.concat([text('!<arch>\n'), ...parts]);
}

const CONTROL = 'Package: tiny\nVersion: 1:2.3-4\nArchitecture: mipsel\nDepends: libc6 (>= 2.36), linux-image-1 | x\n';

export function fakeDeb(
  files: readonly FakeFile[],
  control = CONTROL,
  pack: (tar: Uint8Array) => Uint8Array = gzipSync,
  extension = '.gz',
): Uint8Array {
  return fakeAr({
    'debian-binary': text('2.0\n'),
    'control.tar.gz': gzipSync(fakeTar([{ path: './control', contents: text(control) }])),
    [`data.tar${extension}`]: pack(fakeTar(files)),
  });
}

/** A program for a little-endian MIPS with one program header, of the type given: 1 loads, 3 asks for libraries. */
export function fakeProgram(segment = 1, entry = 0x400000): Uint8Array {
  const bytes = Buffer.alloc(128);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  bytes.writeUInt16LE(2, 16);
  bytes.writeUInt16LE(8, 18);
  bytes.writeUInt32LE(entry, 24);
  bytes.writeUInt32LE(52, 28);
  bytes.writeUInt32LE(0x70001001, 36);
  bytes.writeUInt16LE(32, 42);
  bytes.writeUInt16LE(1, 44);
  bytes.writeUInt32LE(segment, 52);
  bytes.writeUInt32LE(entry, 60);
  bytes.writeUInt32LE(entry, 64);
  bytes.writeUInt32LE(128, 68);
  bytes.writeUInt32LE(128, 72);
  bytes.write('BusyBox v1.2.3 (test)', 100);
  return bytes;
}
