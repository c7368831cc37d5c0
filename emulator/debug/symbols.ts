/** Names for code addresses, from an ELF's symbol table. */

export interface Symbol {
  name: string;
  value: number;
  size: number;
}

export class SymbolTable {
  private readonly sorted: Symbol[];

  constructor(symbols: readonly Symbol[] = []) {
    this.sorted = symbols.filter((s) => s.name !== '').sort((a, b) => a.value - b.value || a.size - b.size);
  }

  get size(): number {
    return this.sorted.length;
  }

  /** Address of the symbol with this very name, or null. Of several the lowest. */
  find(name: string): number | null {
    this.byName ??= new Map(this.sorted.map((s) => [s.name, s.value] as const).reverse());
    return this.byName.get(name) ?? null;
  }
  private byName: Map<string, number> | null = null;

  /** `name+0x1c`, `name`, or '' where no symbol is near. */
  describe(address: number): string {
    let low = 0;
    let high = this.sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.sorted[middle]!.value <= address) low = middle + 1;
      else high = middle;
    }
    const symbol = this.sorted[low - 1];
    if (!symbol) return '';
    const offset = address - symbol.value;
    // A symbol of no size, as assembly often leaves, reaches to the next one, but not across a gap.
    if (offset >= (symbol.size || 0x10000)) return '';
    return offset === 0 ? symbol.name : `${symbol.name}+0x${offset.toString(16)}`;
  }
}
