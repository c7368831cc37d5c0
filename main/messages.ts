/**
 * Checks every message that the page sends: its shape, its ranges, its size. The page shows guests' output and other
 * people's files, so it is not trusted.
 */
import * as v from 'valibot';
import { MAX_INPUT } from '../emulator/protocol.ts';
import { DebugCommand, ViewRequest } from './debug-schemas.ts';
import {
  BootRequest,
  configurationId,
  configurationName,
  count,
  filePath,
  flag,
  guestId,
  oneOf,
  shape,
  text,
  whole,
} from './schemas.ts';
import { TimelineEventsRequest, TimelineExportRequest, TimelineQuery } from './timeline-schemas.ts';

/** One schema for every method of the bridge that carries something. */
const SCHEMAS = {
  boot: BootRequest,
  step: whole(1, 1_000_000_000),
  input: v.pipe(
    v.instance(Uint8Array, 'must be bytes'),
    v.maxLength(MAX_INPUT, `must be at most ${MAX_INPUT} bytes at once`),
  ),
  watch: ViewRequest,
  pinTables: flag,
  debug: DebugCommand,
  ackConsole: count,
  ackView: count,
  openDropped: filePath,
  importDropped: filePath,
  removeGuest: guestId,
  saveConfiguration: v.strictObject(
    { id: v.nullable(configurationId), name: configurationName, request: BootRequest },
    shape,
  ),
  removeConfiguration: configurationId,
  restoreConfiguration: configurationId,
  saveText: v.strictObject({ name: text(255), text: text(64 * 1024 * 1024) }, shape),
  timeline: TimelineQuery,
  timelineEvents: TimelineEventsRequest,
  exportTimeline: TimelineExportRequest,
  recordTimeline: flag,
  copyText: text(16 * 1024 * 1024),
  zoom: oneOf(['in', 'out', 'reset']),
  theme: oneOf(['system', 'light', 'dark']),
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
