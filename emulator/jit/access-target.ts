/** Semantics as WebAssembly: loads and stores, through the host TLB's flat tables. */
import type { LoadKind, StoreKind } from '../cpu/semantics.ts';
import { LINKED_AT } from '../memory.ts';
import { IntegerTarget, Local, type Pushed } from './integer-target.ts';
import type { Chain } from './near-accesses.ts';
import { Op } from './wasm.ts';

/** Those of one access to as many bytes as the address is a multiple of. */
export const PLAIN_LOADS: Partial<Record<LoadKind, [size: number, op: Op]>> = {
  lb: [1, Op.I32Load8S],
  lbu: [1, Op.I32Load8U],
  lh: [2, Op.I32Load16S],
  lhu: [2, Op.I32Load16U],
  lw: [4, Op.I32Load],
};
export const PLAIN_STORES: Partial<Record<StoreKind, [size: number, op: Op]>> = {
  sb: [1, Op.I32Store8],
  sh: [2, Op.I32Store16],
  sw: [4, Op.I32Store],
};

export abstract class AccessTarget extends IntegerTarget {
  /** Where the instruction's access is, if a look for several has said so: a local, and an offset from what it holds. */
  protected near: { local: number; offset: number } | null = null;
  /** Whether the instruction is a load whose address is waited for, where there is a kseg0; see load-chains.ts. */
  protected isChained = false;

  /** Leaves it because Local.Address, `alignment` bytes, has not been found in the host TLB. */
  protected abstract missIf(write: boolean, alignment: number): void;

  /** Translates the address on the stack, or leaves the region. Local.Translated is the host address then. */
  protected translate(write: boolean, alignment: number): void {
    const { out } = this;
    if (this.near) return out.op(Op.Drop);
    if (this.isChained) return this.translateAhead(alignment);
    this.lookUp(write, Local.Translated);
    out.constant(0x80000000 | (alignment - 1));
    out.op(Op.I32And);
    this.missIf(write, alignment);
  }
  /**
   * {@link translate} for a load that is likely to be in kseg0: Local.Translated is where it is then, and the host TLB
   * only has to say the same. So the host's processor can load without waiting for that. For a page that is not there the
   * host TLB says the address itself with bit 31 set, which is never the same.
   */
  private translateAhead(alignment: number): void {
    const { out, options } = this;
    const found = Local.Scratch;
    out.op1(Op.LocalTee, Local.Address);
    out.op1(Op.LocalGet, Local.Address);
    out.constant(options.fromKseg0);
    out.op(Op.I32Add);
    out.op1(Op.LocalSet, Local.Translated);
    this.lookUp(false, found);
    out.op1(Op.LocalGet, Local.Translated);
    out.op(Op.I32Xor);
    if (alignment > 1) {
      out.op1(Op.LocalGet, Local.Address);
      out.constant(alignment - 1);
      out.op(Op.I32And);
      out.op(Op.I32Or);
    }
    this.open(Op.If);
    out.op1(Op.LocalGet, found);
    out.op1(Op.LocalTee, Local.Translated);
    out.constant(0x80000000 | (alignment - 1));
    out.op(Op.I32And);
    this.missIf(false, alignment);
    this.close();
  }
  /**
   * Looks up the address on the stack, which becomes Local.Address, in the host TLB. Pushes the host address, which
   * becomes `translated`, too; its uppermost bit is set if there is none.
   */
  protected lookUp(write: boolean, translated: number): void {
    const { out, options } = this;
    out.op1(Op.LocalTee, Local.Address);
    out.constant(10);
    out.op(Op.I32ShrU);
    out.constant(0x3ffffc);
    out.op(Op.I32And);
    out.memory(Op.I32Load, write ? options.writeTable : options.readTable, 2);
    out.op1(Op.LocalGet, Local.Address);
    out.op(Op.I32Xor);
    out.op1(Op.LocalTee, translated);
  }
  /**
   * Pushes the host address of an access of `size` bytes, big-endian memory being made of whole words, but for an offset,
   * which it returns.
   */
  protected pushTranslated(size: number): number {
    const { out, near } = this;
    const flip = this.options.bigEndian && size < 4 ? 4 - size : 0;
    out.op1(Op.LocalGet, near ? near.local : Local.Translated);
    if (near) return near.offset ^ flip;
    if (flip !== 0) {
      out.constant(flip);
      out.op(Op.I32Xor);
    }
    return 0;
  }

  /** `local` becomes the host address of a chain's first byte. Pushes 0 if all of the chain can be accessed from it. */
  protected pushNear({ base, write, from, bytes, alignment }: Chain, local: number): void {
    const { out } = this;
    this.pushRegister(base);
    out.constant(from);
    out.op(Op.I32Add);
    this.lookUp(write, local);
    out.constant(0x80000000 | (alignment - 1));
    out.op(Op.I32And);
    // Whether it goes on in the next page.
    out.op1(Op.LocalGet, Local.Address);
    out.constant(0xfff);
    out.op(Op.I32And);
    out.constant(bytes - 1);
    out.op(Op.I32Add);
    out.constant(0x1000);
    out.op(Op.I32And);
    out.op(Op.I32Or);
  }

