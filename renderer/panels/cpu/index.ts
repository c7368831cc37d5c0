/** The CPU: registers, CP0 decoded, code and memory. */
import { openPart } from '../open-part.ts';
import type { Panel } from '../panel.ts';
import Cpu from './Cpu.svelte';
import { cpuActions } from './actions.ts';

export const cpuPanel: Panel = {
  id: 'cpu',
  title: 'CPU',
  place: 'top',
  layouts: { debug: 'top' },
  help: [
    'Registers by their o32 names, the code round PC, CP0 field by field (a field’s tooltip says what it is, a register’s where the manual has it), and memory. The listing says where a branch goes and, of the instruction at PC, which address it accesses or jumps to; it is as long as the panel has room for, and longer with CP0 folded. Δ marks what has changed since the machine last stood still, with what a field was before.',
    'Code and memory take a number, a symbol, a register or memory as their address; the listing follows PC when it has none. In the listing the arrows move, Enter sets or clears a breakpoint, R runs to the line, Page Up and Page Down leaf, Home goes back to PC; in the field of the memory’s address they leaf in memory. Step Over runs to the next instruction of this code, over calls and over exceptions. While the guest is paused, registers, CP0 and memory can be changed; CP0 as the guest’s MTC0 would, so another ASID in EntryHi flushes.',
  ],
  component: Cpu,
  commands: [
    { id: 'machine.stepOver', run: () => void cpuActions.stepOver() },
    { id: 'cpu.code', run: () => void openPart('cpu', () => cpuActions.open('code'), '[data-testid=listing]') },
    {
      id: 'cpu.memory',
      run: () => void openPart('cpu', () => cpuActions.open('memory'), '[data-testid=memory-address]'),
    },
  ],
};
