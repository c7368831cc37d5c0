/**
 * Which loads and stores reach devices again and again: the interpreter executes them from within generated code, which
 * is cheaper than to leave it each time.
 */
import { MODES } from './code-map.ts';

/** Device accesses of an instruction after which it no longer leaves generated code. */
const DEVICE_ACCESSES = 16;

export class DeviceAccesses {
  /** How often an instruction has left generated code for a device, by word of host memory; */
  private readonly counts = new Map<number, number>();
  /** and by page and mode, the places of those that the interpreter executes from within it. */
  private readonly places = new Map<number, Set<number>>();

  /** The instruction at `host` has left generated code for a device. True when it ought not to any more. */
  note(host: number): boolean {
    const at = host >>> 2;
    const seen = (this.counts.get(at) ?? 0) + 1;
    this.counts.set(at, seen);
    // More than once, since what is remembered goes with the page's code.
    return seen % DEVICE_ACCESSES === 0;
  }
  clear(): void {
    this.counts.clear();
    this.places.clear();
  }

  /** Places in the page of `host`, in words. */
  placesIn(mode: number, host: number): ReadonlySet<number> | undefined {
    return this.places.get(keyOf(mode, host));
  }
  remember(mode: number, host: number, places: ReadonlySet<number>): void {
    this.places.set(keyOf(mode, host), new Set(places));
  }
  forget(mode: number, host: number): void {
    this.places.delete(keyOf(mode, host));
  }
}

function keyOf(mode: number, host: number): number {
  return (host >>> 12) * MODES + mode;
}
