/**
 * From blocks that are wanted to a WebAssembly module: regions, their functions, and what the code cache must know of
 * them. Depends on nothing but what a batch holds, so that another thread can do it while the guest runs on.
 */
import { HOST_TLB, RAM_AT } from '../memory.ts';
import { KSEG0, LAYOUTS, SEGMENTS } from '../mmu/layout.ts';
import { Generator } from './generate.ts';
import { makeModule } from './make-module.ts';
import { CoveredPlaces } from './covered-places.ts';
import { End, PAGE_WORDS, leavings, type Region } from './region.ts';
import { buildRegion } from './region-builder.ts';
import { ModuleWriter } from './wasm.ts';

/** Instructions in a region. */
export const REGION_LIMIT = 64;

/** What is the same for every region of a machine. */
export interface CompilerOptions {
  bigEndian: boolean;
  /** The `malta` machine, whose privileged architecture is known to generated code. */
  fullSystem: boolean;
  /** The `kvm` machine, whose exits generated code can make by itself; see trap-target.ts. */
  traps: boolean;
  /** Bits of Status that MTC0 changes on `malta`. */
  statusMask: number;
  /** Entries by the interpreter after which a block is translated. */
  threshold: number;
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
  /** The blocks have functions, which those of this batch are to replace: all of them are made. */
  again: boolean;
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
  /** What it was made of. */
  wire: Uint8Array<ArrayBuffer>;
  regions: CompiledRegion[];
  /** Guards of the functions that it imports, as `f` and their place among them. */
  imports: number[];
  /** What each cell of its table is for. */
  cells: number[];
  /** What making it took. */
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

/** Instructions of a region. */
function sizeOf({ blocks }: Region): number {
  return blocks.reduce((sum, { count }) => sum + count, 0);
}

/** Makes modules of batches, a batch after the other, each in as many goes as it takes. */
export class RegionCompiler {
  private readonly writer = new ModuleWriter();
  private batch!: Batch;
  private milliseconds = 0;
  /** The batch's blocks by address, how many have been looked at, and those that are worth a function. */
  private wanted: Wanted[] = [];
  private looked = 0;
  private ready: Ready[] = [];
  private readonly covered = new CoveredPlaces();
  /** What writes them, and how many it has. */
  private generator: Generator | null = null;
  private written = 0;
  private links: Link[] = [];
  private places: number[] = [];

  constructor(private readonly options: CompilerOptions) {}

  compile(batch: Batch): Compiled {
    this.begin(batch);
    this.goOn(Infinity);
    return this.finish();
  }

  begin(batch: Batch): void {
    this.batch = batch;
    this.milliseconds = this.looked = this.written = 0;
    this.ready = [];
    this.places = [];
    this.generator = null;
    this.wanted = batch.wanted.toSorted((a, b) => a.host - b.host);
    this.covered.clear();
  }

  /**
   * Finds out regions and writes functions.
   * @param most instructions of regions, a few more at the most; a region is looked at once and written once
   * @returns whether all is ready for {@link finish}
   */
  goOn(most: number): boolean {
    const started = performance.now();
    const { wanted } = this;
    let done = 0;
    while (this.looked < wanted.length && done < most) done += this.look(wanted[this.looked++]!);
    if (this.looked === wanted.length && !this.generator) this.beginModule();
    while (this.generator && this.written < this.ready.length && done < most) {
      const { region, wanted } = this.ready[this.written++]!;
      this.generator.generate(region, wanted.pc & ~0xfff);
      done += sizeOf(region);
    }
    this.milliseconds += performance.now() - started;
    return this.generator !== null && this.written === this.ready.length;
  }

  private look(wanted: Wanted): number {
    const { host, pc, page, entries, devices } = wanted;
    const { again, mode } = this.batch;
    if (!again && this.covered.has(wanted)) return 1;
    const region = buildRegion(page, 0, pc & ~0xfff, (host & 0xfff) >>> 2, {
      limit: REGION_LIMIT,
      kernel: mode === 0 && this.options.fullSystem,
      traps: mode === 0 && this.options.traps,
      entries,
      threshold: this.options.threshold,
      devices: new Set(devices),
    });
    const [first] = region.blocks;
    if (first!.body.length > 0 || first!.end !== End.Leave) {
      this.ready.push({ wanted, region });
      if (!again) this.covered.add(wanted, region);
    }
    return sizeOf(region);
  }

  private beginModule(): void {
    const { writer, options, ready, batch } = this;
    const { mode, odd, cells } = batch;
    this.links = usedLinks(batch, ready);
    const { segments } = LAYOUTS[options.fullSystem ? 'malta' : 'kvm'];
    const kseg0 = segments.find(({ name }) => name === SEGMENTS[KSEG0])!;
    this.generator = new Generator(writer, {
      ...options,
      readTable: HOST_TLB.reads[mode]!,
      writeTable: HOST_TLB.writes[mode]!,
      fromKseg0: mode === 0 ? (RAM_AT - kseg0.start) | 0 : 0,
      odd,
    });
    this.generator.begin(
      ready.map(({ wanted }) => wanted),
      this.links,
      cells,
      this.places,
    );
  }

  /** The module of the batch. */
  finish(): Compiled {
    const started = performance.now();
    const { batch, ready, writer, links, places } = this;
    writer.tableSize = places.length;
    // The writer goes on in the same place.
    const wire = ready.length > 0 ? writer.end().slice() : new Uint8Array();
    return {
      id: batch.id,
      module: ready.length > 0 ? makeModule(wire) : null,
      wire,
      regions: ready.map(({ wanted: { pc, host, guard }, region }) => ({ pc, host, guard, spans: spansOf(region) })),
      imports: links.map(({ guard }) => guard),
      cells: places,
      milliseconds: this.milliseconds + performance.now() - started,
    };
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
  return region.blocks.flatMap(({ at, next, end }) => {
    return end === End.Away ? [] : [at, Math.min(PAGE_WORDS, next + (end === End.Leave ? 2 : 0))];
  });
}

const enum State {
  Idle,
  Working,
  /** All of the batch is written; the host is to make a module of it. */
  Written,
}
/**
 * Instructions that are looked at or generated while the guest stands still: some 3 µs each, and several times as many
 * at first, before the host has optimized this program.
 */
const MOST_AT_A_TIME = 256;
const FIRST_AT_A_TIME = 32;

/** Makes modules in the guest's own thread, some of a batch each time that somebody asks for what is ready. */
export class DirectCompiler implements Compiler {
  private readonly waiting: Batch[] = [];
  private readonly compiler: RegionCompiler;
  private state = State.Idle;
  /** Instructions that have been generated so far. */
  private generated = 0;

  constructor(options: CompilerOptions) {
    this.compiler = new RegionCompiler(options);
  }

  submit(batch: Batch): void {
    this.waiting.push(batch);
  }
  receive(): Compiled | null {
    const { compiler } = this;
    if (this.state === State.Idle) {
      const batch = this.waiting.shift();
      if (!batch) return null;
      compiler.begin(batch);
      this.state = State.Working;
    }
    if (this.state === State.Working) {
      const most = Math.min(MOST_AT_A_TIME, FIRST_AT_A_TIME + (this.generated >>> 5));
      this.generated += most;
      if (compiler.goOn(most)) this.state = State.Written;
      return null;
    }
    this.state = State.Idle;
    return compiler.finish();
  }
}
