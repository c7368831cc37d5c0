/** The one list of panels. Where several share an area, their tabs stand in this order, and the first is in front. */
import { breakpointsPanel } from './breakpoints/index.ts';
import { consolePanel } from './console/index.ts';
import { cpuPanel } from './cpu/index.ts';
import type { Panel } from './panel.ts';
import { segmentsPanel } from './segments/index.ts';
import { timelinePanel } from './timeline/index.ts';
import { tlbPanel } from './tlb/index.ts';
import { translatePanel } from './translate/index.ts';

export const panels: readonly Panel[] = [
  cpuPanel,
  segmentsPanel,
  tlbPanel,
  translatePanel,
  consolePanel,
  timelinePanel,
  breakpointsPanel,
];
