/** Reader of Debian packages. Source: deb(5), deb-control(5). */
import { LoadError } from '../boot/elf.ts';
import { type ArMember, readAr } from './ar.ts';
import { compressionOf, unpack } from './decompress.ts';
import { type TarEntry, readTar } from './tar.ts';

export interface DebContents {
  name: string;
  version: string;
  /** Debian's name: `mipsel`, `mips`, `all` and so on. */
  architecture: string;
  /** Names of the packages it depends on, without versions. */
  depends: string[];
  /** What it would install, in the archive's order. Every call unpacks anew; a reader may stop early. */
  files(): AsyncGenerator<TarEntry>;
}

/** A package's control file is a few KiB, and the scripts beside it as well. */
const MAX_CONTROL = 16 * 1024 * 1024;
const COMPRESSIONS: Readonly<Record<string, string>> = { '': 'none', '.gz': 'gzip', '.xz': 'xz', '.zst': 'zstd' };

/**
 * @param name the file's name, for error messages
 * @throws LoadError when the package is not sound; `files()` too, while it is read
 */
export async function unpackDeb(name: string, bytes: Uint8Array): Promise<DebContents> {
  const members = readAr(name, bytes);
  const format = members[0]?.name === 'debian-binary' ? new TextDecoder().decode(members[0].bytes) : '';
  if (!/^2\.\d+\n/.test(format)) {
    throw new LoadError(`${name}: does not begin with debian-binary 2.0, so it is no Debian package; choose a .deb.`);
  }
  const control = tarMember(name, members, 'control.tar');
  const data = tarMember(name, members, 'data.tar');

  const fields = await controlFields(name, control);
  const field = (key: string, form: RegExp): string => {
    const value = fields.get(key) ?? '';
    if (!form.test(value))
      throw new LoadError(`${name}: the control file's ${key} is not as it must be; copy the file again.`);
    return value;
  };
  return {
    name: field('Package', /^[a-z0-9][a-z0-9+.-]{1,127}$/),
    version: field('Version', /^[A-Za-z0-9.+~:-]{1,128}$/),
    architecture: field('Architecture', /^[a-z0-9-]{1,32}$/),
    depends: (fields.get('Depends') ?? '').split(/[,|]/).map((one) => one.trim().split(/[\s(:]/)[0]!),
    files: () => readTar(name, unpack(name, data.bytes)),
  };
}

/** A member that may be compressed, which its name and its first bytes must agree on. */
function tarMember(name: string, members: ArMember[], stem: string): ArMember {
  const member = members.find((one) => one.name.startsWith(stem));
  if (!member)
    throw new LoadError(`${name}: has no member ${stem}, so it is no whole Debian package; copy the file again.`);
  const wanted = COMPRESSIONS[member.name.slice(stem.length)];
  if (wanted !== compressionOf(member.bytes)) {
    throw new LoadError(
      `${name}: the member ${JSON.stringify(member.name)} is not compressed with gzip, xz or zstd as its name says; ` +
        'choose another package.',
    );
  }
  return member;
}

async function controlFields(name: string, control: ArMember): Promise<Map<string, string>> {
  for await (const entry of readTar(name, unpack(name, control.bytes, MAX_CONTROL))) {
    if (entry.path !== 'control' || entry.kind !== 'file') continue;
    const text = new TextDecoder().decode(await entry.read());
    return new Map([...text.matchAll(/^([A-Za-z-]+):[ \t]*(.*)$/gm)].map(([, key, value]) => [key!, value!.trim()]));
  }
  throw new LoadError(`${name}: control.tar holds no control file; copy the file again.`);
}
