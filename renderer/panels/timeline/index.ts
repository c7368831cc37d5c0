/** What happened at which instruction. */
import type { Panel } from '../panel.ts';
import Timeline from './Timeline.svelte';
import { timelineActions } from './actions.ts';

export const timelinePanel: Panel = {
  id: 'timeline',
  title: 'Timeline',
  place: 'bottom',
  layouts: { mmu: 'bottom', debug: 'bottom' },
  component: Timeline,
  commands: [
    { id: 'timeline.export.ndjson', run: () => timelineActions.export('ndjson') },
    { id: 'timeline.export.csv', run: () => timelineActions.export('csv') },
    { id: 'timeline.export.json', run: () => timelineActions.export('json') },
  ],
};
