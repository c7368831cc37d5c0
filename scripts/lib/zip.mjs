/**
 * Unpacks a zip file (PKWARE APPNOTE 6.3, sections 4.3.7, 4.3.12 and 4.3.16; stored and deflated members). Here so that
 * an ordinary user needs no system package to get the runtime.
 */
import { chmod, mkdir, open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import zlib from 'node:zlib';

const inflateRaw = promisify(zlib.inflateRaw);
const END = 0x06054b50;
const CENTRAL = 0x02014b50;

/**
 * @param {string} file
 * @param {string} target directory; made if missing
 * @param {(name: string) => string | null} place where a member goes, relative to `target`; null leaves it out
 */
export async function unzip(file, target, place) {
  const zip = await open(file);
  try {
    const { size } = await zip.stat();
    const read = async (position, length) => {
      const { buffer, bytesRead } = await zip.read(Buffer.alloc(length), 0, length, position);
      if (bytesRead !== length) throw new Error(`${file}: the zip file ends early, at byte ${position + bytesRead}.`);
      return buffer;
    };
    const tailAt = Math.max(0, size - 65_557);
    const tail = await read(tailAt, size - tailAt);
    let end = tail.length - 22;
    while (end >= 0 && tail.readUInt32LE(end) !== END) end--;
    if (end < 0) throw new Error(`${file}: this is no zip file (no end record).`);
    const count = tail.readUInt16LE(end + 10);
    const directory = await read(tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12));

    for (let at = 0, index = 0; index < count; index++) {
      if (directory.readUInt32LE(at) !== CENTRAL) throw new Error(`${file}: bad directory entry ${index}.`);
      const method = directory.readUInt16LE(at + 10);
      const crc = directory.readUInt32LE(at + 16);
      const packed = directory.readUInt32LE(at + 20);
      const nameLength = directory.readUInt16LE(at + 28);
      const mode = directory.readUInt32LE(at + 38) >>> 16;
      const header = directory.readUInt32LE(at + 42);
      const name = directory.toString('utf8', at + 46, at + 46 + nameLength);
      at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);

      const relative = place(name);
      if (relative === null || name.endsWith('/')) continue;
      const destination = path.resolve(target, relative);
      if (!destination.startsWith(path.resolve(target) + path.sep)) throw new Error(`${file}: ${name} leads outside.`);
      if (method !== 0 && method !== 8) throw new Error(`${file}: ${name} is packed by method ${method}.`);

      const local = await read(header, 30);
      const data = await read(header + 30 + local.readUInt16LE(26) + local.readUInt16LE(28), packed);
      const bytes = method === 8 ? await inflateRaw(data) : data;
      if (zlib.crc32(bytes) !== crc) throw new Error(`${file}: ${name} is damaged (CRC).`);
      await mkdir(path.dirname(destination), { recursive: true });
      await writeFile(destination, bytes);
      await chmod(destination, mode & 0o111 ? 0o755 : 0o644);
    }
  } finally {
    await zip.close();
  }
}
