/**
 * Every command of Kseg, once: the native menu shows this list, the renderer's toolbar and palette carry it out. Data
 * only, so that main and renderer may both import it.
 *
 * The console belongs to the guest: Ctrl and a letter, Esc, Alt and the function keys are its keys, so accelerators
 * here take Shift as well.
 */
/** `layouts` and `panels` are submenus of `view`; `palette`: in no menu. */
export type MenuName = 'file' | 'machine' | 'view' | 'layouts' | 'panels' | 'help' | 'palette';

/** When a command can be carried out, from the machine's state. */
export type Needs = 'always' | 'machine' | 'live' | 'paused';

export interface Command {
  id: string;
  /** Title case, as menus have it; `…` where the command asks for more. */
  label: string;
  menu: MenuName;
  /** Separated from the entry above it. */
  separated?: boolean;
  /** Electron's notation. */
  accelerator?: string;
  /** `machine`: one has been booted. `live`: it has not ended. `paused`: it stands still. */
  needs: Needs;
}

export const COMMANDS = [
  {
    id: 'file.openKernel',
    label: 'Open Kernel…',
    menu: 'file',
    accelerator: 'CmdOrCtrl+Shift+O',
    needs: 'always',
  },
  { id: 'file.importGuests', label: 'Import Guests…', menu: 'file', needs: 'always' },
  { id: 'machine.boot', label: 'Boot', menu: 'file', accelerator: 'CmdOrCtrl+Shift+B', needs: 'always' },

  {
    id: 'machine.toggle',
    label: 'Run or Pause',
    menu: 'machine',
    accelerator: 'CmdOrCtrl+Shift+R',
    needs: 'live',
  },
  { id: 'machine.step', label: 'Step', menu: 'machine', accelerator: 'CmdOrCtrl+Shift+N', needs: 'paused' },
  {
    id: 'machine.asid',
    label: 'Run to ASID Change',
    menu: 'machine',
    accelerator: 'CmdOrCtrl+Shift+A',
    needs: 'live',
  },
  { id: 'machine.reset', label: 'Reset', menu: 'machine', separated: true, needs: 'machine' },

  { id: 'view.start', label: 'Guests', menu: 'view', accelerator: 'CmdOrCtrl+Shift+G', needs: 'always' },
  { id: 'view.theme.system', label: 'System Theme', menu: 'view', separated: true, needs: 'always' },
  { id: 'view.theme.light', label: 'Light Theme', menu: 'view', needs: 'always' },
  { id: 'view.theme.dark', label: 'Dark Theme', menu: 'view', needs: 'always' },
  {
    id: 'console.find',
    label: 'Find in Console',
    menu: 'view',
    separated: true,
    accelerator: 'CmdOrCtrl+Shift+F',
    needs: 'always',
  },

  { id: 'view.layout.mmu', label: 'MMU', menu: 'layouts', accelerator: 'CmdOrCtrl+Shift+1', needs: 'always' },
  { id: 'view.layout.debug', label: 'Debug', menu: 'layouts', accelerator: 'CmdOrCtrl+Shift+2', needs: 'always' },
  { id: 'view.resetLayout', label: 'Reset Layout', menu: 'layouts', separated: true, needs: 'always' },

  /* One for each panel, in the order of the menu: `panel.` and the panel's id. */
  { id: 'panel.console', label: 'Console', menu: 'panels', accelerator: 'CmdOrCtrl+Shift+K', needs: 'always' },
  { id: 'panel.segments', label: 'Segments', menu: 'panels', accelerator: 'CmdOrCtrl+Shift+S', needs: 'always' },
  { id: 'panel.tlb', label: 'TLB', menu: 'panels', accelerator: 'CmdOrCtrl+Shift+L', needs: 'always' },

  {
    id: 'view.closePanel',
    label: 'Close Panel',
    menu: 'panels',
    separated: true,
    accelerator: 'CmdOrCtrl+Shift+W',
    needs: 'always',
  },
  { id: 'view.movePanel.left', label: 'Move Panel to the Left', menu: 'panels', needs: 'always' },
  { id: 'view.movePanel.top', label: 'Move Panel to the Upper Right', menu: 'panels', needs: 'always' },
  { id: 'view.movePanel.low', label: 'Move Panel to the Lower Right', menu: 'panels', needs: 'always' },
  { id: 'view.movePanel.bottom', label: 'Move Panel to the Bottom', menu: 'panels', needs: 'always' },

  { id: 'help.about', label: 'About Kseg', menu: 'help', needs: 'always' },
] as const satisfies readonly Command[];

export type KnownCommandId = (typeof COMMANDS)[number]['id'];

/** Can a command that needs this be carried out in this state of the machine? */
export function available(needs: Needs, state: 'off' | 'running' | 'paused' | 'ended'): boolean {
  switch (needs) {
    case 'always':
      return true;
    case 'machine':
      return state !== 'off';
    case 'live':
      return state === 'running' || state === 'paused';
    case 'paused':
      return state === 'paused';
  }
}
