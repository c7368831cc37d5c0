/**
 * One animation frame for the whole workbench: state first, then every picture at most once, then what waits for the
 * drawing (acknowledging a view). Whoever asks during a frame is served in the next one, so an animation is a draw
 * that asks for itself.
 */
import { flushSync } from 'svelte';

type Task = (now: number) => void;

const updates = new Set<Task>();
const draws = new Set<Task>();
const afters = new Set<Task>();
let armed = false;

function arm(): void {
  if (armed) return;
  armed = true;
  requestAnimationFrame(run);
}

function drain(tasks: Set<Task>, now: number): void {
  const due = [...tasks];
  tasks.clear();
  for (const task of due) task(now);
}

function run(): void {
  armed = false;
  const now = performance.now();
  drain(updates, now);
  flushSync();
  drain(draws, now);
  drain(afters, now);
}

/** Changes state at the head of the next frame. */
export function requestUpdate(task: Task): void {
  updates.add(task);
  arm();
}

/** Draws in the next frame; the same function asked for twice draws once. `now` is performance.now(). */
export function requestDraw(task: Task): void {
  draws.add(task);
  arm();
}

/** Withdraws a draw, when its component goes away. */
export function cancelDraw(task: Task): void {
  draws.delete(task);
}

/** Runs once the next frame has been drawn. */
export function afterDraw(task: Task): void {
  afters.add(task);
  arm();
}
