/**
 * Structured control flow for a graph of basic blocks: strongly connected components become loops, everything else is put
 * in topological order, so that every edge is a branch forward out of a block or back to a loop.
 */
export type Component = NodeComponent | LoopComponent;
export interface NodeComponent {
  readonly kind: 'node';
  readonly node: number;
}
export interface LoopComponent {
  readonly kind: 'loop';
  /** Nodes that edges from outside lead to; more than one needs a dispatch at the top of the loop. */
  readonly headers: readonly number[];
  /** Other nodes of the body that control may come to from outside: the dispatch leads there too. */
  readonly passed: readonly number[];
  readonly body: readonly Component[];
}

/**
 * @param successors edges by node number
 * @param roots nodes that control may come to from outside, where loops that they are part of begin
 * @param passed nodes that control may come to from outside, which does not change what the loops are
 * @returns components in topological order
 */
export function structureOf(
  successors: readonly (readonly number[])[],
  roots: readonly number[],
  passed: readonly number[] = [],
): Component[] {
  const all = new Set(successors.keys());
  return structure({ nodes: all, successors, roots: new Set(roots), passed, cut: new Set() });
}

/** @returns the headers of all loops, whatever they are part of */
export function headersOf(components: readonly Component[]): number[] {
  return components.flatMap((component) =>
    component.kind === 'node' ? [] : [...component.headers, ...headersOf(component.body)],
  );
}

interface Graph {
  readonly nodes: ReadonlySet<number>;
  readonly successors: readonly (readonly number[])[];
  /** Nodes of the set that are entered from outside it. */
  readonly roots: ReadonlySet<number>;
  readonly passed: readonly number[];
  /** Headers of the loops whose body this is: edges to them lead out of the body. */
  readonly cut: ReadonlySet<number>;
}

function structure({ nodes, successors, roots, passed, cut }: Graph): Component[] {
  const next = (node: number): number[] =>
    (successors[node] as readonly number[]).filter((to) => nodes.has(to) && !cut.has(to));
  const components = stronglyConnected(nodes, next);
  const home = new Map<number, number>();
  components.forEach((members, index) => {
    for (const node of members) home.set(node, index);
  });
  const entered = new Set(roots);
  for (const node of nodes) for (const to of next(node)) if (home.get(to) !== home.get(node)) entered.add(to);
  return components.map((members): Component => {
    const [only] = members as [number];
    if (members.length === 1 && !next(only).includes(only)) return { kind: 'node', node: only };
    const found = members.filter((node) => entered.has(node));
    // What no root leads to, and only those that are passed through.
    const headers = found.length > 0 ? found : [Math.min(...members)];
    const inner = new Set(members);
    const body = { nodes: inner, successors, passed, roots: new Set(headers), cut: new Set([...cut, ...headers]) };
    return {
      kind: 'loop',
      headers,
      passed: passed.filter((node) => inner.has(node) && !headers.includes(node)),
      body: structure(body),
    };
  });
}

/** Tarjan's algorithm. @returns components in topological order */
function stronglyConnected(nodes: ReadonlySet<number>, next: (node: number) => readonly number[]): number[][] {
  const index = new Map<number, number>();
  const low = new Map<number, number>();
  const onStack = new Set<number>();
  const stack: number[] = [];
  const found: number[][] = [];
  const visit = (node: number): void => {
    index.set(node, index.size);
    low.set(node, index.get(node) as number);
    stack.push(node);
    onStack.add(node);
    for (const to of next(node)) {
      if (!index.has(to)) {
        visit(to);
        low.set(node, Math.min(low.get(node) as number, low.get(to) as number));
      } else if (onStack.has(to)) low.set(node, Math.min(low.get(node) as number, index.get(to) as number));
    }
    if (low.get(node) !== index.get(node)) return;
    const members: number[] = [];
    for (;;) {
      const member = stack.pop() as number;
      onStack.delete(member);
      members.unshift(member);
      if (member === node) break;
    }
    found.unshift(members);
  };
  for (const node of nodes) if (!index.has(node)) visit(node);
  return found;
}
