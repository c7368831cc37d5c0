/** A machine's state as expressions see it, and addresses as people type them. */
import { ExpressionError, parseExpression, type Values } from './expression.ts';
import { peekValue } from './peek.ts';
import type { DebugTarget } from './target.ts';

export function valuesOf(target: DebugTarget): Values {
  return {
    register: (n) => target.cpu.r[n]!,
    get pc() {
      return target.cpu.pc >>> 0;
    },
    get asid() {
      return target.system.asid;
    },
    get user() {
      return target.mode === 'user';
    },
    cp0: (index) => target.system.peekCp0(index),
    memory: (va, size) => peekValue(target, va, size),
    symbol: (name) => target.symbols.find(name),
  };
}

/** An address as a listing has it. */
const LISTED = /^[0-9a-f]{8}$/i;

/**
 * The address that an expression of registers, symbols and memory has now. Eight hexadecimal digits alone are an address
 * as listings have it, without `0x`.
 * @throws ExpressionError
 */
export function addressNow(target: DebugTarget, text: string): number {
  const bare = text.trim();
  if (LISTED.test(bare)) return parseInt(bare, 16);
  const value = parseExpression(bare, (name) => target.symbols.find(name) !== null)(valuesOf(target));
  if (value === null) throw new ExpressionError(`"${bare}" has no value now: memory it names is not mapped.`);
  return value;
}
