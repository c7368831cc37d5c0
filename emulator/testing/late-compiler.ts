/** A compiler whose modules come when the guest has run on for a while, as they do from a thread. */
import { RegionCompiler, type Batch, type Compiled, type Compiler, type CompilerOptions } from '../jit/compiler.ts';

/** Hands each module out only when it has been asked for so many times. */
export class LateCompiler implements Compiler {
  regions = 0;
  /** Blocks of each batch whose functions are to replace others. */
  readonly again: number[] = [];
  /** Guards of cells by what they are for. */
  readonly guards = new Map<number, number>();
  private readonly waiting: Compiled[] = [];
  private asked = 0;
  private readonly compiler: RegionCompiler;

  constructor(
    options: CompilerOptions,
    private readonly times: number,
  ) {
    this.compiler = new RegionCompiler(options);
  }

  submit(batch: Batch): void {
    // A thread has its own copy of the page.
    const wanted = batch.wanted.map((each) => ({ ...each, page: each.page.slice() }));
    const made = this.compiler.compile({ ...batch, wanted });
    this.regions += made.regions.length;
    if (batch.again) this.again.push(batch.wanted.length);
    for (const [i, pc] of made.cells.entries()) this.guards.set(pc >>> 0, batch.cells.at + 4 * i);
    this.waiting.push(made);
  }
  receive(): Compiled | null {
    if (this.waiting.length === 0 || ++this.asked < this.times) return null;
    this.asked = 0;
    return this.waiting.shift()!;
  }
}
