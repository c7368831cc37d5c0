/** What the debugger's commands have the machine do; what is wrong is told where messages are. */
import type { DebugCommand } from '../../../emulator/protocol.ts';
import { messages, sentence } from '../../lib/messages.svelte.ts';

/** Returns whether it has been done. */
export async function carryOut(command: DebugCommand): Promise<boolean> {
  try {
    await window.kseg.debug(command);
    return true;
  } catch (thrown) {
    messages.error(sentence(thrown));
    return false;
  }
}

/** What the panel's commands do; `open` is set while the panel is there. */
export const cpuActions = {
  /** Unfolds a part. */
  open: (_part: 'code' | 'memory'): void => {},
  stepOver: () => carryOut({ do: 'stepOver' }),
};
