/** Commands that go to a part of a panel: its listing, its filter, its list. */
import { tick } from 'svelte';
import { focusPart } from '../lib/keyboard.ts';
import { layout } from '../lib/layout.svelte.ts';
import { start } from '../start/start.svelte.ts';

/**
 * Shows a panel, has it show a part, and goes there.
 *
 * @param show called when the panel is there: it may not have been before
 * @param selector of what takes the focus
 */
export async function openPart(id: string, show: () => void, selector: string): Promise<void> {
  layout.show(id);
  await start.close();
  await tick();
  show();
  await focusPart(id, selector);
}
