/**
 * Checks every message that the page sends: its shape, its ranges, its size. The page shows guests' output and other
 * people's files, so it is not trusted.
 */
import * as v from 'valibot';
import { MAX_INPUT } from '../emulator/protocol.ts';

const whole = (from: number, to: number) => {
  const message = `must be a whole number from ${from} to ${to}`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(from, message), v.maxValue(to, message));
};
const text = (longest: number) => {
  const message = `must be text of at most ${longest} characters`;
  return v.pipe(v.string(message), v.maxLength(longest, message));
};
const oneOf = <const T extends readonly (string | number)[]>(options: T) =>
  v.picklist(options, `must be one of ${options.join(', ')}`);
const flag = v.boolean('must be true or false');
const count = whole(0, Number.MAX_SAFE_INTEGER);

const filePath = v.pipe(text(4096), v.minLength(1, 'must be a file on this computer'));
const guestId = v.pipe(text(128), v.regex(/^[A-Za-z0-9][\w.+~-]*$/, 'must be the id of a guest in the library'));

/** Disks; how many of each interface is the emulator's to say. */
const MOST_DISKS = 4;

const shape = (issue: v.StrictObjectIssue) => {
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

const BootRequest = v.strictObject(
  {
    machine: v.optional(oneOf(['kvm', 'malta'])),
    bigEndian: v.optional(flag),
    memoryMiB: v.optional(whole(16, 1024)),
    tlbEntries: v.optional(oneOf([16, 32, 64])),
    // The kernel's COMMAND_LINE_SIZE is 4096, its terminating zero included.
    commandLine: v.optional(v.pipe(text(4095), v.regex(/^[^\0]*$/, 'must not contain a zero character'))),
    nsPerInstruction: v.optional(whole(1, 1_000_000)),
    seed: v.optional(whole(0, 0xffff_ffff)),
    kernelId: v.optional(whole(1, 0x7fff_ffff)),
    initrdId: v.optional(whole(1, 0x7fff_ffff)),
    kernelGuest: v.optional(guestId),
    initrdGuest: v.optional(guestId),
    disks: v.optional(
      v.pipe(v.array(DiskRequest, 'must be a list'), v.maxLength(MOST_DISKS, `must be at most ${MOST_DISKS}`)),
    ),
  },
  shape,
);

const ViewRequest = v.strictObject({ segments: flag, tlb: flag, slot: v.nullable(whole(0, 0xf_ffff)) }, shape);

/** One schema for every method of the bridge that carries something. */
const SCHEMAS = {
  boot: BootRequest,
  step: whole(1, 1_000_000_000),
  input: v.pipe(
    v.instance(Uint8Array, 'must be bytes'),
    v.maxLength(MAX_INPUT, `must be at most ${MAX_INPUT} bytes at once`),
  ),
  watch: ViewRequest,
  ackConsole: count,
  ackView: count,
  openDropped: filePath,
  importDropped: filePath,
  removeGuest: guestId,
  saveText: v.strictObject({ name: text(255), text: text(64 * 1024 * 1024) }, shape),
  copyText: text(16 * 1024 * 1024),
} as const;

export type MessageName = keyof typeof SCHEMAS;
export type Message<N extends MessageName> = v.InferOutput<(typeof SCHEMAS)[N]>;

/** @throws Error with one sentence that says what is wrong where */
export function checkMessage<N extends MessageName>(name: N, value: unknown): Message<N> {
  const result = v.safeParse(SCHEMAS[name], value, { abortEarly: true });
  if (result.success) return result.output as Message<N>;
  const issue = result.issues[0];
  const where = issue.path?.map((item) => String(item.key)).join('.') ?? 'its argument';
  throw new Error(`The request ${name} was refused: ${where} ${issue.message}.`);
}
