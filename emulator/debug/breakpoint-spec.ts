/**
 * What a breakpoint waits for, as text and back:
 *
 *     switch_mm+0x10                      before the instruction there is executed, in any address space
 *     read:counter,4  write:…  access:…   before a load or store touches any of so many bytes (4 if not said)
 *     asid  asid:0x13                     the guest's ASID changes, to 0x13
 *     tlb  tlb:31                         guest TLB entry 31 is written
 *     flush  flush:kernel|user|gpa        a GVA page table is flushed: by KMF_KERN, KMF_USER, or with KMF_GPA
 *     exit  exit:TLBL                     an exit to the hypervisor, by ExcCode's name, WAIT or CACHE
 *     exception  exception:Sys            an exception reaches the guest; exception:refill a TLB refill
 *
 * Behind it may stand `ignore N`, the hits that do not stop, and last `if CONDITION`; see expression.ts.
 */
import { EXCEPTION_NAMES } from '../cpu/exceptions.ts';
import { EXIT_CACHE, EXIT_WAIT } from '../kvm/statistics.ts';
import { hex } from './trace.ts';

/** One sentence on what is wrong. */
export class SpecError extends Error {}

/** A symbol or number, and bytes added to it. */
export interface Place {
  symbol: string | null;
  offset: number;
}

export type FlushOf = 'kernel' | 'user' | 'gpa';

export type Awaited =
  | { kind: 'address'; place: Place }
  | { kind: 'read' | 'write' | 'access'; place: Place; length: number }
  | { kind: 'asid'; asid: number | null }
  | { kind: 'tlb'; index: number | null }
  | { kind: 'flush'; of: FlushOf | null }
  | { kind: 'exit'; reason: number | null }
  | { kind: 'exception'; code: number | 'refill' | null };

export interface Spec {
  awaited: Awaited;
  ignore: number;
  /** Empty for none. */
  condition: string;
}

const EVENTS = ['asid', 'tlb', 'flush', 'exit', 'exception'] as const;
const LONGEST_RANGE = 0x10000;
const CODES = EXCEPTION_NAMES.flatMap((name, code) => (name.startsWith('exc') ? [] : [[name, code] as const]));
const REASONS = [...CODES, ['WAIT', EXIT_WAIT] as const, ['CACHE', EXIT_CACHE] as const];

function numberOf(text: string, most: number, what: string): number {
  const value = /^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : NaN;
  if (value <= most) return value;
  throw new SpecError(`"${text}" is no ${what}: give a number from 0 to ${most > 0xffff ? '0xffffffff' : most}.`);
}

function named<T>(text: string, names: readonly (readonly [string, T])[], what: string): T {
  const found = names.find(([name]) => name.toLowerCase() === text.toLowerCase());
  if (found) return found[1];
  throw new SpecError(`"${text}" is no ${what}: they are ${names.map(([name]) => name).join(', ')}.`);
}

/** @throws SpecError */
export function parsePlace(text: string): Place {
  // As listings have addresses, without 0x.
  if (/^\s*[0-9a-f]{8}\s*$/i.test(text)) return { symbol: null, offset: parseInt(text, 16) };
  const match = /^\s*([A-Za-z_.$][\w.$]*|0x[0-9a-f]+|\d+)((?:\s*[+-]\s*(?:0x[0-9a-f]+|\d+))*)\s*$/i.exec(text);
  if (!match)
    throw new SpecError(`"${text.trim()}" is no address: give a number, a symbol, or either with + and a number.`);
  const [, base = '', sum = ''] = match;
  let offset = 0;
  for (const [, sign, digits] of sum.matchAll(/([+-])\s*(\w+)/g)) offset += (sign === '-' ? -1 : 1) * Number(digits);
  const isNumber = /^\d/.test(base);
  if (isNumber && Number(base) > 0xffffffff) throw new SpecError(`"${base}" is no address: it has more than 32 bits.`);
  return isNumber ? { symbol: null, offset: Number(base) + offset } : { symbol: base, offset };
}

