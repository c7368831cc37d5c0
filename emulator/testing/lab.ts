/** The bundled Lab kernel in a machine, driven by a script. */
import { createMachine, type CreateConfig } from '../create.ts';
import type { Turn } from '../cli-options.ts';
import { readBundledGuest } from '../guests.ts';
import type { Machine } from '../machine.ts';
import { Script, type Outcome } from '../script.ts';
import { fileURLToPath } from 'node:url';

export const RESOURCES = fileURLToPath(new URL('../../resources', import.meta.url));
export const PROMPT = 'lab$ ';

export class Lab {
  readonly machine: Machine;
  private readonly bytes: number[] = [];

  constructor(config: CreateConfig = {}) {
    const wanted = { memoryMiB: 16, warmUp: 0, ...config };
    this.machine = createMachine(wanted, (kind, bigEndian) => readBundledGuest(RESOURCES, kind, bigEndian)).machine;
  }

  get output(): string {
    return String.fromCharCode(...this.bytes);
  }

  /** Runs until the last text has come. @param seconds of guest time */
  script(turns: Turn[], seconds = 600): Outcome {
    const script = new Script(this.machine, turns, (bytes) => this.bytes.push(...bytes));
    return script.run({ instructions: Infinity, ns: this.machine.clock.now() + seconds * 1e9 });
  }

  private prompted = false;

  /** Types a command at the prompt; returns what it printed. */
  command(line: string): string {
    if (!this.prompted) this.wait('boot');
    this.prompted = true;
    const before = this.bytes.length;
    this.machine.input(new TextEncoder().encode(`${line}\n`));
    this.wait(line);
    return this.output.slice(before);
  }

  private wait(what: string): void {
    const { ok, message } = this.script([{ expect: PROMPT, send: '' }]);
    if (!ok) throw new Error(`${what}: ${message} ${this.output.slice(-300)}`);
  }
}
