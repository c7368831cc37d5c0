/**
 * What a panel contributes to the workbench. A panel is a folder: its `index.ts` exports one Panel, panels.ts lists it,
 * and its row `panel.ID` in main/commands.ts gives it a menu entry, a shortcut and a place in the palette. Nothing else
 * imports it.
 */
import type { Component } from 'svelte';
import type { Placed } from '../lib/arrangement.ts';
import type { CommandHandler } from '../lib/commands.svelte.ts';

export interface Panel extends Placed {
  /** Also the last part of its command `panel.ID`, and what its PanelFrame is called. */
  id: string;
  title: string;
  /**
   * `visible` is false while another tab, layout or page covers it. A hidden panel asks the emulator for nothing: it
   * passes to `machine.watch` what it needs while it is visible, and nothing else.
   */
  component: Component<{ visible: boolean }>;
  /** Carried out by this panel; labels and shortcuts are in main/commands.ts. */
  commands: readonly CommandHandler[];
  /** What it shows, a paragraph each: its page of the manual. */
  help?: readonly string[];
  /** In the top area, as high as its content instead of a share of the height, until the user moves the border. */
  natural?: boolean;
  /** Made at the start instead of when it is first shown: it keeps what comes while nobody looks. */
  always?: boolean;
}
