/** One breakpoint: its symbol and its condition resolved, its hits counted, and what is kept and shown of it. */
import type { BreakpointView, SavedBreakpoint } from '../protocol.ts';
import { formatAwaited, SpecError, type Spec } from './breakpoint-spec.ts';
import { parseExpression, type Expression, type Values } from './expression.ts';
import type { DebugTarget } from './target.ts';
import { hex } from './trace.ts';

export interface Breakpoint extends Spec {
  id: number;
  enabled: boolean;
  hits: number;
  /** Parsed condition; null for none, or for one that names symbols not known yet. */
  holds: Expression | null;
  /** Where an address breakpoint or watchpoint is; null while its symbol is not known. */
  at: number | null;
  /** Why it cannot be hit yet; empty when it can. */
  pending: string;
}

type Guest = Pick<DebugTarget, 'symbols'>;

/** Finds addresses and parses the condition. @param strict a symbol that the guest lacks is an error */
export function resolve(breakpoint: Breakpoint, guest: Guest, strict: boolean): void {
  const { symbols } = guest;
  const none = symbols.size === 0;
  const { awaited, condition } = breakpoint;
  breakpoint.pending = '';
  breakpoint.holds = null;
  breakpoint.at = null;
  if ('place' in awaited) {
    const { symbol, offset } = awaited.place;
    const base = symbol === null ? 0 : symbols.find(symbol);
    if (base === null) {
      const missing = `There is no symbol "${symbol}" in this guest`;
      if (strict && !none) throw new SpecError(`${missing}; check its spelling.`);
      breakpoint.pending = none ? `Waits for symbols to find "${symbol}".` : `${missing}.`;
    } else breakpoint.at = (base + offset) >>> 0;
    if (awaited.kind === 'address' && breakpoint.at !== null && breakpoint.at % 4 !== 0) {
      const message = `No instruction begins at ${hex(breakpoint.at)}: its address must be a multiple of 4.`;
      if (strict) throw new SpecError(message);
      breakpoint.pending = message;
      breakpoint.at = null;
    }
  }
  if (condition === '') return;
  try {
    breakpoint.holds = parseExpression(condition, none ? null : (name) => symbols.find(name) !== null);
  } catch (error) {
    if (strict) throw error;
    breakpoint.pending = (error as Error).message;
  }
}

/** Counts a hit, if the condition holds. Returns whether it stops. */
export function hit(breakpoint: Breakpoint, values: Values): boolean {
  const { condition, holds } = breakpoint;
  if (condition !== '') {
    const value = holds?.(values) ?? null;
    if (value === null || value === 0) return false;
  }
  breakpoint.hits++;
  return breakpoint.hits > breakpoint.ignore;
}

/** What `Breakpoints.restore` takes. */
export function savedOf({ awaited, ignore, condition, enabled }: Breakpoint): SavedBreakpoint {
  const skipped = ignore === 0 ? '' : ` ignore ${ignore}`;
  return { spec: `${formatAwaited(awaited)}${skipped}${condition === '' ? '' : ` if ${condition}`}`, enabled };
}

/** What is shown of it. The guest is asked for symbols only where it has an address. */
export function viewOf(breakpoint: Breakpoint, guest: Guest): BreakpointView {
  return {
    id: breakpoint.id,
    spec: formatAwaited(breakpoint.awaited),
    kind: breakpoint.awaited.kind,
    condition: breakpoint.condition,
    ignore: breakpoint.ignore,
    enabled: breakpoint.enabled,
    hits: breakpoint.hits,
    pending: breakpoint.pending,
    address: breakpoint.at,
    symbol: breakpoint.at === null ? '' : guest.symbols.describe(breakpoint.at),
  };
}
