/** What a panel contributes to the workbench: its view and its commands, registered together. */
import type { Component } from 'svelte';
import type { CommandHandler } from '../lib/commands.svelte.ts';

export interface Panel {
  id: string;
  title: string;
  /** Where the grid puts it: the left column, or the top or bottom of the right one. */
  place: 'left' | 'top' | 'bottom';
  /** `visible` is false while another tab covers it; a hidden panel asks the emulator for nothing. */
  component: Component<{ visible: boolean }>;
  commands: readonly CommandHandler[];
}
