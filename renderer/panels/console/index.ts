/** The guest's serial console. */
import type { Panel } from '../panel.ts';
import Console from './Console.svelte';
import { consoleActions } from './actions.ts';

export const consolePanel: Panel = {
  id: 'console',
  title: 'Console',
  place: 'left',
  layouts: { mmu: 'left', debug: 'left' },
  always: true,
  component: Console,
  commands: [
    { id: 'console.find', run: () => consoleActions.find() },
    { id: 'console.copy', run: () => consoleActions.copy() },
    { id: 'console.save', run: () => consoleActions.save() },
  ],
};
