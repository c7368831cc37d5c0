/** The guest's page tables over its address space. */
import type { Panel } from '../panel.ts';
import { segmentsActions } from './actions.ts';
import Segments from './Segments.svelte';

export const segmentsPanel: Panel = {
  id: 'segments',
  title: 'Segments',
  place: 'top',
  layouts: { mmu: 'top', debug: 'top' },
  natural: true,
  help: [
    'The hypervisor’s two page tables of guest virtual addresses, over the guest’s address space: the kernel table above, the user table below. A cell is one pgd slot of 4 MiB, shaded by how many of its 1,024 pages are present. Columns go by address.',
    'A flush is hatched and named: which, from which ASID to which, pages and tables freed. Brackets say what each segment lost or kept; the card of the name says where it happened, what was walked, and why kseg0 stayed. A dashed frame round the user table: stale, flushed on the next entry to user mode. Under other flush policies the tag beside the table says whose pages it holds. Beyond four flushes a second nothing flashes: cells show the mean of the last 250 ms and the name counts.',
    'The numbers below: pages, tables and bytes now, the most there ever were, flushed in all and last time, refilled since, and the last stretch as a line.',
    'By keyboard: arrows go from slot to slot, Page Up and Page Down by segment, Tab to the other table; Space shows the slot’s card, Enter opens its pages. There, arrows go from page to page, Page Up and Page Down to the next page present, Enter goes to Translate, Esc back to the strip. The slot under the pointer or the keyboard is marked in both tables, its entries in TLB, and what touched it on the Timeline.',
    'Pin keeps both tables as they are at this instant, to compare with: cells and pages that were added since are outlined, removed ones hatched, and those that are in another frame or have other rights have a corner cut off; the numbers have signs, Δ counts changed pages. Of the user table the one in use is compared, then and now. TLB marks the entries that differ. Freeze leaves the picture as it is while the guest runs.',
  ],
  component: Segments,
  commands: [{ id: 'segments.pin', run: () => segmentsActions.pin() }],
};
