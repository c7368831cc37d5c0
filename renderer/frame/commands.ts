/** The machine's and the window's commands: what the toolbar, the native menu and the shortcuts carry out. */
import type { OpenedFile } from '../../main/bridge.ts';
import type { CommandHandler } from '../lib/commands.svelte.ts';
import { AREAS, LAYOUTS, type Area, type LayoutName } from '../lib/arrangement.ts';
import { cyclePanels, focusPanelById, focusedPanel, keepFocus } from '../lib/keyboard.ts';
import { layout } from '../lib/layout.svelte.ts';
import { tour } from '../help/tour.svelte.ts';
import { overlays } from './overlays.svelte.ts';
import { machine } from '../lib/machine.svelte.ts';
import { messages, sentence } from '../lib/messages.svelte.ts';
import { theme } from '../lib/theme.svelte.ts';
import type { Panel } from '../panels/panel.ts';
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

/** A layout of panels, in place of the start page. */
async function openLayout(name: LayoutName): Promise<void> {
  layout.choose(name);
  await start.close();
  await keepFocus();
}

/** Shows a panel, in the layout that is open, and gives it the focus. */
export function showCommand({ id }: Panel): CommandHandler {
  return {
    id: `panel.${id}`,
    run: () => {
      layout.show(id);
      void start.close().then(() => focusPanelById(id));
    },
  };
}

/** The panel that has the focus goes; the next one gets it. */
async function closePanel(): Promise<void> {
  const id = focusedPanel();
  if (!id) return;
  layout.close(id);
  await cyclePanels(1);
}

function movePanel(area: Area): void {
  const id = focusedPanel();
  if (!id) return;
  layout.move(id, area);
  void focusPanelById(id);
}

export const frameCommands: readonly CommandHandler[] = [
  { id: 'machine.boot', run: () => machine.boot(machine.request.label, machine.request.request) },
  { id: 'machine.toggle', run: () => (machine.running ? window.kseg.pause() : window.kseg.run()) },
  { id: 'machine.step', run: () => window.kseg.step(1) },
  { id: 'machine.asid', run: () => window.kseg.runToAsidChange() },
  { id: 'machine.userFlush', run: () => window.kseg.runToUserFlush() },
  { id: 'machine.reset', run: () => window.kseg.reset() },
  { id: 'file.openKernel', run: () => void openKernel() },
  { id: 'file.importGuests', run: () => void start.importFiles() },
  { id: 'view.start', run: () => start.show() },
  { id: 'view.theme.system', run: () => theme.choose('system') },
  { id: 'view.theme.light', run: () => theme.choose('light') },
  { id: 'view.theme.dark', run: () => theme.choose('dark') },
  { id: 'view.theme.contrast', run: () => theme.choose('contrast') },
  { id: 'view.zoomIn', run: () => window.kseg.zoom('in') },
  { id: 'view.zoomOut', run: () => window.kseg.zoom('out') },
  { id: 'view.zoomReset', run: () => window.kseg.zoom('reset') },
  { id: 'view.nextPanel', run: () => void cyclePanels(1) },
  { id: 'view.previousPanel', run: () => void cyclePanels(-1) },
  { id: 'view.palette', run: () => (overlays.palette = !overlays.palette) },
  { id: 'help.manual', run: () => (overlays.manual = 'first') },
  { id: 'help.shortcuts', run: () => (overlays.manual = 'keys') },
  { id: 'help.tour', run: () => tour.begin() },
  { id: 'help.about', run: () => (overlays.about = true) },
  ...LAYOUTS.map(({ id }) => ({ id: `view.layout.${id}`, run: () => void openLayout(id) })),
  { id: 'view.resetLayout', run: () => layout.reset() },
  { id: 'view.closePanel', enabled: () => !start.open, run: () => void closePanel() },
  ...AREAS.map((area) => ({
    id: `view.movePanel.${area}`,
    enabled: () => !start.open && !layout.tabbed,
    run: () => movePanel(area),
  })),
];
