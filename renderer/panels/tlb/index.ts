/** The guest's TLB. */
import type { Panel } from '../panel.ts';
import Tlb from './Tlb.svelte';

export const tlbPanel: Panel = {
  id: 'tlb',
  title: 'TLB',
  place: 'low',
  layouts: { mmu: 'low', debug: 'top' },
  component: Tlb,
  commands: [],
};
