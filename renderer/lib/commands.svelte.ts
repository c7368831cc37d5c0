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

/** What the shared list says of a command; undefined for an id it does not have. */
export function commandOf(id: string): Command | undefined {
  return known.find((command) => command.id === id);
}

/** Every command somebody carries out, in the order of the shared list; reactive. */
export function allCommands(): readonly Command[] {
  return known.filter(({ id }) => handlers.has(id));
}

/** A shortcut as a person reads it. */
export function keysOf({ accelerator, key }: Command): string {
  return (accelerator ?? key ?? '').replace('CmdOrCtrl', mac ? 'Cmd' : 'Ctrl').replace('Plus', '+');
}

/** A command's shortcut as a person reads it, or an empty string. */
export function shortcut(id: string): string {
  const command = commandOf(id);
  return command ? keysOf(command) : '';
}

/** A tooltip: what it does and, in brackets, its shortcut. */
export function tooltip(text: string, id: string): string {
  const keys = shortcut(id);
  return keys ? `${text} (${keys})` : text;
}
