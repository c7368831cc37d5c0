/** The machine's and the window's commands: what the toolbar, the native menu and the shortcuts carry out. */
import type { OpenedFile } from '../../main/bridge.ts';
import type { CommandHandler } from '../lib/commands.svelte.ts';
import { layout } from '../lib/layout.svelte.ts';
import { machine } from '../lib/machine.svelte.ts';
import { messages, sentence } from '../lib/messages.svelte.ts';
import { theme } from '../lib/theme.svelte.ts';
import { start } from '../start/start.svelte.ts';

/** Boots a kernel file the user chose; the machine follows from the kernel. */
export function bootFile(file: OpenedFile): void {
  machine.boot(file.name, { kernelId: file.id });
}

async function openKernel(): Promise<void> {
  try {
    const file = await window.kseg.openKernel();
    if (file) bootFile(file);
  } catch (thrown) {
    messages.error(sentence(thrown));
  }
}

export const frameCommands: readonly CommandHandler[] = [
  { id: 'machine.boot', run: () => machine.boot(machine.request.label, machine.request.request) },
  { id: 'machine.toggle', run: () => (machine.running ? window.kseg.pause() : window.kseg.run()) },
  { id: 'machine.step', run: () => window.kseg.step(1) },
  { id: 'machine.asid', run: () => window.kseg.runToAsidChange() },
  { id: 'machine.reset', run: () => window.kseg.reset() },
  { id: 'file.openKernel', run: () => void openKernel() },
  { id: 'file.importGuests', run: () => void start.importFiles() },
  { id: 'view.start', run: () => (start.open && machine.info ? void start.close() : start.show()) },
  { id: 'view.theme.system', run: () => theme.choose('system') },
  { id: 'view.theme.light', run: () => theme.choose('light') },
  { id: 'view.theme.dark', run: () => theme.choose('dark') },
  { id: 'view.resetLayout', run: () => layout.reset() },
];
