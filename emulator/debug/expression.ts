/**
 * Conditions of breakpoints and addresses that people type: C's operators over unsigned 32-bit numbers.
 *
 *     a0 != 0 && asid == 0x13        GPRs by o32 name ($a0 and $4 too), hi, lo, pc, asid
 *     Cause.ExcCode == 8             CP0 registers and their fields; modes as `user` (1 or 0)
 *     word[sp + 4] == jiffies        memory by the guest's own view, word[], half[], byte[]; symbols by name
 *
 * Parsed into functions, never evaluated as code. What cannot be had (memory that is not mapped, a division by zero)
 * makes the whole expression have no value: a condition without one does not hold.
 */
import { CP0_REGISTERS, fieldValue } from './cp0-fields.ts';
import { REGISTER_NAMES } from '../cpu/disassembler.ts';

/** Where an expression takes its values from. */
export interface Values {
  /** GPRs 0 to 31, HI 32, LO 33. */
  register(n: number): number;
  readonly pc: number;
  readonly asid: number;
  readonly user: boolean;
  /** CP0 by `register * 8 + select`. */
  cp0(index: number): number;
  /** Unsigned value of guest memory, or null where nothing is mapped. */
  memory(va: number, size: 1 | 2 | 4): number | null;
  /** A symbol's address, or null. */
  symbol(name: string): number | null;
}

/** One sentence on what is wrong where. */
export class ExpressionError extends Error {}

/** null: it has no value here and now. */
export type Expression = (values: Values) => number | null;

const LONGEST = 500;
const DEEPEST = 50;

const TOKEN =
  /\s*(?:(0x[0-9a-f]+|0b[01]+|\d+)(?![\w.])|(\$?[a-z_.][\w.$]*|\$\d+)|(\|\||&&|==|!=|<=|>=|<<|>>|[-+*/%&|^~!<>()[\]])|(\S.*))/giy;

interface Token {
  kind: 'number' | 'name' | 'operator';
  text: string;
}

function tokens(text: string): Token[] {
  if (text.length > LONGEST)
    throw new ExpressionError(`The expression has ${text.length} characters; ${LONGEST} is the most.`);
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const match = TOKEN.exec(text);
    if (!match) break;
    const [, number, name, operator, rest] = match;
    if (rest?.startsWith('=')) throw new ExpressionError(`"=" in "${text.trim()}" sets nothing: compare with "==".`);
    if (rest !== undefined)
      throw new ExpressionError(`"${rest.slice(0, 20)}" in "${text.trim()}" is no part of an expression.`);
    if (number !== undefined) found.push({ kind: 'number', text: number });
    else if (name !== undefined) found.push({ kind: 'name', text: name });
    else found.push({ kind: 'operator', text: operator! });
  }
  return found;
}

type Binary = (a: number, b: number) => number | null;
const yes = (value: boolean) => (value ? 1 : 0);

/** Binary operators, those that bind loosest first. */
const LEVELS: Record<string, Binary>[] = [
  { '||': (a, b) => yes(a !== 0 || b !== 0) },
  { '&&': (a, b) => yes(a !== 0 && b !== 0) },
  { '|': (a, b) => (a | b) >>> 0 },
  { '^': (a, b) => (a ^ b) >>> 0 },
  { '&': (a, b) => (a & b) >>> 0 },
  { '==': (a, b) => yes(a === b), '!=': (a, b) => yes(a !== b) },
  { '<': (a, b) => yes(a < b), '<=': (a, b) => yes(a <= b), '>': (a, b) => yes(a > b), '>=': (a, b) => yes(a >= b) },
  { '<<': (a, b) => (b > 31 ? 0 : (a << b) >>> 0), '>>': (a, b) => (b > 31 ? 0 : a >>> b) },
  { '+': (a, b) => (a + b) >>> 0, '-': (a, b) => (a - b) >>> 0 },
  {
    '*': (a, b) => Math.imul(a, b) >>> 0,
    '/': (a, b) => (b === 0 ? null : Math.floor(a / b)),
    '%': (a, b) => (b === 0 ? null : a % b),
  },
];
const UNARY: Record<string, (a: number) => number> = {
  '-': (a) => -a >>> 0,
  '~': (a) => ~a >>> 0,
  '!': (a) => yes(a === 0),
};
const SIZES: Record<string, 1 | 2 | 4> = { byte: 1, half: 2, word: 4 };

class Parser {
  private at = 0;
  private depth = 0;
  private readonly list: Token[];

  constructor(
    private readonly text: string,
    /** Throws for a symbol that there is not; null: symbols may still come. */
    private readonly known: ((name: string) => boolean) | null,
  ) {
    this.list = tokens(text);
    if (this.list.length === 0) throw new ExpressionError('The expression is empty; write for example a0 != 0.');
  }

