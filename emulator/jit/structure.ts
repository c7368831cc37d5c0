/**
 * Structured control flow: brings a region's blocks into an order of nested loops in which every jump goes forward, or
 * to the head of a loop that it is in. That is what WebAssembly can say.
 *
 * Strongly connected components become loops; without the edges to their heads their insides are ordered in the same
 * way. A loop that is entered in several places has several heads, told apart by a number when it is (re)started.
 */

export interface Loop {
  heads: number[];
  items: Item[];
}
/** A block's index, or a loop. */
export type Item = number | Loop;

/**
 * Much of a guest's start is spent here before the host has optimized it: hence loops that count, and typed arrays.
 * @param successors of each block; block 0 is where execution starts
 */
export function structure(successors: readonly (readonly number[])[]): Item[] {
  return new Structure(successors).order(successors.map((_, i) => i));
}

class Structure {
  private readonly predecessors: number[][];
  /** 1 for heads of loops, when what is in the loop is put into order. */
  private readonly cut: Uint8Array;
  /** Which set each block is in, by number: sets are only ever split. */
  private readonly set: Int32Array;
  private sets = 0;
  /** Of Tarjan's algorithm. */
  private readonly index: Int32Array;
  private readonly low: Int32Array;
  private readonly onStack: Uint8Array;
  private readonly stack: number[] = [];
  private visited = 0;

  constructor(private readonly successors: readonly (readonly number[])[]) {
    const count = successors.length;
    this.cut = new Uint8Array(count);
    this.set = new Int32Array(count);
    this.index = new Int32Array(count);
    this.low = new Int32Array(count);
    this.onStack = new Uint8Array(count);
    this.predecessors = successors.map(() => []);
    for (let from = 0; from < count; from++) {
      const list = successors[from]!;
      for (let i = 0; i < list.length; i++) this.predecessors[list[i]!]!.push(from);
    }
  }

  order(nodes: readonly number[]): Item[] {
    const { cut, set, successors, predecessors } = this;
    const own = ++this.sets;
    for (let i = 0; i < nodes.length; i++) set[nodes[i]!] = own;
    return this.components(nodes, own).map((component) => {
      const [node] = component as [number];
      if (component.length === 1 && (cut[node] === 1 || !successors[node]!.includes(node))) return node;
      const inside = ++this.sets;
      for (const each of component) set[each] = inside;
      const heads = component.filter((n) => n === 0 || predecessors[n]!.some((from) => set[from] !== inside));
      for (const head of heads) cut[head] = 1;
      return { heads, items: this.order(component) };
    });
  }

  /** Strongly connected components of a set in topological order (Tarjan's algorithm). */
  private components(nodes: readonly number[], own: number): number[][] {
    const found: number[][] = [];
    this.visited = 0;
    for (let i = 0; i < nodes.length; i++) this.index[nodes[i]!] = -1;
    for (let i = 0; i < nodes.length; i++) if (this.index[nodes[i]!] === -1) this.visit(nodes[i]!, own, found);
    return found.reverse();
  }
  private visit(node: number, own: number, found: number[][]): void {
    const { index, low, onStack, stack, cut, set } = this;
    const number = this.visited++;
    index[node] = low[node] = number;
    stack.push(node);
    onStack[node] = 1;
    const list = this.successors[node]!;
    for (let i = 0; i < list.length; i++) {
      const to = list[i]!;
      if (set[to] !== own || cut[to] === 1) continue;
      if (index[to] === -1) {
        this.visit(to, own, found);
        low[node] = Math.min(low[node]!, low[to]!);
      } else if (onStack[to] === 1) low[node] = Math.min(low[node]!, index[to]!);
    }
    if (low[node] !== number) return;
    const component: number[] = [];
    for (let member = -1; member !== node;) {
      member = stack.pop()!;
      onStack[member] = 0;
      component.push(member);
    }
    found.push(component);
  }
}
