/** The guest's page tables over its address space. */
import type { Panel } from '../panel.ts';
import Segments from './Segments.svelte';

export const segmentsPanel: Panel = {
  id: 'segments',
  title: 'Segments',
  place: 'top',
  layouts: { mmu: 'top', debug: 'top' },
  natural: true,
  component: Segments,
  commands: [],
};
