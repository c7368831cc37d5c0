/**
 * A boot configuration as a file: JSON that a person reads and edits. Files stand in it by path, and those of the guest
 * library by their id there.
 */
import * as v from 'valibot';
import type { BootRequest } from './bridge.ts';
import {
  MACHINE,
  MOST_DISKS,
  MOVES,
  canMove,
  configurationName,
  filePath,
  flag,
  guestId,
  oneOf,
  shape,
} from './schemas.ts';

/** The files a request names by number; see Files in files.ts. */
export interface FileNumbers {
  /** A number for a path, whether or not the file is there now. */
  number(path: string): number;
  /** @throws Error with one sentence for a number that was never given */
  path(id: number): string;
}

const one = 'must have either "library", with an id, or "file", with a path';
const place = { library: v.optional(guestId), file: v.optional(filePath) };
const isOne = ({ library, file }: { library?: string; file?: string }): boolean =>
  (library === undefined) !== (file === undefined);
const Source = v.pipe(v.strictObject(place, shape), v.check(isOne, one));
const Disk = v.pipe(
  v.strictObject({ ...place, interface: oneOf(['ide', 'virtio']), writable: v.optional(flag) }, shape),
  v.check((disk) => isOne(disk), one),
);

const ConfigurationFile = v.pipe(
  v.strictObject(
    {
      format: v.literal(1, 'must be 1, the only format this Kseg knows'),
      name: configurationName,
      kernel: v.optional(Source),
      initrd: v.optional(Source),
      disks: v.optional(
        v.pipe(v.array(Disk, 'must be a list'), v.maxLength(MOST_DISKS, `must be at most ${MOST_DISKS}`)),
      ),
      ...MACHINE,
    },
    shape,
  ),
  v.check((config) => canMove(config), MOVES),
);

export interface NamedRequest {
  name: string;
  request: BootRequest;
}

/**
 * @param text the file's contents; anything at all
 * @throws Error with the rest of a sentence that begins with the file's name
 */
export function parseConfiguration(text: string, files: FileNumbers): NamedRequest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`is not JSON (${(error as Error).message})`);
  }
  const result = v.safeParse(ConfigurationFile, value, { abortEarly: true });
  if (!result.success) {
    const issue = result.issues[0];
    const where = issue.path?.map((item) => keyName(String(item.key))).join('.') ?? 'it';
    throw new Error(`${where} ${issue.message}`);
  }
  const { format, name, kernel, initrd, disks, ...machine } = result.output;
  void format;
  const request: BootRequest = machine;
  if (kernel?.library !== undefined) request.kernelGuest = kernel.library;
  if (kernel?.file !== undefined) request.kernelId = files.number(kernel.file);
  if (initrd?.library !== undefined) request.initrdGuest = initrd.library;
  if (initrd?.file !== undefined) request.initrdId = files.number(initrd.file);
  if (disks) {
    request.disks = disks.map(({ library, file, writable = false, ...disk }) => ({
      ...disk,
      writable,
      ...(library === undefined ? { fileId: files.number(file!) } : { guest: library }),
    }));
  }
  return { name, request };
}

/** A key as a sentence can have it: one that is no word stands in quotes, escaped. */
const keyName = (key: string): string => (/^\w+$/.test(key) ? key : JSON.stringify(key));

/** The text of a configuration's file. @throws Error with one sentence when it names a file that is not open */
export function formatConfiguration({ name, request }: NamedRequest, files: FileNumbers): string {
  const { kernelId, kernelGuest, initrdId, initrdGuest, disks, ...machine } = request;
  const source = (id: number | undefined, guest: string | undefined) => {
    if (guest !== undefined) return { library: guest };
    return id === undefined ? undefined : { file: files.path(id) };
  };
  const file = {
    format: 1,
    name,
    kernel: source(kernelId, kernelGuest),
    initrd: source(initrdId, initrdGuest),
    disks: disks?.map(({ fileId, guest, ...disk }) => ({ ...source(fileId, guest), ...disk })),
    ...machine,
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}
