/**
 * A scripted run: waits for texts on the guest's console and types answers, all on the machine's own clock, so that the
 * same script on the same guest is the same run to the instruction.
 */
import type { Machine } from './machine.ts';
import type { Turn } from './cli-options.ts';

export interface Limits {
  instructions: number;
  /** Virtual nanoseconds. */
  ns: number;
}

export interface Outcome {
  ok: boolean;
  /** One sentence for the user, or '' when there is nothing to say. */
  message: string;
}

/** When a text of the script was met. */
export interface Mark {
  expect: string;
  /** Since power-on, up to the store that printed the text's last byte. */
  instructions: number;
}

const SLICE = 20_000_000;

export class Script {
  /** One for every turn that has matched, in their order. */
  readonly marks: Mark[] = [];
  private turn = 0;
  /** Console output since the last match, as long as a match could still begin in it. */
  private seen = '';
  private readonly out: number[] = [];
  private readonly encoder = new TextEncoder();

  /** @param write where console bytes go as they come */
  constructor(
    private readonly machine: Machine,
    private readonly turns: readonly Turn[],
    private readonly write: (bytes: Uint8Array) => void = (bytes) => process.stdout.write(bytes),
  ) {
    machine.onConsole = (byte) => this.take(byte);
  }

  private take(byte: number): void {
    this.out.push(byte);
    if (byte === 10 || this.out.length > 512) this.flush();
    const turn = this.turns[this.turn];
    if (!turn) return;
    this.seen += String.fromCharCode(byte);
    if (this.seen.endsWith(turn.expect)) {
      this.turn++;
      this.seen = '';
      const { clock } = this.machine;
      this.marks.push({ expect: turn.expect, instructions: clock.instructions() });
      // The keys arrive at the next instruction boundary, not inside the store that completed the match.
      if (turn.send !== '') clock.schedule(clock.now(), () => this.machine.input(this.encoder.encode(turn.send)));
      if (this.done) this.machine.stop();
    } else if (this.seen.length > 4 * turn.expect.length + 64) this.seen = this.seen.slice(-turn.expect.length);
  }

  private flush(): void {
    if (this.out.length > 0) this.write(Uint8Array.from(this.out));
    this.out.length = 0;
  }

  private get done(): boolean {
    return this.turns.length > 0 && this.turn === this.turns.length;
  }

  /** @param step runs the machine as Machine.run does; a sentence ends the run as failed */
  run(limits: Limits, step?: (limit: number, skipUntil: number) => string | null): Outcome {
    const { machine, turns } = this;
    const { clock } = machine;
    for (;;) {
      if (this.done) return this.finish(true, '');
      if (machine.end) return this.atEnd();
      if (clock.instructions() >= limits.instructions) {
        return this.finish(false, `stopped after ${clock.instructions()} instructions${this.waitingFor()}.`);
      }
      if (clock.now() >= limits.ns) {
        return this.finish(false, `stopped after ${clock.now() / 1e9} guest seconds${this.waitingFor()}.`);
      }
      const slice = Math.min(
        turns.length > 0 || step ? SLICE / 100 : SLICE,
        limits.instructions - clock.instructions(),
      );
      const skipUntil = Math.min(limits.ns, clock.now() + 1e9);
      if (!step) machine.run(slice, skipUntil);
      const failure = step?.(slice, skipUntil);
      this.flush();
      if (failure) return this.finish(false, failure);
    }
  }

  private waitingFor(): string {
    const turn = this.turns[this.turn];
    return turn ? `, waiting for ${JSON.stringify(turn.expect)}` : '';
  }

  private atEnd(): Outcome {
    const end = this.machine.end!;
    const well = end.reason === 'powerOff' || end.reason === 'reset';
    if (well && this.turns.length === 0) return this.finish(true, '');
    return this.finish(false, `${end.message.replace(/\.$/, '')}${this.waitingFor()}.`);
  }

  private finish(ok: boolean, message: string): Outcome {
    this.flush();
    return { ok, message };
  }
}
