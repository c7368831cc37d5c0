/**
 * Views on their way to the host: when the next one is due and paid for, what it holds, and what is measured between
 * two of them.
 */
import type { DebugSession } from './debug-session.ts';
import type { Machine } from './machine.ts';
import type { ViewRequest, ViewUpdate } from './protocol.ts';
import { viewMachine } from './view.ts';

/** Host milliseconds between two views. */
const INTERVAL = 16;
/** Host milliseconds between two views to be read while the guest runs: for people. */
const READING_INTERVAL = 100;
/** Views that may be on their way. */
const CREDIT = 2;

/** What is looked at. */
export interface Viewed {
  machine: Machine;
  session: DebugSession;
  running: boolean;
  /** Host milliseconds for which the guest has waited so far. */
  idleMs: number;
}

export class ViewChannel {
  request: ViewRequest = { segments: false, tlb: false, slot: null };
  private sequence = 0;
  private acknowledged = 0;
  private last = { at: 0, instructions: 0, generated: 0, share: 0, idleMs: 0 };
  private lastRead = 0;

  /** @param now host milliseconds */
  constructor(
    private readonly deliver: (view: ViewUpdate) => void,
    private readonly now = () => performance.now(),
  ) {}

  /** Another machine begins. @param idleMs as in {@link Viewed} */
  begin(idleMs: number): void {
    this.last = { at: this.now(), instructions: 0, generated: 0, share: 0, idleMs };
  }

  acknowledge(sequence: number): void {
    this.acknowledged = Math.min(this.sequence, Math.max(this.acknowledged, sequence));
  }

  /** Sends a view if one is due and paid for; with `atOnce`, in any case and one to be read. */
  send({ machine, session, running, idleMs }: Viewed, atOnce: boolean): void {
    const { last, request } = this;
    const at = this.now();
    const elapsed = at - last.at;
    if (!atOnce && (elapsed < INTERVAL || this.sequence - this.acknowledged >= CREDIT)) return;
    const reading = !running || atOnce || at - this.lastRead >= READING_INTERVAL;
    const view = viewMachine(machine, reading ? request : { ...request, tlb: false }, session.pinned);
    const executed = view.instructions - last.instructions;
    const idle = Math.min(1, (idleMs - last.idleMs) / Math.max(elapsed, 1));
    if (reading) {
      this.lastRead = at;
      Object.assign(view, session.view(request));
    }
    const byGenerated = machine.engine?.counts.executed ?? 0;
    // Of a guest that stands still, what it was when it last ran.
    const generated = executed > 0 ? Math.max(0, byGenerated - last.generated) / executed : last.share;
    this.last = { at, instructions: view.instructions, generated: byGenerated, share: generated, idleMs };
    const mips = running ? executed / Math.max(elapsed, 1) / 1000 : 0;
    this.deliver({ ...view, reading, sequence: ++this.sequence, mips, generated, idle });
  }
}
