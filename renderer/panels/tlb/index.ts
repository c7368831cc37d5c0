/** The guest's TLB. */
import type { Panel } from '../panel.ts';
import Tlb from './Tlb.svelte';

export const tlbPanel: Panel = { id: 'tlb', title: 'TLB', place: 'bottom', component: Tlb, commands: [] };
