/** Blocks that are wanted, until there are enough of them for a module, or until they have waited for too long. */
import type { Hot } from './neighbours.ts';

/**
 * Blocks do not wait for others any longer when they have been entered so many times the threshold meanwhile, together;
 * as long as there are few modules, when a guest may have no more code than that, once.
 */
const MOST_WAITED = 12;
const FEW_MODULES = 8;

export class BlockQueue {
  private blocks: Hot[] = [];
  /** How often they have been entered since they came here, all of them, in thresholds. */
  private waited = 0;

  /** @param enough blocks for a module */
  constructor(private readonly enough: number) {}

  /** Returns whether there are enough now. */
  add(block: Hot): boolean {
    this.blocks.push(block);
    return this.blocks.length >= this.enough;
  }

  /**
   * A block has been entered as often again as it takes to be wanted.
   * @param modules how many there are
   * @returns whether it is one of these, and they must not wait any longer
   */
  waits(mode: number, host: number, modules: number): boolean {
    if (!this.blocks.some((each) => each.mode === mode && each.host === host)) return false;
    this.waited++;
    return modules < FEW_MODULES || this.waited >= MOST_WAITED;
  }

  /** All of them, which are not here any more then. */
  take(): Hot[] {
    const { blocks } = this;
    this.blocks = [];
    this.waited = 0;
    return blocks;
  }
}
