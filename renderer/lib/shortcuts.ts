/**
 * The page's half of the shortcuts: the same list as the native menu's, for what the menu does not see (a window without
 * one) or may not take (F1 and F6, which are the guest's while the console has the focus; it lets F6 through).
 */
import { tinykeys } from 'tinykeys';
import { COMMANDS, type Command } from '../../main/commands.ts';
import { runCommand } from './commands.svelte.ts';

/** Electron's `CmdOrCtrl+Shift+P` as tinykeys has it: `$mod+Shift+KeyP`, by the key's place on the keyboard. */
export function bindingOf(accelerator: string): string {
  return accelerator
    .replace('CmdOrCtrl', '$mod')
    .replace(/\+([A-Z])$/, '+Key$1')
    .replace(/\+(\d)$/, '+Digit$1');
}

/** Carried out again and again while the key is held. */
const REPEATED = new Set(['machine.step', 'view.nextPanel', 'view.previousPanel']);

/** Listens on the window; returns a function that ends it. */
export function listenForShortcuts(): () => void {
  const bindings: Record<string, (event: KeyboardEvent) => void> = {};
  for (const { id, accelerator, key, role, local } of COMMANDS as readonly Command[]) {
    const keys = key ?? accelerator;
    /* Zoom is the native menu's. */
    if (!keys || role || local) continue;
    bindings[bindingOf(keys)] = (event) => {
      event.preventDefault();
      if (!event.repeat || REPEATED.has(id)) runCommand(id);
    };
  }
  /* What is taken already is the console's for its guest, or a dialog's. */
  const ignore = (event: KeyboardEvent): boolean => event.defaultPrevented || event.isComposing;
  return tinykeys(window, bindings, { ignore });
}