  parse(): Expression {
    const expression = this.binary(0);
    const rest = this.list[this.at];
    if (rest) this.fail(`"${rest.text}" is one too many`);
    return expression;
  }

  private fail(what: string): never {
    throw new ExpressionError(`In "${this.text.trim()}" ${what}.`);
  }

  private take(operator: string): boolean {
    const token = this.list[this.at];
    if (token?.kind !== 'operator' || token.text !== operator) return false;
    this.at++;
    return true;
  }

  private binary(level: number): Expression {
    const operators = LEVELS[level];
    if (!operators) return this.unary();
    let left = this.binary(level + 1);
    for (;;) {
      const token = this.list[this.at];
      const apply = token?.kind === 'operator' ? operators[token.text] : undefined;
      if (!apply) return left;
      this.at++;
      const [a, b, operator] = [left, this.binary(level + 1), token!.text];
      left = (values) => {
        const x = a(values);
        if (x === null) return null;
        // As in C, what need not be known is not asked for.
        if (operator === '&&' && x === 0) return 0;
        if (operator === '||' && x !== 0) return 1;
        const y = b(values);
        return y === null ? null : apply(x, y);
      };
    }
  }

  private unary(): Expression {
    if (++this.depth > DEEPEST) this.fail('brackets and signs are nested too deep');
    try {
      for (const [operator, apply] of Object.entries(UNARY)) {
        if (!this.take(operator)) continue;
        const inner = this.unary();
        return (values) => {
          const x = inner(values);
          return x === null ? null : apply(x);
        };
      }
      return this.primary();
    } finally {
      this.depth--;
    }
  }

  private primary(): Expression {
    if (this.take('(')) return this.closed(')');
    if (this.take('[')) return this.memory(4);
    const token = this.list[this.at++];
    if (!token) this.fail('something is missing at the end');
    if (token.kind === 'operator') this.fail(`a value is missing before "${token.text}"`);
    if (token.kind === 'number') {
      const value = Number(token.text);
      if (value > 0xffffffff) this.fail(`${token.text} is more than 32 bits`);
      return () => value;
    }
    const size = SIZES[token.text.toLowerCase()];
    if (size && this.take('[')) return this.memory(size);
    return this.name(token.text);
  }

  private closed(bracket: string): Expression {
    const inner = this.binary(0);
    if (!this.take(bracket)) this.fail(`a "${bracket}" is missing`);
    return inner;
  }

  private memory(size: 1 | 2 | 4): Expression {
    const address = this.closed(']');
    return (values) => {
      const va = address(values);
      return va === null ? null : values.memory(va, size);
    };
  }

  private name(text: string): Expression {
    const bare = text.replace(/^\$/, '');
    const lower = bare.toLowerCase();
    if (lower === 'pc') return (values) => values.pc;
    if (lower === 'asid') return (values) => values.asid;
    if (lower === 'user') return (values) => yes(values.user);
    if (lower === 'hi' || lower === 'lo') return (values) => values.register(lower === 'hi' ? 32 : 33) >>> 0;
    const numbered = text.startsWith('$') && /^\d+$/.test(bare) ? Number(bare) : -1;
    const register = numbered >= 0 ? numbered : lower === 's8' ? 30 : REGISTER_NAMES.indexOf(lower);
    if (register > 31) this.fail(`${text} is no register: they are $0 to $31`);
    if (register >= 0) return (values) => values.register(register) >>> 0;
    const cp0 = this.cp0(bare);
    if (cp0) return cp0;
    if (this.known && !this.known(bare)) this.fail(`there is no register and no symbol "${text}"`);
    return (values) => values.symbol(bare);
  }

  private cp0(text: string): Expression | null {
    const [name = '', part, more] = text.split('.');
    // Case tells EntryHi, the register, from a guest's symbol entryhi.
    const register = CP0_REGISTERS.find((each) => each.name === name);
    if (!register) return null;
    const { index } = register;
    if (part === undefined) return (values) => values.cp0(index) >>> 0;
    const field = register.fields.find((each) => each.name.toLowerCase() === part.toLowerCase());
    if (!field || more !== undefined) {
      this.fail(
        `${name} has no field "${text.slice(name.length + 1)}": ${register.fields.map((f) => f.name).join(', ')}`,
      );
    }
    return (values) => fieldValue(field, values.cp0(index)) >>> 0;
  }
}

/**
 * @param known tells whether the guest has a symbol; null while its symbols are not known yet
 * @throws ExpressionError
 */
export function parseExpression(text: string, known: ((name: string) => boolean) | null = null): Expression {
  return new Parser(text, known).parse();
}
