/** The native menu: the commands of the registry and the roles every desktop app has. */
import { Menu, type MenuItemConstructorOptions } from 'electron';
import type { RunState } from '../emulator/protocol.ts';
import { COMMANDS, type Command, type MenuName, available } from './commands.ts';

const mac = process.platform === 'darwin';
type Items = MenuItemConstructorOptions[];

/**
 * Roles come with accelerators of their own. Outside macOS, Ctrl with a letter is the guest's, so each gets one with
 * Shift or none.
 */
const accelerator = (withShift: string) => (mac ? {} : { accelerator: withShift });
const separator = { type: 'separator' } as const;

export interface MenuOptions {
  developer: boolean;
  onCommand(id: string): void;
}

export function installMenu({ developer, onCommand }: MenuOptions): void {
  const commands = (menu: MenuName): Items =>
    (COMMANDS as readonly Command[])
      .filter((command) => command.menu === menu)
      .flatMap(({ id, label, accelerator, needs, separated, role }) => [
        ...(separated ? [separator] : []),
        role
          ? { id, label, accelerator, role }
          : { id, label, accelerator, enabled: available(needs, 'off'), click: () => onCommand(id) },
      ]);

  const edit: Items = [
    { role: 'copy', ...accelerator('Ctrl+Shift+C') },
    { role: 'paste', ...accelerator('Ctrl+Shift+V') },
    { role: 'selectAll', ...accelerator('') },
  ];
  const screen: Items = [
    // The key of Zoom In without Shift, on keyboards where + needs it.
    { role: 'zoomIn', accelerator: 'CmdOrCtrl+=', visible: false, acceleratorWorksWhenHidden: true },
    { role: 'togglefullscreen', ...accelerator('Ctrl+Shift+F11') },
  ];
  const developing: Items = [
    separator,
    { role: 'reload', accelerator: 'CmdOrCtrl+Alt+Shift+R' },
    { role: 'toggleDevTools', ...accelerator('Ctrl+Shift+I') },
  ];

  const template: Items = [
    ...(mac ? [{ role: 'appMenu' } as const] : []),
    {
      label: '&File',
      submenu: [
        ...commands('file'),
        separator,
        mac ? { role: 'close' } : { role: 'quit', ...accelerator('Ctrl+Shift+Q') },
      ],
    },
    { label: '&Edit', submenu: edit },
    { label: '&Machine', submenu: commands('machine') },
    {
      label: '&View',
      submenu: [
        { label: '&Layout', submenu: commands('layouts') },
        { label: '&Panels', submenu: commands('panels') },
        { label: '&Go To', submenu: commands('parts') },
        { label: '&Theme', submenu: commands('theme') },
        separator,
        ...commands('view'),
        ...screen,
        ...(developer ? developing : []),
      ],
    },
    ...(mac ? [{ role: 'windowMenu' } as const] : []),
    { label: '&Help', role: 'help', submenu: commands('help') },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}

/** Greys out what the machine's state does not allow. */
export function updateMenu({ state }: RunState): void {
  const menu = Menu.getApplicationMenu();
  for (const { id, needs } of COMMANDS) {
    const item = menu?.getMenuItemById(id);
    if (item) item.enabled = available(needs, state);
  }
}