  load(kind: LoadKind, _address: Pushed): void {
    const { out } = this;
    const rt = this.field(16);
    const plain = PLAIN_LOADS[kind];
    if (plain) {
      const [size, op] = plain;
      this.translate(false, size);
      const offset = this.pushTranslated(size);
      out.memory(op, offset, Math.log2(size));
      this.popRegister(rt);
    } else if (kind === 'll') {
      this.translate(false, 4);
      out.op1(Op.LocalGet, Local.Translated);
      out.memory(Op.I32Load, 0, 2);
      this.popRegister(rt);
      this.setLink(1);
      out.constant(0);
      out.op1(Op.LocalGet, Local.Address);
      out.memory(Op.I32Store, LINKED_AT + 4, 2);
    } else {
      this.translate(false, 1);
      // s: how far the word's bytes are from where they go.
      this.pushPartShift(kind === 'lwl');
      this.pushAlignedWord();
      out.op1(Op.LocalGet, Local.Scratch);
      out.op(kind === 'lwl' ? Op.I32Shl : Op.I32ShrU);
      this.pushRegister(rt);
      out.constant(-1);
      out.op1(Op.LocalGet, Local.Scratch);
      out.op(kind === 'lwl' ? Op.I32Shl : Op.I32ShrU);
      out.constant(-1);
      out.op(Op.I32Xor);
      out.op(Op.I32And);
      out.op(Op.I32Or);
      this.popRegister(rt);
    }
  }

  /** Local.Scratch = 8 times the addressed byte's number in its word, from the left for LWL and SWL. */
  private pushPartShift(left: boolean): void {
    const { out, options } = this;
    out.op1(Op.LocalGet, Local.Address);
    // A byte's number in a big-endian word counts from the other end.
    if (left !== options.bigEndian) {
      out.constant(3);
      out.op(Op.I32Xor);
    }
    out.constant(3);
    out.op(Op.I32Shl);
    out.constant(24);
    out.op(Op.I32And);
    out.op1(Op.LocalSet, Local.Scratch);
  }
  private pushAlignedWord(): void {
    const { out } = this;
    out.op1(Op.LocalGet, Local.Translated);
    out.constant(-4);
    out.op(Op.I32And);
    out.op1(Op.LocalTee, Local.Translated);
    out.memory(Op.I32Load, 0, 2);
  }
  private setLink(value: number): void {
    this.out.constant(0);
    this.out.constant(value);
    this.out.memory(Op.I32Store, LINKED_AT, 2);
  }

  store(kind: StoreKind, _address: Pushed): void {
    const { out } = this;
    const rt = this.field(16);
    const plain = PLAIN_STORES[kind];
    if (plain) {
      const [size, op] = plain;
      this.translate(true, size);
      const offset = this.pushTranslated(size);
      this.pushRegister(rt);
      out.memory(op, offset, Math.log2(size));
    } else if (kind === 'sc') this.storeConditional(rt);
    else {
      this.translate(true, 1);
      this.pushPartShift(kind === 'swl');
      this.pushAlignedWord();
      out.constant(-1);
      out.op1(Op.LocalGet, Local.Scratch);
      out.op(kind === 'swl' ? Op.I32ShrU : Op.I32Shl);
      out.constant(-1);
      out.op(Op.I32Xor);
      out.op(Op.I32And);
      this.pushRegister(rt);
      out.op1(Op.LocalGet, Local.Scratch);
      out.op(kind === 'swl' ? Op.I32ShrU : Op.I32Shl);
      out.op(Op.I32Or);
      out.op1(Op.LocalSet, Local.Scratch);
      out.op1(Op.LocalGet, Local.Translated);
      out.op1(Op.LocalGet, Local.Scratch);
      out.memory(Op.I32Store, 0, 2);
    }
  }

  private storeConditional(rt: number): void {
    const { out } = this;
    out.op1(Op.LocalTee, Local.Address);
    out.constant(3);
    out.op(Op.I32And);
    this.exitIf();
    out.constant(0);
    out.memory(Op.I32Load, LINKED_AT, 2);
    out.constant(0);
    out.memory(Op.I32Load, LINKED_AT + 4, 2);
    out.op1(Op.LocalGet, Local.Address);
    out.op(Op.I32Eq);
    out.op(Op.I32And);
    this.open(Op.If);
    out.op1(Op.LocalGet, Local.Address);
    this.translate(true, 4);
    out.op1(Op.LocalGet, Local.Translated);
    this.pushRegister(rt);
    out.memory(Op.I32Store, 0, 2);
    out.constant(1);
    this.popRegister(rt);
    out.op(Op.Else);
    out.constant(0);
    this.popRegister(rt);
    this.close();
    this.setLink(0);
  }
}
