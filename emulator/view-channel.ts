/**
 * Views on their way to the host: when the next one is due and paid for, what it holds, and what is measured between
 * two of them.
 */
import type { DebugSession } from './debug-session.ts';
import type { Machine } from './machine.ts';
import type { ViewRequest, ViewUpdate } from './protocol.ts';
import { viewMachine } from './view.ts';

/** Host milliseconds between two views: each costs the guest, the page that draws it even more. */
const INTERVAL = 32;
/** Host milliseconds between two views to be read while the guest runs: for people. */
const READING_INTERVAL = 100;
/** Host milliseconds over which speed and shares are measured, so that they can be read and go with other rates. */
const MEASURED = 1000;
/** Host milliseconds that the guest must have run for its share of generated code to say anything. */
const LEAST_MEASURED = 100;
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

/** What had been counted at an instant. */
interface Mark {
  at: number;
  instructions: number;
  generated: number;
  idleMs: number;
}

export class ViewChannel {
  request: ViewRequest = { segments: false, tlb: false, slot: null };
  private sequence = 0;
  private acknowledged = 0;
  private last = { at: 0, instructions: 0 };
  private lastRead = 0;
  /** Of the readings of the last second, the oldest first; and what was measured at the newest. */
  private marks: Mark[] = [];
  private ran = false;
  private measured: Pick<ViewUpdate, 'mips' | 'generated' | 'idle'> = { mips: 0, generated: null, idle: 0 };

  /** @param now host milliseconds */
  constructor(
    private readonly deliver: (view: ViewUpdate) => void,
    private readonly now = () => performance.now(),
  ) {}

  /** Another machine begins. @param idleMs as in {@link Viewed} */
  begin(idleMs: number): void {
    this.last = { at: this.now(), instructions: 0 };
    this.marks = [{ ...this.last, generated: 0, idleMs }];
    this.ran = true;
    this.measured = { mips: 0, generated: null, idle: 0 };
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
    const { instructions } = view;
    const pace = running ? Math.max(0, instructions - last.instructions) / Math.max(1, elapsed) : 0;
    this.last = { at, instructions };
    if (reading) {
      this.lastRead = at;
      Object.assign(view, session.view(request));
      this.measure({ at, instructions, generated: machine.engine?.counts.executed ?? 0, idleMs }, running);
    }
    this.deliver({ ...view, reading, sequence: ++this.sequence, pace, ...this.measured });
  }

  /** Measures up to a reading, from the oldest of the last second since which the guest has not stood still. */
  private measure(mark: Mark, running: boolean): void {
    const { marks, measured } = this;
    const first = marks[0] ?? mark;
    const elapsed = mark.at - first.at;
    const executed = mark.instructions - first.instructions;
    // Of a guest that stands still, what it was when it last ran: a step or a short way are interpreted and say nothing.
    const telling = this.ran && executed > 0 && elapsed >= LEAST_MEASURED;
    const generated = telling ? Math.max(0, mark.generated - first.generated) / executed : measured.generated;
    if (!running || !this.ran || executed < 0) {
      this.marks = [mark];
      this.measured = { mips: 0, generated, idle: 0 };
    } else {
      const [mips, idle] = [
        executed / Math.max(1, elapsed) / 1000,
        (mark.idleMs - first.idleMs) / Math.max(1, elapsed),
      ];
      this.measured = { mips, generated, idle: Math.min(1, idle) };
      marks.push(mark);
      while (marks.length > 1 && marks[1]!.at <= mark.at - MEASURED) marks.shift();
    }
    this.ran = running;
  }
}
