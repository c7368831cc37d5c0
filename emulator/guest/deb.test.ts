/** Packages, and the archives in them: what is read, and what damaged and hostile ones get. */
import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LoadError } from '../boot/elf.ts';
import { readAr } from './ar.ts';
import { unpackDeb } from './deb.ts';
import { unpack, unpackAll } from './decompress.ts';
import { fakeAr, fakeDeb, fakeTar } from '../testing/fake-guest.ts';
import { readTar } from './tar.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

async function* pieces(bytes: Uint8Array, size = 100): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function tarList(
  bytes: Uint8Array,
  size?: number,
): Promise<{ path: string; kind: string; target: string; text: string }[]> {
  const list = [];
  for await (const entry of readTar('a.tar', pieces(bytes, size))) {
    const { path, kind, target } = entry;
    list.push({ path, kind, target, text: kind === 'file' ? new TextDecoder().decode(await entry.read()) : '' });
  }
  return list;
}

/** Reads all of a package. */
async function readAll(bytes: Uint8Array): Promise<number> {
  const deb = await unpackDeb('x.deb', bytes);
  let count = 0;
  for await (const entry of deb.files()) {
    if (entry.size < 1e6) await entry.read();
    count++;
  }
  return count;
}

/** Every error is one sentence that names the file. */
async function onlyLoadErrors(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    expect(error).toBeInstanceOf(LoadError);
    expect((error as Error).message).toMatch(/^\S+: [^\n]+\.$/);
  }
}

