/** The guest's page tables over its address space. */
import type { Panel } from '../panel.ts';
import Segments from './Segments.svelte';

export const segmentsPanel: Panel = {
  id: 'segments',
  title: 'Segments',
  place: 'top',
  layouts: { mmu: 'top', debug: 'top' },
  natural: true,
  help: [
    'The hypervisor’s two page tables of guest virtual addresses, over the guest’s address space: the kernel table above, the user table below. A cell is one pgd slot of 4 MiB, shaded by how many of its 1,024 pages are present. Columns go by address.',
    'A flush is hatched and named: which, from which ASID to which, pages and tables freed. Brackets say what each segment lost or kept. A dashed frame round the user table: stale, flushed on the next entry to user mode.',
    'The numbers below: pages, tables and bytes now, the most there ever were, flushed in all and last time, refilled since, and the last stretch as a line. Select a cell (arrow keys, Enter) to open its pages in both tables.',
  ],
  component: Segments,
  commands: [],
};
