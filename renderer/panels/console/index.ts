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
  help: [
    'The guest’s serial line. Everything typed here goes to the guest; F6 leaves it, and Ctrl+Shift with a letter is the workbench’s. What the guest prints stays for 10,000 lines, also across boots.',
    'Find searches it, Copy takes the selection or everything, Save writes it to a file. While a Linux boots, the head says what it is at.',
  ],
  component: Console,
  commands: [
    { id: 'console.find', run: () => consoleActions.find() },
    { id: 'console.copy', run: () => consoleActions.copy() },
    { id: 'console.save', run: () => consoleActions.save() },
  ],
};
