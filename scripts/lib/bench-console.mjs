/** A guest's console on a pipe, for benchmarks: types commands at a prompt and stamps every line as it comes. */
import { spawn } from 'node:child_process';
import { Problem } from './run.mjs';
import { statSeconds } from './threads.mjs';

const LONGEST_MS = 900_000;

export class Console {
  /** @param {{ name: string, command: string[], prompt: string, env?: Record<string, string> }} system */
  constructor({ name, command: [program, ...args], prompt, env }) {
    this.name = name;
    this.promptText = prompt;
    this.text = '';
    this.lines = [];
    this.wake = () => {};
    this.child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'inherit'] });
    this.ended = false;
    const end = () => {
      this.ended = true;
      this.wake();
    };
    this.child.on('error', end);
    this.child.on('exit', end);
    this.child.stdin.on('error', () => {});
    this.child.stdout.on('data', (data) => this.take(data.toString('latin1')));
    this.stop = () => {
      process.off('exit', this.stop);
      if (!this.ended) this.child.kill('SIGKILL');
    };
    process.once('exit', this.stop);
  }

  take(data) {
    const at = performance.now() / 1000;
    // Of all threads: compilation in the background included.
    const cpu = statSeconds(`/proc/${this.child.pid}/stat`);
    // busybox's shell asks the terminal where its cursor is.
    const parts = (this.text + data).replaceAll('\x1b[6n', '').split('\n');
    this.text = parts.pop();
    for (const line of parts) this.lines.push({ at, cpu, line: line.trimEnd() });
    this.wake();
  }

  async prompt() {
    const giveUp = Date.now() + LONGEST_MS;
    while (!this.text.endsWith(this.promptText)) {
      if (this.ended) throw new Problem(`${this.name} ended before it gave a prompt.`);
      if (Date.now() > giveUp) throw new Problem(`${this.name} gave no prompt for ${LONGEST_MS / 60_000} minutes.`);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, 1000);
        this.wake = () => (clearTimeout(timer), resolve());
      });
    }
  }

  /**
   * Types a command and waits for the next prompt.
   * @returns {Promise<{ at: number, cpu: number | null, line: string }[]>} what was printed, with the seconds from the
   *   command's being typed to the line's coming, and the CPU seconds that the process had used by then
   */
  async command(line) {
    this.lines = [];
    this.text = '';
    const start = performance.now() / 1000;
    // QEMU's UART takes 16 bytes at once.
    for (let i = 0; i < line.length + 1; i += 8) {
      this.child.stdin.write(`${line}\r`.slice(i, i + 8));
      if (i + 8 < line.length + 1) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await this.prompt();
    return this.lines.map(({ at, cpu, line }) => ({ at: at - start, cpu, line }));
  }
}
