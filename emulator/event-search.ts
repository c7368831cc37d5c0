/** A run to the guest's next change of ASID or flush of its user table, and its end where there is none to come. */
import type { Machine } from './machine.ts';
import type { SearchGoal, StopReport } from './protocol.ts';

/** Instructions after which a search gives up: some seconds of a guest at work. */
const MOST = 500_000_000;

const NAMES: Record<SearchGoal, string> = {
  asidChange: 'change of ASID',
  userFlush: 'flush of the user table',
};

export class EventSearch {
  private readonly from: number;

  /** Has the machine stop right after the next one. */
  constructor(
    private readonly machine: Machine,
    readonly goal: SearchGoal,
    private readonly most = MOST,
  ) {
    if (goal === 'asidChange') machine.stopAtAsidChange = true;
    else machine.breakpoints.runUntilFlush('user');
    this.from = machine.clock.instructions();
  }

  /** It has not come yet. */
  get waits(): boolean {
    const { machine } = this;
    return this.goal === 'asidChange' ? machine.stopAtAsidChange : machine.breakpoints.runsToFlush;
  }

  cancel(): void {
    if (this.goal === 'asidChange') this.machine.stopAtAsidChange = false;
    else this.machine.breakpoints.runUntil(null);
  }

  /** Why the machine is to stop without it; null: it may yet come. */
  givenUp(): StopReport | null {
    const { clock, cpu, mmu } = this.machine;
    const instructions = clock.instructions();
    if (!this.waits || instructions - this.from < this.most) return null;
    this.cancel();
    const count = this.most.toLocaleString('en-US');
    const given = `no ${NAMES[this.goal]} in ${count} instructions, so the run to the next one was given up.`;
    const message = mmu.policy === 'never' ? `${given} ${this.underNever()}` : given;
    return { breakpoint: null, spec: '', pc: cpu.pc >>> 0, instructions, message };
  }

  private underNever(): string {
    return this.goal === 'asidChange'
      ? 'The policy never flushes, and what is stale may keep the guest from one for good.'
      : 'The policy never flushes.';
  }
}
