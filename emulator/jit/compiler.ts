/**
 * From blocks that are wanted to a WebAssembly module: regions, their functions, and what the code cache must know of
 * them. Depends on nothing but what a batch holds, so that another thread can do it while the guest runs on.
 */
import { HOST_TLB } from '../memory.ts';
import { Generator } from './generate.ts';
import { End, PAGE_WORDS, buildRegion, type Region } from './region.ts';
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
}

/** Blocks of one mode that become one module. */
export interface Batch {
  id: number;
  mode: number;
  /** Status.FR = 0: 1; see fpu.ts. */
  odd: number;
  wanted: Wanted[];
}

/** One function of a module: its export's name is its place among them. */
export interface CompiledRegion {
  host: number;
  /** Places in the page, each first and one past the last, that it was made from. */
  spans: number[];
}

export interface Compiled {
  id: number;
  /** Null when none of the blocks can be translated. */
  module: WebAssembly.Module | null;
  regions: CompiledRegion[];
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
  host: number;
  region: Region;
}

/** Makes a module of a batch. */
export class RegionCompiler {
  private readonly writer = new ModuleWriter();

  constructor(private readonly options: CompilerOptions) {}

  compile(batch: Batch): Compiled {
    const started = performance.now();
    const ready: Ready[] = [];
    for (const { host, pc, page, entries, devices } of batch.wanted) {
      const region = buildRegion(page, 0, pc & ~0xfff, (host & 0xfff) >>> 2, {
        limit: REGION_LIMIT,
        kernel: batch.mode === 0 && this.options.fullSystem,
        entries,
        devices: new Set(devices),
      });
      const [first] = region.blocks;
      if (first!.body.length > 0 || first!.end !== End.Leave) ready.push({ host, region });
    }
    const bytes = ready.length > 0 ? this.write(batch, ready) : null;
    return {
      id: batch.id,
      module: bytes && new WebAssembly.Module(bytes),
      regions: ready.map(({ host, region }) => ({ host, spans: spansOf(region) })),
      bytes: bytes?.length ?? 0,
      milliseconds: performance.now() - started,
    };
  }

  private write({ mode, odd }: Batch, ready: readonly Ready[]): Uint8Array<ArrayBuffer> {
    const { writer, options } = this;
    const generator = new Generator(writer, {
      ...options,
      readTable: mode === 0 ? HOST_TLB.kernelRead : HOST_TLB.userRead,
      writeTable: mode === 0 ? HOST_TLB.kernelWrite : HOST_TLB.userWrite,
      odd,
    });
    generator.begin(ready.length);
    for (const { region } of ready) generator.generate(region);
    return writer.end();
  }
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
