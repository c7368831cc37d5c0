/**
 * The tour: four steps in which the user causes a change of ASID and sees what it does. Each step knows from the machine
 * whether it has been done; what it says of a flush is what the emulator counted.
 */
import type { FlushInfo } from '../../emulator/protocol.ts';
import { layout } from '../lib/layout.svelte.ts';
import { GUESTS, guestOf } from '../lib/guests.ts';
import { machine } from '../lib/machine.svelte.ts';
import { start } from '../start/start.svelte.ts';

const KEY = 'kseg.tour';
const WORKLOAD = 'pingpong 10';

export const STEPS = ['tables', 'cause', 'stop', 'survives'] as const;
export type Step = (typeof STEPS)[number];

class Tour {
  /** Never started, never declined. */
  offered = $state(localStorage.getItem(KEY) === null);
  step = $state<Step | null>(null);
  /** Of the counters, as they were when the step began. */
  #asidChanges = $state(0);
  #userFlushes = $state(0);

  /** The flush that the last step speaks of, and what kseg0 had then. */
  flush = $state.raw<FlushInfo | null>(null);
  kept = $state(0);

  /** Changes of ASID in this step. */
  readonly changes = $derived((machine.view?.asidChanges ?? 0) - this.#asidChanges);
  /** The guest stands at its prompt, or has stood there. */
  readonly ready = $derived(machine.on && machine.marks.at(-1)?.phase === null);
  /** The user table has been flushed in this step. */
  readonly userFlushed = $derived((machine.user?.flushes ?? 0) > this.#userFlushes);
  readonly done = $derived.by(() => {
    if (this.step === 'tables') return this.ready;
    if (this.step === 'cause') return this.changes > 0;
    if (this.step === 'stop') return this.changes > 0 && machine.paused;
    return this.userFlushed;
  });

  /** Goes to the first step, with the Lab under the hypervisor in the layout that shows it. */
  begin(): void {
    this.decline();
    layout.choose('mmu');
    layout.show('segments');
    void start.close();
    const lab = machine.on && machine.info && guestOf(machine.info)?.id === GUESTS[0].id;
    if (!lab) machine.boot(GUESTS[0].label, GUESTS[0].request);
    else if (machine.paused) window.kseg.run();
    this.#go('tables');
  }

  next(): void {
    const at = STEPS.indexOf(this.step!);
    if (at + 1 < STEPS.length) this.#go(STEPS[at + 1]!);
    else this.end();
  }

  /** Does what the step asks for. */
  demonstrate(): void {
    if (this.step === 'stop') window.kseg.runToAsidChange();
    if (this.step === 'survives') window.kseg.run();
    else window.kseg.input(new TextEncoder().encode(`${WORKLOAD}\r`));
  }

  end(): void {
    this.step = null;
    if (machine.paused) window.kseg.run();
  }

  /** No more offers. */
  decline(): void {
    this.offered = false;
    localStorage.setItem(KEY, 'seen');
  }

  #go(step: Step): void {
    this.step = step;
    this.#asidChanges = machine.view?.asidChanges ?? 0;
    this.#userFlushes = machine.user?.flushes ?? 0;
    this.flush = machine.kernel?.lastFlush ?? null;
    this.kept = machine.kernel?.segments.kseg0?.pages ?? 0;
    layout.show(step === 'cause' || step === 'stop' ? 'console' : 'segments');
  }
}

export const tour = new Tour();
