/**
 * Commands by id: what the native menu, the toolbar and the shortcuts all call. Names and shortcuts come from the
 * shared list; the code that carries one out is registered by the frame or by a panel.
 */
import { SvelteMap } from 'svelte/reactivity';
import { COMMANDS, available, type Command } from '../../main/commands.ts';
import { machine } from './machine.svelte.ts';

export interface CommandHandler {
  id: string;
  run: () => void;
  /** Absent: as the shared list says. */
  enabled?: () => boolean;
  /** For a panel's own commands, which the native menu does not have. */
  accelerator?: string;
}

const handlers = new SvelteMap<string, CommandHandler>();
const known: readonly Command[] = COMMANDS;
const mac = navigator.platform.startsWith('Mac');

/** Registers handlers; returns a function that takes them back. */
export function registerCommands(list: readonly CommandHandler[]): () => void {
  for (const handler of list) handlers.set(handler.id, handler);
  return () => {
    for (const handler of list) if (handlers.get(handler.id) === handler) handlers.delete(handler.id);
  };
}

/** Whether a command can be carried out now; reactive. */
export function commandEnabled(id: string): boolean {
  const handler = handlers.get(id);
  if (!handler) return false;
  if (handler.enabled) return handler.enabled();
  return available(known.find((command) => command.id === id)?.needs ?? 'always', machine.run.state);
}

/** Carries a command out, if it can be. */
export function runCommand(id: string): void {
  if (commandEnabled(id)) handlers.get(id)!.run();
}

/** A command's shortcut as a person reads it, or an empty string. */
export function shortcut(id: string): string {
  const accelerator = handlers.get(id)?.accelerator ?? known.find((command) => command.id === id)?.accelerator ?? '';
  return accelerator.replace('CmdOrCtrl', mac ? 'Cmd' : 'Ctrl');
}

/** A tooltip: what it does and, in brackets, its shortcut. */
export function tooltip(text: string, id: string): string {
  const keys = shortcut(id);
  return keys ? `${text} (${keys})` : text;
}
