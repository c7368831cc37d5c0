/** The one list of panels. */
import { consolePanel } from './console/index.ts';
import type { Panel } from './panel.ts';
import { segmentsPanel } from './segments/index.ts';
import { tlbPanel } from './tlb/index.ts';

export const panels: readonly Panel[] = [consolePanel, segmentsPanel, tlbPanel];
