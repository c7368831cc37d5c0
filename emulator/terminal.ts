/**
 * A guest's console on standard input and output. A terminal is put in raw mode; Ctrl-A x leaves, Ctrl-A Ctrl-A types
 * Ctrl-A. From a pipe every byte is a key.
 */
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { Machine } from './machine.ts';
import { Pacer } from './pacing.ts';
import type { Limits, Outcome } from './script.ts';
import { Slices } from './slices.ts';

const CTRL_A = 1;

export async function runOnTerminal(machine: Machine, limits: Limits): Promise<Outcome> {
  const { stdin, stdout } = process;
  let pending: number[] = [];
  let left = false;
  let escape = false;
  machine.onConsole = (byte) => pending.push(byte);
  const { clock } = machine;
  const pacer = new Pacer(clock);
  const slices = new Slices();

  const onData = (data: Buffer) => {
    const keys: number[] = [];
    for (const key of data) {
      if (!stdin.isTTY) keys.push(key);
      else if (escape) {
        escape = false;
        if (key === 0x78 || key === 0x58) left = true;
        else if (key === CTRL_A) keys.push(CTRL_A);
      } else if (key === CTRL_A) escape = true;
      else keys.push(key);
    }
    if (keys.length > 0) machine.input(Uint8Array.from(keys));
  };
  if (stdin.isTTY) stdin.setRawMode(true);
  stdin.resume();
  stdin.on('data', onData);
  try {
    for (;;) {
      const before = clock.instructions();
      const most = Math.min(
        limits.instructions - before,
        Math.ceil((limits.ns - clock.now()) / machine.options.nsPerInstruction),
      );
      const started = performance.now();
      const stop = machine.run(Math.min(slices.length, most), clock.now());
      slices.took(clock.instructions() - before, performance.now() - started);
      if (pending.length > 0) {
        const flowing = stdout.write(Uint8Array.from(pending));
        pending = [];
        if (!flowing) await new Promise((resolve) => stdout.once('drain', resolve));
      }
      if (machine.breakpoints.report) return { ok: true, message: '' };
      if (left) return { ok: true, message: '' };
      if (machine.end) {
        const { reason, message } = machine.end;
        const ok = reason === 'powerOff' || reason === 'reset';
        return { ok, message: ok ? '' : message };
      }
      if (clock.instructions() >= limits.instructions) {
        return { ok: false, message: `stopped after ${clock.instructions()} instructions.` };
      }
      if (clock.now() >= limits.ns) return { ok: false, message: `stopped after ${clock.now() / 1e9} guest seconds.` };
      if (stop !== 'idle') {
        await turn();
        continue;
      }
      const ms = pacer.rest(limits.ns);
      if (ms > 0) await sleep(ms);
      pacer.wake(limits.ns);
    }
  } finally {
    stdin.off('data', onData);
    if (stdin.isTTY) stdin.setRawMode(false);
    stdin.pause();
  }
}
