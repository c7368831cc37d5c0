/** The guest's TLB. */
import type { Panel } from '../panel.ts';
import Tlb from './Tlb.svelte';

export const tlbPanel: Panel = {
  id: 'tlb',
  title: 'TLB',
  place: 'low',
  layouts: { mmu: 'low', debug: 'top' },
  help: [
    'The guest’s TLB as the architecture has it: VPN2, page mask, ASID or G, and the even and the odd page with frame, cache attribute, D and V. Rows change in place. A click on a column sorts.',
    'A dot marks entries that match the current ASID, a ring those of others, Δ what has changed, ‼ duplicates, which the architecture forbids. The map at the right shows all entries at once.',
  ],
  component: Tlb,
  commands: [],
};
