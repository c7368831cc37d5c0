/**
 * From blocks that are wanted to a WebAssembly module: regions, their functions, and what the code cache must know of
 * them. Depends on nothing but what a batch holds, so that another thread can do it while the guest runs on.
 */
import { HOST_TLB } from '../memory.ts';
import { Generator } from './generate.ts';
import { End, PAGE_WORDS, buildRegion, leavings, type Region } from './region.ts';
import { ModuleWriter } from './wasm.ts';

/** Instructions in a region. */
export const REGION_LIMIT = 64;

/** What is the same for every region of a machine. */
export interface CompilerOptions {
  bigEndian: boolean;
  /** The `malta` machine, whose privileged architecture is known to generated code. */
  fullSystem: boolean;
  /** Bits of Status that MTC0 changes on it. */
  statusMask: number;
}

/** A block that is wanted. */
export interface Wanted {
  /** Virtual and host address. */
  pc: number;
  host: number;
  /** The words of its page, and the page's entries in the code map, if it has any. */
  page: Int32Array;
  entries: Int32Array | null;
  /** Places in the page of loads and stores that have been seen to reach devices. */
  devices: readonly number[];
  /** Byte offset of its guard; see code-map.ts. */
  guard: number;
}

/** Code that is there already, by virtual address and guard, for others to call. */
export interface Link {
  pc: number;
  guard: number;
}

/** Blocks of one mode that become one module. */
export interface Batch {
  id: number;
  mode: number;
  /** Status.FR = 0: 1; see fpu.ts. */
  odd: number;
  wanted: Wanted[];
  links: readonly Link[];
  /** Guards of what it may leave to besides, one for each cell; see late-links.ts. */
  cells: { at: number; most: number; toSeen: number };
}

/** One function of a module: its export's name is its place among them. */
export interface CompiledRegion {
  pc: number;
  host: number;
  guard: number;
  /** Places in the page, each first and one past the last, that it was made from. */
  spans: number[];
}

export interface Compiled {
  id: number;
  /** Null when none of the blocks can be translated. */
  module: WebAssembly.Module | null;
  regions: CompiledRegion[];
  /** Guards of the functions that it imports, as `f` and their place among them. */
  imports: number[];
  /** What each cell of its table is for. */
  cells: number[];
  /** Size of the module, and what making it took. */
  bytes: number;
  milliseconds: number;
}

/** Where batches go and modules come from. */
export interface Compiler {
  submit(batch: Batch): void;
  /** The next module that is ready, in the order of their batches, or null. */
  receive(): Compiled | null;
}

interface Ready {
  wanted: Wanted;
  region: Region;
}

/** Makes a module of a batch. */
export class RegionCompiler {
  private readonly writer = new ModuleWriter();

  constructor(private readonly options: CompilerOptions) {}

  compile(batch: Batch): Compiled {
    const started = performance.now();
    const ready: Ready[] = [];
    for (const wanted of batch.wanted) {
      const { host, pc, page, entries, devices } = wanted;
      const region = buildRegion(page, 0, pc & ~0xfff, (host & 0xfff) >>> 2, {
        limit: REGION_LIMIT,
        kernel: batch.mode === 0 && this.options.fullSystem,
        entries,
        devices: new Set(devices),
      });
      const [first] = region.blocks;
      if (first!.body.length > 0 || first!.end !== End.Leave) ready.push({ wanted, region });
    }
    const links = usedLinks(batch, ready);
    const cells: number[] = [];
    const bytes = ready.length > 0 ? this.write(batch, ready, links, cells) : null;
    return {
      id: batch.id,
      module: bytes && new WebAssembly.Module(bytes),
      regions: ready.map(({ wanted: { pc, host, guard }, region }) => ({ pc, host, guard, spans: spansOf(region) })),
      imports: links.map(({ guard }) => guard),
      cells,
      bytes: bytes?.length ?? 0,
      milliseconds: performance.now() - started,
    };
  }

  /** @param places gets what each cell is for */
  private write(
    { mode, odd, cells }: Batch,
    ready: readonly Ready[],
    links: readonly Link[],
    places: number[],
  ): Uint8Array<ArrayBuffer> {
    const { writer, options } = this;
    const generator = new Generator(writer, {
      ...options,
      readTable: HOST_TLB.reads[mode]!,
      writeTable: HOST_TLB.writes[mode]!,
      odd,
    });
    generator.begin(
      ready.map(({ wanted }) => wanted),
      links,
      cells,
      places,
    );
    for (const { region, wanted } of ready) generator.generate(region, wanted.pc & ~0xfff);
    writer.tableSize = places.length;
    return writer.end();
  }
}

/** Those links of a batch that its regions leave to, and that are not its own. */
function usedLinks({ links }: Batch, ready: readonly Ready[]): Link[] {
  if (links.length === 0) return [];
  const own = new Set(ready.map(({ wanted }) => wanted.pc));
  const others = new Map(links.map((link) => [link.pc, link]));
  const used = new Set<Link>();
  for (const { region, wanted } of ready) {
    for (const pc of leavings(region, wanted.pc & ~0xfff)) {
      const link = own.has(pc) ? undefined : others.get(pc);
      if (link) used.add(link);
    }
  }
  return [...used];
}

function spansOf(region: Region): number[] {
  // A branch that was left to the interpreter was looked at as well, with its slot.
  return region.blocks.flatMap(({ at, next, end }) => [at, Math.min(PAGE_WORDS, next + (end === End.Leave ? 2 : 0))]);
}

/** Makes each module as soon as it is asked for. */
export class DirectCompiler implements Compiler {
  private readonly made: Compiled[] = [];
  private readonly compiler: RegionCompiler;

  constructor(options: CompilerOptions) {
    this.compiler = new RegionCompiler(options);
  }

  submit(batch: Batch): void {
    this.made.push(this.compiler.compile(batch));
  }
  receive(): Compiled | null {
    return this.made.shift() ?? null;
  }
}
