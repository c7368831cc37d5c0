/** What a message to the worker must carry: a wrong one would otherwise show only when it is too late to refuse it. */
import type { DiskConfig, ToEmulator } from './protocol.ts';

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

const areDisks = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.every(
    (disk: unknown) =>
      isObject(disk) &&
      typeof (disk as DiskConfig).path === 'string' &&
      ['ide', 'virtio'].includes((disk as DiskConfig).interface) &&
      typeof (disk as DiskConfig).writable === 'boolean',
  );

const WELL_FORMED: { [T in ToEmulator['type']]: (message: Extract<ToEmulator, { type: T }>) => boolean } = {
  boot: ({ config, breakpoints = {} }) =>
    isObject(config) && (config.disks === undefined || areDisks(config.disks)) && isObject(breakpoints),
  run: () => true,
  pause: () => true,
  reset: () => true,
  step: ({ instructions }) => isCount(instructions),
  runToAsidChange: () => true,
  runToUserFlush: () => true,
  input: ({ bytes }) => bytes instanceof Uint8Array,
  watch: ({ request }) => isObject(request) && (request.slot === null || isCount(request.slot)),
  pin: ({ pinned }) => typeof pinned === 'boolean',
  debug: ({ id, command }) => isCount(id) && isObject(command) && typeof command.do === 'string',
  ackConsole: ({ bytes }) => isCount(bytes),
  ackView: ({ sequence }) => isCount(sequence),
  timeline: ({ id, query }) =>
    isCount(id) && isObject(query) && isCount(query.buckets) && isCount(query.marks) && query.step > 0,
  timelineEvents: ({ id, request }) => isCount(id) && isObject(request) && isObject(request.cursor),
  timelineExport: ({ id, request }) => isCount(id) && isObject(request),
  ackTimelineExport: ({ id }) => isCount(id),
  cancelTimelineExport: ({ id }) => isCount(id),
  recordTimeline: ({ on }) => typeof on === 'boolean',
  shutdown: () => true,
};

/** Why a message cannot be handled, in one sentence, or null. */
export function refusal(message: unknown): string | null {
  const type = isObject(message) ? (message as ToEmulator).type : null;
  if (!Object.hasOwn(WELL_FORMED, String(type))) return `The emulator knows no message ${JSON.stringify(type)}.`;
  const check = WELL_FORMED[type as ToEmulator['type']] as (message: unknown) => boolean;
  return check(message) ? null : `The emulator got a message ${JSON.stringify(type)} without what belongs in it.`;
}
