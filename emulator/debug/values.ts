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

/**
 * The address that an expression of registers, symbols and memory has now. Bare hexadecimal without `0x` is taken for
 * hexadecimal where nothing else fits, as people paste it.
 * @throws ExpressionError
 */
export function addressNow(target: DebugTarget, text: string): number {
  const bare = text.trim();
  if (/^(?=.*[0-9])[0-9a-f]{5,8}$/i.test(bare) && target.symbols.find(bare) === null) return parseInt(bare, 16);
  const value = parseExpression(bare, (name) => target.symbols.find(name) !== null)(valuesOf(target));
  if (value === null) throw new ExpressionError(`"${bare}" has no value now: memory it names is not mapped.`);
  return value;
}
