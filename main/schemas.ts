/** The pieces that what comes from outside is checked with: the page's messages and the user's own files. */
import * as v from 'valibot';
import { CPUS, HOST_GEOMETRIES, MAX_HOST_CPUS, MAX_MIGRATE_EVERY, POLICIES } from '../emulator/protocol.ts';

export const whole = (from: number, to: number) => {
  const message = `must be a whole number from ${from} to ${to}`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(from, message), v.maxValue(to, message));
};
export const text = (longest: number) => {
  const message = `must be text of at most ${longest} characters`;
  return v.pipe(v.string(message), v.maxLength(longest, message));
};
export const oneOf = <const T extends readonly (string | number)[]>(options: T) =>
  v.picklist(options, `must be one of ${options.join(', ')}`);
export const flag = v.boolean('must be true or false');
export const count = whole(0, Number.MAX_SAFE_INTEGER);

export const filePath = v.pipe(text(4096), v.minLength(1, 'must be a file on this computer'));
export const guestId = v.pipe(text(128), v.regex(/^[A-Za-z0-9][\w.+~-]*$/, 'must be the id of a guest in the library'));

/** Disks; how many of each interface is the emulator's to say. */
export const MOST_DISKS = 4;

export const shape = (issue: v.StrictObjectIssue) => {
  if (issue.expected === 'never') return 'is not known here';
  return issue.path ? 'is missing' : 'must be an object';
};

const DiskRequest = v.pipe(
  v.strictObject(
    {
      fileId: v.optional(whole(1, 0x7fff_ffff)),
      guest: v.optional(guestId),
      interface: oneOf(['ide', 'virtio']),
      writable: flag,
    },
    shape,
  ),
  v.check(
    ({ fileId, guest }) => (fileId === undefined) !== (guest === undefined),
    'must name an open file or a guest of the library, and only one',
  ),
);

/** What a machine is, apart from the files it is given. */
export const MACHINE = {
  machine: v.optional(oneOf(['kvm', 'malta'])),
  bigEndian: v.optional(flag),
  memoryMiB: v.optional(whole(16, 1024)),
  tlbEntries: v.optional(oneOf([16, 32, 64])),
  cpu: v.optional(oneOf(CPUS)),
  policy: v.optional(oneOf(POLICIES)),
  geometry: v.optional(oneOf(HOST_GEOMETRIES)),
  hostCpus: v.optional(whole(1, MAX_HOST_CPUS)),
  migrateEvery: v.optional(whole(1, MAX_MIGRATE_EVERY)),
  dynamicTranslation: v.optional(flag),
  keepReplaced: v.optional(flag),
  check: v.optional(flag),
  // The kernel's COMMAND_LINE_SIZE is 4096, its terminating zero included.
  commandLine: v.optional(v.pipe(text(4095), v.regex(/^[^\0]*$/, 'must not contain a zero character'))),
  nsPerInstruction: v.optional(whole(1, 1_000_000)),
  seed: v.optional(whole(0, 0xffff_ffff)),
} as const;

/** Moving needs somewhere to go; the check's message is MOVES. */
export const canMove = ({ hostCpus = 1, migrateEvery }: { hostCpus?: number; migrateEvery?: number }): boolean =>
  migrateEvery === undefined || hostCpus > 1;
export const MOVES = 'has migrateEvery, which needs hostCpus of 2 or more';

export const BootRequest = v.pipe(
  v.strictObject(
    {
      ...MACHINE,
      kernelId: v.optional(whole(1, 0x7fff_ffff)),
      initrdId: v.optional(whole(1, 0x7fff_ffff)),
      kernelGuest: v.optional(guestId),
      initrdGuest: v.optional(guestId),
      disks: v.optional(
        v.pipe(v.array(DiskRequest, 'must be a list'), v.maxLength(MOST_DISKS, `must be at most ${MOST_DISKS}`)),
      ),
    },
    shape,
  ),
  v.check((config) => canMove(config), MOVES),
);

export const configurationName = v.pipe(text(80), v.trim(), v.minLength(1, 'must not be empty'));
export const configurationId = v.pipe(
  text(100),
  v.regex(/^[\p{L}\p{N}][\p{L}\p{N}-]*$/u, 'must be the id of a configuration'),
);
