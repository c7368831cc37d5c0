/**
 * The tour: four steps in which the user causes a change of ASID and sees what it does. Each step knows from the machine
 * whether it has been done; what it says of a flush is what the emulator counted.
 */
import type { FlushInfo } from '../../emulator/protocol.ts';
import { runCommand } from '../lib/commands.svelte.ts';
import { layout } from '../lib/layout.svelte.ts';
import { GUESTS, guestOf } from '../lib/guests.ts';
import { machine } from '../lib/machine.svelte.ts';
import { start } from '../start/start.svelte.ts';

const KEY = 'kseg.tour';
/** Where the tour is, for a page that loads anew: of this window, since another start has another machine. */
const PLACE = 'kseg.tour.place';
const WORKLOAD = 'pingpong 10';

export const STEPS = ['tables', 'cause', 'stop', 'survives'] as const;
export type Step = (typeof STEPS)[number];

interface Place {
  step: Step;
  /** Of the counters, as they were when the step began. */
  asidChanges: number;
  userFlushes: number;
  flush: Pick<FlushInfo, 'oldAsid' | 'newAsid' | 'bySegment' | 'kept'> | null;
  /** Pages of the user table, and whose they are. */
  user: { pages: number; asid: number };
}

function saved(): Place | null {
  try {
    const place = JSON.parse(sessionStorage.getItem(PLACE) ?? 'null') as Place | null;
    return place && STEPS.includes(place.step) ? place : null;
  } catch {
    return null;
  }
}

/** What has been counted since; all of it where the machine has started anew meanwhile. */
const since = (now: number, before: number): number => (now < before ? now : now - before);

class Tour {
  /** Never started, never declined. */
  offered = $state(localStorage.getItem(KEY) === null);
  #place = $state.raw<Place | null>(saved());

  readonly step = $derived(this.#place?.step ?? null);
  /** The flush that the last step speaks of, and what the user table had then. */
  readonly flush = $derived(this.#place?.flush ?? null);
  readonly user = $derived(this.#place?.user ?? { pages: 0, asid: 0 });

  /** Another guest has been booted meanwhile: what the steps say is not true of it. */
  readonly lost = $derived(!machine.booting && machine.info !== null && guestOf(machine.info)?.id !== GUESTS[0].id);
  /** Changes of ASID in this step. */
  readonly changes = $derived(since(machine.view?.asidChanges ?? 0, this.#place?.asidChanges ?? 0));
  /** The guest stands at its prompt, or has stood there. */
  readonly ready = $derived(machine.on && machine.marks.at(-1)?.phase === null);
  /** The user table has been flushed in this step. */
  readonly userFlushed = $derived(since(machine.user?.flushes ?? 0, this.#place?.userFlushes ?? 0) > 0);
  /** The flush that did it, while it is the last one. */
  readonly userFlush = $derived.by(() => {
    const last = machine.user?.lastFlush ?? null;
    return last && this.#place && last.serial === this.#place.userFlushes + 1 ? last : null;
  });
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
    if (this.step === 'survives') runCommand('machine.userFlush');
    else window.kseg.input(new TextEncoder().encode(`${WORKLOAD}\r`));
  }

  end(): void {
    this.leave();
    if (machine.paused) window.kseg.run();
  }

  /** Ends it, the machine as it is. */
  leave(): void {
    this.#stand(null);
  }

  #stand(place: Place | null): void {
    this.#place = place;
    if (place) sessionStorage.setItem(PLACE, JSON.stringify(place));
    else sessionStorage.removeItem(PLACE);
  }

  /** No more offers. */
  decline(): void {
    this.offered = false;
    localStorage.setItem(KEY, 'seen');
  }

  #go(step: Step): void {
    const last = machine.kernel?.lastFlush;
    this.#stand({
      step,
      asidChanges: machine.view?.asidChanges ?? 0,
      userFlushes: machine.user?.flushes ?? 0,
      flush: last ? { oldAsid: last.oldAsid, newAsid: last.newAsid, bySegment: last.bySegment, kept: last.kept } : null,
      user: { pages: machine.user?.segments.useg?.pages ?? 0, asid: machine.user?.asid ?? 0 },
    });
    layout.show(step === 'cause' || step === 'stop' ? 'console' : 'segments');
  }
}

export const tour = new Tour();
