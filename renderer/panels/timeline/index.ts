/** What happened at which instruction. */
import { openPart } from '../open-part.ts';
import type { Panel } from '../panel.ts';
import Timeline from './Timeline.svelte';
import { timelineActions } from './actions.ts';
import { toggleRecording } from './recording.ts';

export const timelinePanel: Panel = {
  id: 'timeline',
  title: 'Timeline',
  place: 'bottom',
  layouts: { mmu: 'bottom', debug: 'bottom' },
  help: [
    'What happened at which instruction: console lines, exits by reason, the guest’s exceptions and interrupts, changes of ASID, flushes of both tables, TLB writes, and the mode. Few events stand one by one, many as bars; of the mode a bar’s height is the share of kernel mode. Numbers at the right are since power-on. Which flushes there are is the policy’s: under lazy-user the user table’s comes with the next entry to user mode, and the dashed box beside now is one that waits; eager flushes both tables with the change of ASID, everything the whole of both; tagged and never flush nothing then.',
    'The wheel zooms, drag and Shift with the wheel move, a double click shows all of the run. Left and right go from event to event, up and down choose the lane they go in, plus and minus zoom, 0 shows all, Home and End go to the ends, P pins an event, Enter goes to the list of what is on the screen and Esc back. A slot pointed at in Segments, or the entry in TLB, marks with ▴ what touched it: faults in it, TLB writes that reach into it, flushes that freed its table; an event pointed at or chosen here marks its slots there. The filter counts only an ASID, a segment or a range of the PC.',
    'The emulator keeps the last two million events, in 64 MiB. What is older is a dotted gap, whose bars are means; the list and exports begin after it. Exports are JSON lines, CSV, and the Chrome trace format for Perfetto, in guest time. kseg run --timeline writes a run from its start, as long as the file may get. Record stops the recording and starts it again: a guest that makes millions of events a second is up to a fifth faster without. The stretch between has a plain ground, and only its console lines are known.',
  ],
  component: Timeline,
  commands: [
    {
      id: 'timeline.filter',
      run: () => void openPart('timeline', () => timelineActions.filter(), '[data-testid=timeline-filter] button'),
    },
    {
      id: 'timeline.list',
      run: () => void openPart('timeline', () => timelineActions.list(), '[data-testid=timeline-list]'),
    },
    { id: 'timeline.record', run: () => toggleRecording() },
    { id: 'timeline.export.ndjson', run: () => timelineActions.export('ndjson') },
    { id: 'timeline.export.csv', run: () => timelineActions.export('csv') },
    { id: 'timeline.export.json', run: () => timelineActions.export('json') },
  ],
};
