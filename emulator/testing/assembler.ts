/** Assembly for tests: instructions of the table by name, with labels. */
import { op } from './bare-machine.ts';

type Fields = Parameters<typeof op>[1];

export class Assembler {
  readonly words: number[] = [];
  private readonly labels = new Map<string, number>();
  private readonly fixups: { at: number; label: string; fix: (word: number, to: number, at: number) => number }[] = [];

  /** @param base virtual address of the first word */
  constructor(readonly base: number) {}

  /** Address of the next word. */
  get here(): number {
    return this.base + 4 * this.words.length;
  }
  label(name: string): this {
    this.labels.set(name, this.here);
    return this;
  }
  /** Address of a label, which must have been set. */
  address(label: string): number {
    const address = this.labels.get(label);
    if (address === undefined) throw new Error(`no label ${label}`);
    return address;
  }
  word(...words: number[]): this {
    this.words.push(...words);
    return this;
  }
  op(name: string, fields: Fields = {}): this {
    return this.word(op(name, fields));
  }
  nop(): this {
    return this.word(0);
  }
  /** A branch to a label. */
  branch(name: string, fields: Fields, label: string): this {
    this.fixups.push({
      at: this.words.length,
      label,
      fix: (word, to, at) => word | (((to - at - 4) >> 2) & 0xffff),
    });
    return this.op(name, fields);
  }
  /** J or JAL to a label. */
  jump(name: 'j' | 'jal', label: string): this {
    this.fixups.push({ at: this.words.length, label, fix: (word, to) => word | ((to >>> 2) & 0x3ffffff) });
    return this.op(name);
  }
  /** A constant, or a label's address, exclusive-or `flip`: two words. */
  li(register: number, value: number | string, flip = 0): this {
    const { length } = this.words;
    this.op('lui', { t: register }).op('ori', { s: register, t: register });
    const put = (to: number) => {
      this.words[length]! |= ((to ^ flip) >>> 16) & 0xffff;
      this.words[length + 1]! |= (to ^ flip) & 0xffff;
      return this.words[length]!;
    };
    if (typeof value === 'number') put(value);
    else this.fixups.push({ at: length, label: value, fix: (_, to) => put(to) });
    return this;
  }
  /** Fills with NOPs so that the next word lies at `offset` in its page. */
  padTo(offset: number): this {
    while ((this.here & 0xfff) !== offset) this.nop();
    return this;
  }
  done(): number[] {
    for (const { at, label, fix } of this.fixups.splice(0)) {
      this.words[at] = fix(this.words[at]!, this.address(label), this.base + 4 * at) >>> 0;
    }
    return this.words;
  }
}
