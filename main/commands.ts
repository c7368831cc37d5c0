/**
 * Every command of Kseg, once: the native menu, the palette, the shortcuts, the toolbar and the manual's list are made
 * from it; the renderer carries the commands out. Data only, so that main and renderer may both import it.
 *
 * The console belongs to the guest: Ctrl and a letter, Esc, Alt and the function keys are its keys, so accelerators
 * here take Shift as well. `key` is for the others: it works wherever the console does not have the focus.
 */

/** `layouts`, `panels`, `parts` and `theme` are submenus of `view`; `none`: in no menu. */
export type MenuName = 'file' | 'machine' | 'view' | 'layouts' | 'panels' | 'parts' | 'theme' | 'help' | 'none';

/** When a command can be carried out, from the machine's state. */
export type Needs = 'always' | 'machine' | 'live' | 'paused';

export interface Command {
  id: string;
  /** Title case, as menus have it; `…` where the command asks for more. */
  label: string;
  /** What it does, in one sentence without its stop, for tooltips, palette and manual. */
  about: string;
  menu: MenuName;
  /** Separated from the entry above it. */
  separated?: boolean;
  /** Electron's notation. */
  accelerator?: string;
  /** A key without modifiers of its own, which the page alone knows. */
  key?: string;
  /** The panel sees to its keys itself, where it has the focus. */
  local?: boolean;
  /** Electron's own, which the native menu carries out. */
  role?: 'zoomIn' | 'zoomOut' | 'resetZoom';
  /** `machine`: one has been booted. `live`: it has not ended. `paused`: it stands still. */
  needs: Needs;
}

