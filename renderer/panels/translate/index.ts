/** Where an address leads, step by step, and what leads to a page. */
import type { Panel } from '../panel.ts';
import Translate from './Translate.svelte';
import { translateActions } from './actions.ts';

export const translatePanel: Panel = {
  id: 'translate',
  title: 'Translate',
  place: 'left',
  layouts: { debug: 'left' },
  help: [
    'Where an address leads: type a number, a symbol, a register or memory (0x413f84, switch_mm+8, sp, [sp]) and say what accesses it, from which mode, under which ASID. The verdict comes first, then segment, guest TLB, GVA walk, GPA, HPA and host TLB, what happens next, and the same address from the other mode and under other ASIDs. Nothing is touched by looking.',
    'Of entries that do not match, the two nearest are shown with what differs underlined. A dashed step is stale: an entry that is there now, and gone before the access could use it. PA → VA goes the other way: every virtual address that reaches a guest physical page, by the fixed windows, by guest TLB entries and by both page tables.',
  ],
  component: Translate,
  commands: [{ id: 'translate.pc', run: () => translateActions.pc() }],
};
