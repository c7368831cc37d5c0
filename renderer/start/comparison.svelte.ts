/** Two configurations booted one after the other, for their counts by boot phase. */
import type { PhaseMark } from '../../emulator/protocol.ts';
import type { BootRequest } from '../../main/bridge.ts';
import { machine } from '../lib/machine.svelte.ts';
import { tablePictures } from './table-pictures.svelte.ts';

export interface Side {
  label: string;
  request: BootRequest;
}

/** A boot that is over. */
export interface Boot {
  label: string;
  marks: readonly PhaseMark[];
  /** Why it ended before it was up, or empty. */
  ended: string;
}

class Comparison {
  /** Which of the two boots now, or null. */
  index = $state<0 | 1 | null>(null);
  sides = $state.raw<readonly [Side, Side] | null>(null);
  boots = $state.raw<readonly Boot[]>([]);
  #stop: (() => void) | null = null;

  readonly running = $derived(this.index !== null);

  /** Boots both, the first one first. */
  start(a: Side, b: Side): void {
    this.cancel();
    this.sides = [a, b];
    this.boots = [];
    this.#boot(0);
    this.#stop = $effect.root(() => {
      $effect(() => {
        if (this.index === null || machine.booting) return;
        /* Its picture is taken from a view or two later. */
        const up = machine.marks.at(-1)?.phase === null && tablePictures.takenOf === machine.generation;
        if (up) this.#finished(machine.marks, '');
        else if (machine.run.state === 'ended') this.#finished(withNow(), machine.run.message);
      });
    });
  }

  /** Takes the boot for finished as it stands: a guest that never says it is up has none of its own end. */
  skip(): void {
    if (this.index !== null && !machine.booting) this.#finished(withNow(), '');
  }

  /** Lets the machine that boots go on by itself. */
  cancel(): void {
    this.index = null;
    this.#stop?.();
    this.#stop = null;
  }

  #boot(index: 0 | 1): void {
    const { label, request } = this.sides![index];
    machine.boot(label, request);
    this.index = index;
  }

  #finished(marks: readonly PhaseMark[], ended: string): void {
    const { label } = this.sides![this.index!];
    this.boots = [...this.boots, { label, marks, ended }];
    if (this.index === 0) this.#boot(1);
    else this.cancel();
  }
}

/** The marks so far, and the present as the end. */
function withNow(): readonly PhaseMark[] {
  const { counts, view, marks } = machine;
  if (!counts || !view) return marks;
  return [...marks, { phase: null, instructions: view.instructions, virtualNs: view.virtualNs, counts }];
}

export const comparison = new Comparison();
