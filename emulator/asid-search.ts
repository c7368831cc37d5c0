/** A run to the guest's next change of ASID, and its end where there is none to come. */
import type { Machine } from './machine.ts';
import type { StopReport } from './protocol.ts';

/** Instructions after which a search gives up: some seconds of a guest at work. */
const MOST = 500_000_000;

export class AsidSearch {
  private readonly from: number;

  /** Has the machine stop right after the next change. */
  constructor(
    private readonly machine: Machine,
    private readonly most = MOST,
  ) {
    machine.stopAtAsidChange = true;
    this.from = machine.clock.instructions();
  }

  /** The change has not come yet. */
  get waits(): boolean {
    return this.machine.stopAtAsidChange;
  }

  cancel(): void {
    this.machine.stopAtAsidChange = false;
  }

  /** Why the machine is to stop without a change; null: it may yet come. */
  givenUp(): StopReport | null {
    const { clock, cpu, mmu } = this.machine;
    const instructions = clock.instructions();
    if (!this.waits || instructions - this.from < this.most) return null;
    this.cancel();
    const why =
      mmu.policy === 'never'
        ? ' The policy never flushes, and what is stale may keep the guest from one for good.'
        : '';
    const count = this.most.toLocaleString('en-US');
    const message = `no change of ASID in ${count} instructions, so the run to the next one was given up.${why}`;
    return { breakpoint: null, spec: '', pc: cpu.pc >>> 0, instructions, message };
  }
}
