/** Breakpoints on addresses, data and events. */
import { openPart } from '../open-part.ts';
import type { Panel } from '../panel.ts';
import Breakpoints from './Breakpoints.svelte';

export const breakpointsPanel: Panel = {
  id: 'breakpoints',
  title: 'Breakpoints',
  place: 'bottom',
  layouts: { debug: 'bottom' },
  help: [
    'A breakpoint stops the guest before an instruction, before a load or store touches a range, or after an event: a change of ASID, a write to the TLB, a flush, an exit, an exception. Those on addresses and data have every access looked at, which makes the guest a few times slower while one is on; those on events cost nothing.',
    'A condition has C’s operators over registers, pc, asid, user (1 in user mode), CP0 and its fields (Cause.ExcCode == 8), symbols, and memory as word[sp + 4], half[...] and byte[...]; where memory it names is not mapped, it does not hold. Hits count only while the condition holds; as many as Ignore says do not stop. By keyboard: up and down go from breakpoint to breakpoint, Space at the first field turns one on and off, Delete there removes it. In a branch’s delay slot the guest stops before the branch.',
  ],
  component: Breakpoints,
  commands: [
    {
      id: 'breakpoints.list',
      // Without any, the field for the first.
      run: () => void openPart('breakpoints', () => {}, '[data-testid=breakpoints] [type=checkbox]'),
    },
  ],
};
