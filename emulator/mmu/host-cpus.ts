/**
 * Host CPUs and their ASIDs (Linux 4.11, asm/mmu_context.h): each CPU counts its own, a context is version and 8-bit
 * ASID, and a context of an older version, or 0, is stale for ever.
 */

export const HOST_ASID_MASK = 0xff;
const FIRST_VERSION = 0x100;

export class HostCpus {
  /** The last context each CPU gave out, and the version it is of, as its first context. */
  readonly asidCache: Float64Array;
  private readonly versions: Float64Array;
  /** The CPU that runs the guest now. */
  current = 0;
  /** How often a CPU ran out of ASIDs and flushed its whole TLB. */
  wraps = 0;

  /** @param asidCache one double for each CPU, zero */
  constructor(
    readonly count: number,
    asidCache: Float64Array = new Float64Array(count),
  ) {
    this.asidCache = asidCache.fill(FIRST_VERSION);
    this.versions = new Float64Array(count).fill(FIRST_VERSION);
  }

  isStale(context: number, cpu: number): boolean {
    return context < this.versions[cpu]!;
  }

  /** A new context on the current CPU. When it is {@link isFirst the first of a version} its whole TLB must go. */
  allocate(): number {
    const context = ++this.asidCache[this.current]!;
    if (this.isFirst(context)) {
      this.wraps++;
      this.versions[this.current] = context;
    }
    return context;
  }

  /** Whether ASIDs had run out before this context. */
  isFirst(context: number): boolean {
    return (context & HOST_ASID_MASK) === 0;
  }
}