function parseAwaited(text: string): Awaited {
  const colon = text.indexOf(':');
  const kind = (colon < 0 ? text : text.slice(0, colon)).trim().toLowerCase();
  const rest = colon < 0 ? null : text.slice(colon + 1).trim();
  if (rest === '') throw new SpecError(`"${text.trim()}" ends after the colon; say ${kind} of what.`);
  switch (kind) {
    case 'asid':
      return { kind, asid: rest === null ? null : numberOf(rest, 0xff, 'ASID') };
    case 'tlb':
      return { kind, index: rest === null ? null : numberOf(rest, 63, 'TLB entry') };
    case 'flush': {
      const names = [
        ['kernel', 'kernel'],
        ['user', 'user'],
        ['gpa', 'gpa'],
        ['KMF_KERN', 'kernel'],
        ['KMF_USER', 'user'],
        ['KMF_GPA', 'gpa'],
      ] as const;
      return { kind, of: rest === null ? null : named<FlushOf>(rest, names, 'kind of flush') };
    }
    case 'exit':
      return { kind, reason: rest === null ? null : named(rest, REASONS, 'kind of exit') };
    case 'exception':
      if (rest?.toLowerCase() === 'refill') return { kind, code: 'refill' };
      return { kind, code: rest === null ? null : named(rest, CODES, 'kind of exception (or refill)') };
    case 'read':
    case 'write':
    case 'access': {
      if (rest === null) break;
      const [where = '', bytes, more] = rest.split(',');
      if (more !== undefined) throw new SpecError(`"${rest}" has two commas: give an address and a number of bytes.`);
      const length = bytes === undefined ? 4 : numberOf(bytes.trim(), LONGEST_RANGE, 'number of bytes');
      if (length === 0) throw new SpecError('A watchpoint of 0 bytes is never touched: give 1 or more.');
      return { kind, place: parsePlace(where), length };
    }
    case 'address':
      if (rest !== null) return { kind, place: parsePlace(rest) };
  }
  if (rest !== null) {
    throw new SpecError(`"${kind}" is nothing to wait for: address, read, write, access, ${EVENTS.join(', ')} are.`);
  }
  return { kind: 'address', place: parsePlace(text) };
}

/** @throws SpecError with one sentence; the condition is not looked into */
export function parseSpec(text: string): Spec {
  const [, head = '', condition = ''] = /^([\s\S]*?)(?:\sif\s([\s\S]*))?$/.exec(text.trim())!;
  const [, what = '', ignore] = /^([\s\S]*?)(?:\signore\s+(\S+))?$/.exec(head.trim())!;
  if (what.trim() === '')
    throw new SpecError('Nothing to wait for: give an address, a symbol, or for example asid:0x13.');
  const spec = { awaited: parseAwaited(what), ignore: 0, condition: condition.trim() };
  if (ignore !== undefined) spec.ignore = numberOf(ignore, 0xffffffff, 'number of hits');
  return spec;
}

export function formatPlace({ symbol, offset }: Place): string {
  if (symbol === null) return hex(offset);
  return offset === 0 ? symbol : `${symbol}${offset < 0 ? '-' : '+'}0x${Math.abs(offset).toString(16)}`;
}

/** The text that {@link parseSpec} reads the same again, without ignore count and condition. */
export function formatAwaited(awaited: Awaited): string {
  switch (awaited.kind) {
    case 'address': {
      const text = formatPlace(awaited.place);
      return (EVENTS as readonly string[]).includes(text.toLowerCase()) ? `address:${text}` : text;
    }
    case 'read':
    case 'write':
    case 'access':
      return `${awaited.kind}:${formatPlace(awaited.place)},${awaited.length}`;
    case 'asid':
      return awaited.asid === null ? 'asid' : `asid:${hex(awaited.asid, 2)}`;
    case 'tlb':
      return awaited.index === null ? 'tlb' : `tlb:${awaited.index}`;
    case 'flush':
      return awaited.of === null ? 'flush' : `flush:${awaited.of}`;
    case 'exit':
      return awaited.reason === null ? 'exit' : `exit:${exitName(awaited.reason)}`;
    case 'exception':
      if (awaited.code === null) return 'exception';
      return `exception:${awaited.code === 'refill' ? 'refill' : EXCEPTION_NAMES[awaited.code]!}`;
  }
}

/** An exit's reason by its short name. */
export function exitName(reason: number): string {
  return REASONS.find(([, number]) => number === reason)?.[0] ?? String(reason);
}