describe('tar', () => {
  it('files, folders and links, in pieces of any size', async () => {
    const tar = fakeTar([
      { path: './', type: '5' },
      { path: './a/b', contents: bytesOf('x'.repeat(1000)) },
      { path: 'c', prefix: 'long/prefix', contents: bytesOf('two') },
      { path: '/a/link', type: '2', target: '../b' },
      { path: 'dev/null', type: '3' },
    ]);
    for (const size of [1, 7, 512, 1 << 20]) {
      expect(await tarList(tar, size)).toEqual([
        { path: '', kind: 'directory', target: '', text: '' },
        { path: 'a/b', kind: 'file', target: '', text: 'x'.repeat(1000) },
        { path: 'long/prefix/c', kind: 'file', target: '', text: 'two' },
        { path: 'a/link', kind: 'symlink', target: '../b', text: '' },
        { path: 'dev/null', kind: 'other', target: '', text: '' },
      ]);
    }
  });

  it('long names of GNU and of pax', async () => {
    const long = 'd/'.repeat(80) + 'file';
    const record = ` path=${long}\n`;
    const pax = `${record.length + 3}${record}`;
    const tar = fakeTar([
      { path: '././@LongLink', type: 'L', contents: bytesOf(long + '\0') },
      { path: 'cut', contents: bytesOf('gnu') },
      { path: 'PaxHeaders/x', type: 'x', contents: bytesOf(pax) },
      { path: 'cut', contents: bytesOf('pax') },
      { path: 'plain' },
    ]);
    expect((await tarList(tar)).map(({ path, text }) => [path, text])).toEqual([
      [long, 'gnu'],
      [long, 'pax'],
      ['plain', ''],
    ]);
  });

  it('contents that nobody reads are passed over', async () => {
    const paths: string[] = [];
    const tar = fakeTar([{ path: 'a', contents: new Uint8Array(2000) }, { path: 'b' }]);
    for await (const { path } of readTar('a.tar', pieces(tar))) paths.push(path);
    expect(paths).toEqual(['a', 'b']);
  });

  it.each(['../x', 'a/../../x', '/..'])('the path %s is refused', async (path) => {
    await expect(tarList(fakeTar([{ path }]))).rejects.toThrow(/unsafe path/);
  });

  it('what GNU tar writes', async () => {
    const tar = execFileSync('tar', ['-c', '-C', import.meta.dirname, 'tar.ts', 'deb.ts'], { maxBuffer: 1 << 24 });
    const list = await tarList(tar);
    expect(list.map(({ path }) => path)).toEqual(['tar.ts', 'deb.ts']);
    expect(list[0]!.text).toContain('export async function* readTar');
  });

  it('cut off or changed: a sentence or a list, never anything else', async () => {
    const tar = fakeTar([
      { path: 'a', contents: new Uint8Array(700) },
      { path: 'b', type: 'x', contents: bytesOf('11 path=ab\n') },
      { path: 'c' },
    ]);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(tar.length),
        fc.array(fc.tuple(fc.nat(tar.length - 1), fc.nat(255)), { maxLength: 4 }),
        async (end, changes) => {
          const bytes = Uint8Array.from(tar);
          for (const [at, value] of changes) bytes[at] = value;
          await onlyLoadErrors(tarList(bytes.subarray(0, end)));
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('ar', () => {
  it('members', () => {
    const members = readAr('x', fakeAr({ one: bytesOf('abc'), 'two/': bytesOf('de') }));
    expect(members.map(({ name, bytes }) => [name, new TextDecoder().decode(bytes)])).toEqual([
      ['one', 'abc'],
      ['two', 'de'],
    ]);
  });

  it('cut off or changed', async () => {
    const ar = fakeAr({ one: bytesOf('abc'), two: bytesOf('de') });
    await fc.assert(
      fc.asyncProperty(fc.nat(ar.length), fc.nat(ar.length - 1), fc.nat(255), async (end, at, value) => {
        const bytes = Uint8Array.from(ar);
        bytes[at] = value;
        await onlyLoadErrors(Promise.resolve().then(() => readAr('x', bytes.subarray(0, end))));
      }),
    );
  });
});

describe('compression', () => {
  const random = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => (i * 7919 + (i >> 3)) & 255);
  const packers: Record<string, (bytes: Uint8Array) => Uint8Array> = {
    gzip: gzipSync,
    xz: (bytes) => execFileSync('xz', ['-c'], { input: bytes, maxBuffer: 1 << 26 }),
    zstd: (bytes) => execFileSync('zstd', ['-c', '-q'], { input: bytes, maxBuffer: 1 << 26 }),
    none: (bytes) => bytes,
  };
  const here = Object.entries(packers).filter(([name, pack]) => {
    try {
      return pack(new Uint8Array(1)).length > 0;
    } catch {
      console.warn(`${name} is not installed: skipped`);
      return false;
    }
  });

  it.each(here)('%s: whole, cut off, changed, too large', async (name, pack) => {
    const plain = random(300_000);
    const packed = pack(plain);
    expect(Buffer.compare(await unpackAll('f', packed, 1 << 20), plain)).toBe(0);
    await expect(unpackAll('f', packed, 1 << 10)).rejects.toThrow(/unpacks to more than/);
    if (name === 'none') return;
    for (const end of [7, 12, 100, packed.length >> 1, packed.length - 1]) {
      await expect(unpackAll('f', packed.subarray(0, end), 1 << 20), `${end}`).rejects.toThrow(LoadError);
    }
    await fc.assert(
      fc.asyncProperty(fc.nat(packed.length - 1), fc.nat(255), async (at, value) => {
        const bytes = Uint8Array.from(packed);
        bytes[at] = value;
        await onlyLoadErrors(unpackAll('f', bytes, 1 << 20));
      }),
      { numRuns: 100 },
    );
    // After all this, and with readers that stop at the first piece, the decoder is as good as new.
    for await (const piece of unpack('f', packed)) if (piece.length > 0) break;
    const both = await Promise.all([unpackAll('f', packed, 1 << 20), unpackAll('f', packed, 1 << 20)]);
    for (const one of both) expect(Buffer.compare(one, plain)).toBe(0);
  });
});

describe('packages', () => {
  const files = [
    { path: './', type: '5' },
    { path: './bin/tool', contents: bytesOf('tool') },
  ];

  it('name, version, architecture, files', async () => {
    const deb = await unpackDeb('x.deb', fakeDeb(files));
    expect(deb).toMatchObject({
      name: 'tiny',
      version: '1:2.3-4',
      architecture: 'mipsel',
      depends: ['libc6', 'linux-image-1', 'x'],
    });
    for (let twice = 0; twice < 2; twice++) {
      const paths: string[] = [];
      for await (const { path } of deb.files()) paths.push(path);
      expect(paths).toEqual(['', 'bin/tool']);
    }
  });

  it('data without compression', async () => {
    expect(await readAll(fakeDeb(files, undefined, (tar) => tar, ''))).toBe(2);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['no ar archive', bytesOf('hello'), /byte 0 does not start an ar archive/],
    ['another ar archive', fakeAr({ 'a.o': new Uint8Array(4) }), /no Debian package/],
    ['no data', fakeAr({ 'debian-binary': bytesOf('2.0\n'), 'control.tar': fakeTar([]) }), /no member data\.tar/],
    ['compressed otherwise', fakeDeb(files, undefined, gzipSync, '.xz'), /"data\.tar\.xz" is not compressed/],
    ['a name with a path', fakeDeb(files, 'Package: ../x\nVersion: 1\nArchitecture: all\n'), /control file's Package/],
    ['no version', fakeDeb(files, 'Package: xx\nArchitecture: all\n'), /control file's Version/],
    ['paths outside', fakeDeb([{ path: '../../etc/passwd' }]), /unsafe path/],
  ])('%s', async (_, bytes, message) => {
    await expect(readAll(bytes)).rejects.toThrow(message);
    await onlyLoadErrors(readAll(bytes));
  });

  it('a bomb ends at the limit', async () => {
    const zeros = gzipSync(new Uint8Array(64 << 20));
    await expect(unpackAll('f', zeros, 1 << 20)).rejects.toThrow(/more than 1 MiB/);
  });

  it('cut off or changed', async () => {
    const deb = fakeDeb(files);
    await fc.assert(
      fc.asyncProperty(fc.nat(deb.length), fc.nat(deb.length - 1), fc.nat(255), async (end, at, value) => {
        const bytes = Uint8Array.from(deb);
        bytes[at] = value;
        await onlyLoadErrors(readAll(bytes.subarray(0, end)));
      }),
      { numRuns: 300 },
    );
  });
});
