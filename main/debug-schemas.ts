/** Schemas of what the debugger's panels ask for, and of the views that panels together want. */
import * as v from 'valibot';
import { MAX_EXPRESSION, MAX_LISTING, MAX_MEMORY_VIEW } from '../emulator/protocol.ts';
import { flag, oneOf, shape, text, whole } from './schemas.ts';

const expression = text(MAX_EXPRESSION);
const word = whole(0, 0xffff_ffff);
const TranslateRequest = v.variant('direction', [
  v.strictObject(
    {
      direction: v.literal('virtual'),
      address: expression,
      access: oneOf(['load', 'store', 'fetch']),
      mode: v.nullable(oneOf(['kernel', 'user'])),
      asid: v.nullable(whole(0, 0xff)),
    },
    shape,
  ),
  v.strictObject({ direction: v.literal('physical'), address: expression }, shape),
]);
const CpuRequest = v.strictObject(
  {
    fpu: flag,
    code: v.strictObject(
      { address: v.nullable(expression), before: whole(0, MAX_LISTING), after: whole(0, MAX_LISTING) },
      shape,
    ),
    memory: v.nullable(
      v.strictObject({ address: expression, physical: flag, bytes: whole(16, MAX_MEMORY_VIEW) }, shape),
    ),
  },
  shape,
);
export const ViewRequest = v.strictObject(
  {
    counts: v.optional(flag),
    segments: flag,
    tlb: flag,
    slot: v.nullable(whole(0, 0xf_ffff)),
    translate: v.optional(TranslateRequest),
    cpu: v.optional(CpuRequest),
    breakpoints: v.optional(flag),
    host: v.optional(flag),
  },
  shape,
);

const breakpointId = whole(1, Number.MAX_SAFE_INTEGER);
export const DebugCommand = v.variant(
  'do',
  [
    v.strictObject({ do: v.literal('addBreakpoint'), spec: text(2 * MAX_EXPRESSION) }, shape),
    v.strictObject(
      {
        do: v.literal('changeBreakpoint'),
        id: breakpointId,
        enabled: v.optional(flag),
        condition: v.optional(expression),
        ignore: v.optional(word),
        resetHits: v.optional(flag),
      },
      shape,
    ),
    v.strictObject({ do: v.literal('removeBreakpoint'), id: breakpointId }, shape),
    v.strictObject({ do: v.literal('stepOver') }, shape),
    v.strictObject({ do: v.literal('runTo'), address: expression }, shape),
    v.strictObject({ do: v.literal('setRegister'), register: whole(0, 34), value: word }, shape),
    v.strictObject({ do: v.literal('setCp0'), index: whole(0, 255), value: word }, shape),
    v.strictObject(
      {
        do: v.literal('setMemory'),
        address: word,
        physical: flag,
        bytes: v.pipe(v.instance(Uint8Array, 'must be bytes'), v.maxLength(MAX_MEMORY_VIEW, 'must be fewer bytes')),
      },
      shape,
    ),
  ],
  'is not known here',
);
