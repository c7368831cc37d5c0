/** A boot phase as people read it. */
import type { BootPhase } from '../../emulator/protocol.ts';

/** `finds PCI devices, 0.131 s`. */
export function describePhase({ name, seconds }: BootPhase): string {
  return seconds === null ? name : `${name}, ${seconds.toFixed(3)} s`;
}