export const COMMANDS = [
  {
    id: 'file.openKernel',
    label: 'Open Kernel…',
    about: 'Boot a kernel from an ELF file',
    menu: 'file',
    accelerator: 'CmdOrCtrl+Shift+O',
    needs: 'always',
  },
  {
    id: 'file.importGuests',
    label: 'Import Guests…',
    about: 'Copy kernels, packages, RAM disks and disk images into the library',
    menu: 'file',
    needs: 'always',
  },
  {
    id: 'machine.boot',
    label: 'Boot',
    about: 'Boot the chosen guest afresh',
    menu: 'file',
    accelerator: 'CmdOrCtrl+Shift+B',
    needs: 'always',
  },
  {
    id: 'timeline.export.ndjson',
    label: 'Export Timeline as NDJSON…',
    about: "Write the timeline's events to a file, a JSON object a line",
    menu: 'file',
    separated: true,
    needs: 'machine',
  },
  {
    id: 'timeline.export.csv',
    label: 'Export Timeline as CSV…',
    about: "Write the timeline's events to a table of comma-separated values",
    menu: 'file',
    needs: 'machine',
  },
  {
    id: 'timeline.export.json',
    label: 'Export Timeline for Perfetto…',
    about: "Write the timeline's events in the Chrome trace format",
    menu: 'file',
    needs: 'machine',
  },

  {
    id: 'machine.toggle',
    label: 'Run or Pause',
    about: 'Let the guest run, or stop it where it is',
    menu: 'machine',
    accelerator: 'CmdOrCtrl+Shift+R',
    needs: 'live',
  },
  {
    id: 'machine.step',
    label: 'Step',
    about: 'Execute one instruction',
    menu: 'machine',
    accelerator: 'CmdOrCtrl+Shift+N',
    needs: 'paused',
  },
  {
    id: 'machine.stepOver',
    label: 'Step Over',
    about: 'Run to the next instruction of this code, over calls and exceptions',
    menu: 'machine',
    accelerator: 'CmdOrCtrl+Shift+M',
    needs: 'paused',
  },
  {
    id: 'machine.asid',
    label: 'Run to ASID Change',
    about: 'Run to the next change of the guest ASID, then pause',
    menu: 'machine',
    accelerator: 'CmdOrCtrl+Shift+A',
    needs: 'live',
  },
  {
    id: 'machine.userFlush',
    label: 'Run to User Flush',
    about: 'Run to the next flush of the guest user table, then pause',
    menu: 'machine',
    needs: 'live',
  },
  {
    id: 'timeline.record',
    label: 'Record Timeline',
    about: 'Record events in the timeline, or stop: a guest that makes many is faster without',
    menu: 'machine',
    separated: true,
    needs: 'machine',
  },
  {
    id: 'machine.reset',
    label: 'Reset',
    about: 'Reset the machine and boot the same guest again',
    menu: 'machine',
    separated: true,
    needs: 'machine',
  },

  {
    id: 'view.palette',
    label: 'Command Palette…',
    about: 'Find a command by its name',
    menu: 'view',
    accelerator: 'CmdOrCtrl+Shift+P',
    needs: 'always',
  },
  {
    id: 'console.find',
    label: 'Find in Console',
    about: 'Search what the guest has printed',
    menu: 'view',
    separated: true,
    accelerator: 'CmdOrCtrl+Shift+F',
    needs: 'always',
  },
  {
    id: 'segments.pin',
    label: 'Pin Page Tables',
    about: 'Compare both page tables with what they are now, or stop comparing',
    menu: 'view',
    accelerator: 'CmdOrCtrl+Shift+Y',
    needs: 'machine',
  },
  {
    id: 'tlb.host',
    label: 'Host ASIDs and TLB',
    about: "Show the host's ASIDs and TLB in the TLB panel, or take them away",
    menu: 'view',
    needs: 'machine',
  },
  {
    id: 'console.copy',
    label: 'Copy Console',
    about: 'Copy the selection in the console, or all of it when nothing is selected',
    menu: 'none',
    accelerator: 'CmdOrCtrl+Shift+C',
    local: true,
    needs: 'always',
  },
  {
    id: 'console.save',
    label: 'Save Console…',
    about: "Save the console's text to a file",
    menu: 'file',
    separated: true,
    needs: 'always',
  },

  {
    id: 'view.start',
    label: 'Boot',
    about: 'Boot configurations and guests: choose, change, import, boot',
    menu: 'layouts',
    accelerator: 'CmdOrCtrl+Shift+G',
    needs: 'always',
  },
  {
    id: 'view.layout.mmu',
    label: 'MMU',
    about: 'Console, page tables and TLB',
    menu: 'layouts',
    accelerator: 'CmdOrCtrl+Shift+1',
    needs: 'always',
  },
  {
    id: 'view.layout.debug',
    label: 'Debug',
    about: 'Addresses and registers, console beside them',
    menu: 'layouts',
    accelerator: 'CmdOrCtrl+Shift+2',
    needs: 'always',
  },
  {
    id: 'view.resetLayout',
    label: 'Reset Layout',
    about: 'Put every panel of this layout where it was at first',
    menu: 'layouts',
    separated: true,
    needs: 'always',
  },

  /* One for each panel, in the order of the menu: `panel.` and the panel's id. */
  {
    id: 'panel.console',
    label: 'Console',
    about: "Show the guest's serial console and go there",
    menu: 'panels',
    accelerator: 'CmdOrCtrl+Shift+K',
    needs: 'always',
  },
  {
    id: 'panel.segments',
    label: 'Segments',
    about: 'Show both GVA page tables over the address space',
    menu: 'panels',
    accelerator: 'CmdOrCtrl+Shift+S',
    needs: 'always',
  },
  {
    id: 'panel.tlb',
    label: 'TLB',
    about: 'Show the guest TLB',
    menu: 'panels',
    accelerator: 'CmdOrCtrl+Shift+L',
    needs: 'always',
  },
  {
    id: 'panel.timeline',
    label: 'Timeline',
    about: 'Show what happened at which instruction',
    menu: 'panels',
    accelerator: 'CmdOrCtrl+Shift+E',
    needs: 'always',
  },

  {
    id: 'panel.translate',
    label: 'Translate',
    about: 'Show where an address leads, and what leads to a page',
    menu: 'panels',
    accelerator: 'CmdOrCtrl+Shift+T',
    needs: 'always',
  },
  {
    id: 'panel.cpu',
    label: 'CPU',
    about: 'Show registers, CP0, code and memory',
    menu: 'panels',
    accelerator: 'CmdOrCtrl+Shift+J',
    needs: 'always',
  },
  {
    id: 'panel.breakpoints',
    label: 'Breakpoints',
    about: 'Show the breakpoints on addresses, data and events',
    menu: 'panels',
    accelerator: 'CmdOrCtrl+Shift+D',
    needs: 'always',
  },
  /* To parts of panels that are too far within for Tab. */
  {
    id: 'cpu.code',
    label: 'Disassembly',
    about: 'Go to the listing in the CPU panel',
    menu: 'parts',
    accelerator: 'CmdOrCtrl+Shift+X',
    needs: 'machine',
  },
  {
    id: 'cpu.memory',
    label: 'Memory',
    about: 'Go to the memory in the CPU panel, at its address',
    menu: 'parts',
    accelerator: 'CmdOrCtrl+Shift+H',
    needs: 'machine',
  },
  {
    id: 'breakpoints.list',
    label: 'List of Breakpoints',
    about: 'Go to the first breakpoint that there is',
    menu: 'parts',
    needs: 'machine',
  },
  {
    id: 'timeline.list',
    label: 'Timeline Events',
    about: 'List the events on the screen one by one, and go there',
    menu: 'parts',
    needs: 'machine',
  },
  {
    id: 'timeline.filter',
    label: 'Timeline Filter',
    about: 'Count only events of some lanes, an ASID, a segment or a range of the PC',
    menu: 'parts',
    needs: 'machine',
  },
  {
    id: 'tlb.filter',
    label: 'TLB Filter',
    about: 'Show only entries of an ASID or a segment, or those that can serve an access',
    menu: 'parts',
    needs: 'machine',
  },
  {
    id: 'translate.pc',
    label: 'Translate PC',
    about: 'Show where the address of the next instruction leads',
    menu: 'none',
    needs: 'live',
  },

  {
    id: 'view.nextPanel',
    label: 'Next Panel',
    about: 'Move the focus to the next panel; also out of the console',
    menu: 'none',
    key: 'F6',
    needs: 'always',
  },
  {
    id: 'view.previousPanel',
    label: 'Previous Panel',
    about: 'Move the focus to the panel before',
    menu: 'none',
    key: 'Shift+F6',
    needs: 'always',
  },
  {
    id: 'view.closePanel',
    label: 'Close Panel',
    about: 'Take the panel that has the focus out of this layout',
    menu: 'panels',
    separated: true,
    accelerator: 'CmdOrCtrl+Shift+W',
    needs: 'always',
  },
  {
    id: 'view.movePanel.left',
    label: 'Move Panel to the Left',
    about: 'Move the panel that has the focus',
    menu: 'panels',
    needs: 'always',
  },
  {
    id: 'view.movePanel.top',
    label: 'Move Panel to the Upper Right',
    about: 'Move the panel that has the focus',
    menu: 'panels',
    needs: 'always',
  },
  {
    id: 'view.movePanel.low',
    label: 'Move Panel to the Lower Right',
    about: 'Move the panel that has the focus',
    menu: 'panels',
    needs: 'always',
  },
  {
    id: 'view.movePanel.bottom',
    label: 'Move Panel to the Bottom',
    about: 'Move the panel that has the focus',
    menu: 'panels',
    needs: 'always',
  },

  {
    id: 'view.theme.system',
    label: 'As the System',
    about: 'Light, dark or high contrast, as the system has it',
    menu: 'theme',
    needs: 'always',
  },
  { id: 'view.theme.light', label: 'Light', about: 'Dark on light', menu: 'theme', needs: 'always' },
  { id: 'view.theme.dark', label: 'Dark', about: 'Light on dark', menu: 'theme', needs: 'always' },
  {
    id: 'view.theme.contrast',
    label: 'High Contrast',
    about: 'White on black, with every border drawn',
    menu: 'theme',
    needs: 'always',
  },

  {
    id: 'view.zoomIn',
    label: 'Zoom In',
    about: 'Make everything larger, tables too',
    menu: 'view',
    separated: true,
    accelerator: 'CmdOrCtrl+Plus',
    role: 'zoomIn',
    needs: 'always',
  },
  {
    id: 'view.zoomOut',
    label: 'Zoom Out',
    about: 'Make everything smaller',
    menu: 'view',
    accelerator: 'CmdOrCtrl+-',
    role: 'zoomOut',
    needs: 'always',
  },
  {
    id: 'view.zoomReset',
    label: 'Actual Size',
    about: 'Everything in its own size',
    menu: 'view',
    accelerator: 'CmdOrCtrl+0',
    role: 'resetZoom',
    needs: 'always',
  },

  { id: 'help.manual', label: 'Manual', about: 'What everything shows', menu: 'help', key: 'F1', needs: 'always' },
  {
    id: 'help.tour',
    label: 'Tour',
    about: 'Cause a change of ASID and see what it does, in four steps',
    menu: 'help',
    needs: 'always',
  },
  {
    id: 'help.shortcuts',
    label: 'Keyboard Shortcuts',
    about: 'Every command and its keys',
    menu: 'help',
    needs: 'always',
  },
  {
    id: 'help.about',
    label: 'About Kseg',
    about: 'Versions, to be copied into a report',
    menu: 'help',
    separated: true,
    needs: 'always',
  },
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
