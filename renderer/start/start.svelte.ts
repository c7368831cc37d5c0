/** Whether the start page stands in place of the panels, and what is to be chosen on it. */
import { tick } from 'svelte';
import type { GuestEntry } from '../../main/bridge.ts';
import { focusPanel, keepFocus } from '../lib/keyboard.ts';
import { library } from '../lib/library.svelte.ts';
import { configurations } from './configurations.svelte.ts';

class Start {
  open = $state(false);
  /** Just imported: the page selects the first kernel among them. */
  imported = $state.raw<GuestEntry[]>([]);

  show(): void {
    if (!this.open) void Promise.all([library.refresh(), configurations.refresh()]);
    this.open = true;
  }

  /** Back to the panels, with the focus in the console if it is on the screen. */
  async close(): Promise<void> {
    if (!this.open) return;
    this.open = false;
    await tick();
    const panel = document.querySelector<HTMLElement>('[data-panel=console]');
    if (panel?.checkVisibility()) focusPanel(panel);
    else await keepFocus();
  }

  /** Native dialog, then the page with what was imported. */
  async importFiles(): Promise<void> {
    this.#present(await library.choose());
  }

  async importDropped(files: readonly File[]): Promise<void> {
    this.#present(await library.drop(files));
  }

  #present(imported: GuestEntry[]): void {
    if (imported.length === 0) return;
    this.show();
    this.imported = imported;
  }
}

export const start = new Start();
