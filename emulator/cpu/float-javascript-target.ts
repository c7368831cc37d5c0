/** Semantics as JavaScript text: the rows of coprocessor 1 as executeFloat has them. */
import { FIELD, JavaScript, RD, RT, SA, truth } from './javascript-target.ts';
import type { FloatFormat, FloatOperation, FloatRegister, Rounding } from './semantics.ts';

export class FloatJavaScript extends JavaScript {
  /** @param functions by name: each small enough that its numbers stay unboxed */
  constructor(private readonly functions: Map<string, string>) {
    super();
  }

  /** Doubles are in even registers where FR is 0. 64-bit integers are not there at all. */
  private requireRegisters(format: FloatFormat, ...registers: FloatRegister[]): void {
    const shift = { fd: 6, fs: 11, ft: 16, fr: 21 };
    if (format === 'l') this.lines.push('if (f.odd !== 0) return c.reserved(w);');
    if (format !== 'd') return;
    const bits = registers.map((register) => `(w >>> ${shift[register]})`).join(' | ');
    this.lines.push(`if (((${bits}) & f.odd) !== 0) return c.reserved(w);`);
  }

  override reserveFloat(): void {
    this.lines.push('return c.reserved(w);');
    this.leaves = true;
  }
  override floatControl(direction: 'from' | 'to'): void {
    this.lines.push(
      direction === 'from' ? `c.setRegister(${RT}, f.readControl(${RD}));` : `f.writeControl(${RD}, ${this.rt});`,
    );
  }
  override float(operation: FloatOperation, format: FloatFormat): void {
    const kind = format === 's' ? 'Single' : 'Double';
    const read = (register: FloatRegister) => `f.${kind.toLowerCase()}(${FIELD[register]})`;
    const call = (name: string, ...values: string[]) => `${name}${kind}(${values.join(', ')})`;
    const [fs, ft, fr] = [read('fs'), read('ft'), read('fr')];
    const product = call('mul', fs, ft);
    const unary: FloatRegister[] = ['fd', 'fs'];
    const binary: FloatRegister[] = ['fd', 'fs', 'ft'];
    const ternary: FloatRegister[] = ['fd', 'fs', 'ft', 'fr'];
    const operations: Record<FloatOperation, [value: string, registers: FloatRegister[]]> = {
      add: [call('add', fs, ft), binary],
      sub: [call('add', fs, '-' + ft), binary],
      mul: [product, binary],
      div: [call('div', fs, ft), binary],
      sqrt: [call('sqrt', fs), unary],
      recip: [call('div', '1', fs), unary],
      rsqrt: [call('div', '1', call('sqrt', fs)), unary],
      madd: [call('add', product, fr), ternary],
      msub: [call('add', product, '-' + fr), ternary],
      nmadd: ['-' + call('add', product, fr), ternary],
      nmsub: ['-' + call('add', product, '-' + fr), ternary],
      abs: ['', unary],
      neg: ['', unary],
    };
    const [value, registers] = operations[operation];
    this.requireRegisters(format, ...registers);
    if (value === '') {
      this.lines.push(`f.changeSign('${operation}', '${format}', ${SA}, ${RD});`);
      return;
    }
    const name = operation + kind + 'Registers';
    this.functions.set(
      name,
      `function ${name}(f: Fpu, w: number): void {
  const v = f.nearest ? ${value} : NaN;
  if (v === v) f.set${kind}(${SA}, v);
  else f.calculate('${operation}', '${format}', w);
}`,
    );
    this.lines.push(`${name}(f, w);`);
  }
  override floatConvert(rounding: Rounding, to: FloatFormat, from: FloatFormat): void {
    this.requireRegisters(to, 'fd');
    this.requireRegisters(from, 'fs');
    this.lines.push(
      to === 'w' || to === 'l'
        ? `f.toInteger('${rounding}', '${to}', '${from}', ${SA}, ${RD});`
        : `f.toFloat('${to}', '${from}', ${SA}, ${RD});`,
    );
  }
  override floatCompare(_condition: number, format: FloatFormat): void {
    this.requireRegisters(format, 'fs', 'ft');
    this.lines.push(`f.compare(w & 15, '${format}', (w >>> 8) & 7, ${RD}, ${RT});`);
  }
  override floatMove(format: FloatFormat): void {
    this.requireRegisters(format, 'fd', 'fs');
    this.lines.push(`f.move('${format}', ${SA}, ${RD});`);
  }
  override floatMoveIf(condition: string, format: FloatFormat): void {
    this.lines.push(`if (${truth(condition)}) f.move('${format}', ${SA}, ${RD});`);
  }
}
