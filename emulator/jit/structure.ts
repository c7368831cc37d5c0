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

/** @param successors of each block; block 0 is where execution starts */
export function structure(successors: readonly (readonly number[])[]): Item[] {
  const count = successors.length;
  const cut = new Uint8Array(count);
  const predecessors: number[][] = successors.map(() => []);
  for (const [from, list] of successors.entries()) for (const to of list) predecessors[to]!.push(from);
  /** Which set each block is in, by number: sets are only ever split. */
  const set = new Int32Array(count);
  let sets = 0;

  const order = (nodes: readonly number[]): Item[] => {
    const own = ++sets;
    for (const node of nodes) set[node] = own;
    const found = components(nodes, (node) => successors[node]!.filter((to) => set[to] === own && cut[to] === 0));
    return found.map((component) => {
      const [node] = component as [number];
      if (component.length === 1 && (cut[node] === 1 || !successors[node]!.includes(node))) return node;
      const inside = new Set(component);
      const heads = component.filter((n) => n === 0 || predecessors[n]!.some((from) => !inside.has(from)));
      for (const head of heads) cut[head] = 1;
      return { heads, items: order(component) };
    });
  };
  return order(successors.map((_, i) => i));
}

/** Strongly connected components in topological order (Tarjan's algorithm). */
function components(nodes: readonly number[], successors: (node: number) => number[]): number[][] {
  const index = new Map<number, number>();
  const low = new Map<number, number>();
  const onStack = new Set<number>();
  const stack: number[] = [];
  const found: number[][] = [];
  const visit = (node: number): void => {
    const own = index.size;
    index.set(node, own);
    low.set(node, own);
    stack.push(node);
    onStack.add(node);
    for (const to of successors(node)) {
      if (!index.has(to)) {
        visit(to);
        low.set(node, Math.min(low.get(node)!, low.get(to)!));
      } else if (onStack.has(to)) low.set(node, Math.min(low.get(node)!, index.get(to)!));
    }
    if (low.get(node) !== own) return;
    const component: number[] = [];
    for (let member = -1; member !== node;) {
      member = stack.pop()!;
      onStack.delete(member);
      component.push(member);
    }
    found.push(component);
  };
  for (const node of nodes) if (!index.has(node)) visit(node);
  return found.reverse();
}
