/** The bridge's main-process half: every message of the page is checked and then carried out. */
import { type BrowserWindow, app, clipboard, ipcMain, nativeTheme } from 'electron';
import type { BootConfig, DiskConfig } from '../emulator/protocol.ts';
import type { Versions, ZoomStep } from './bridge.ts';
import { type Answer, type BridgeEvents, toMain, toPage } from './channels.ts';
import type { ConfigurationStore } from './configurations.ts';
import type { BootLoader, EmulatorHost } from './emulator-host.ts';
import { sentence } from './errors.ts';
import type { Files } from './files.ts';
import type { Guests } from './guests.ts';
import { log } from './log.ts';
import { type Message, type MessageName, checkMessage } from './messages.ts';
import { isOwnFrame } from './security.ts';
import type { SettingsStore } from './settings.ts';

export interface IpcContext {
  window(): BrowserWindow | null;
  host: EmulatorHost;
  files: Files;
  guests: Guests;
  configurations: ConfigurationStore;
  settings: SettingsStore;
  /** The page listens for the first time, or again. */
  onReady(): void;
}

type Method = Parameters<typeof toMain>[0];

/** Sends to the page, if there is one. */
export function sendToPage(
  window: BrowserWindow | null,
  event: keyof BridgeEvents,
  value: BridgeEvents[keyof BridgeEvents],
): void {
  if (window && !window.isDestroyed() && !window.webContents.isCrashed()) {
    window.webContents.send(toPage(event), value);
  }
}

/** Reads the files that a boot request names, by number or by the library's id. */
export function bootLoader(request: Message<'boot'>, files: Files, guests: Guests): BootLoader {
  const { kernelId, initrdId, kernelGuest, initrdGuest, disks, ...config } = request;
  const read = async (id: number | undefined, guest: string | undefined) => {
    if (guest !== undefined) return guests.read(guest);
    return id === undefined ? undefined : files.read(id);
  };
  return async () => {
    const loaded: BootConfig = { ...config };
    const kernel = await read(kernelId, kernelGuest);
    const initrd = await read(initrdId, initrdGuest);
    if (kernel) loaded.kernel = kernel;
    if (initrd) loaded.initrd = initrd;
    if (disks) loaded.disks = await Promise.all(disks.map((disk) => locate(disk, files, guests)));
    return loaded;
  };
}

/** Chromium's steps, as the menu's roles take them; within what the layouts can bear. */
export function zoomLevel(level: number, step: ZoomStep): number {
  if (step === 'reset') return 0;
  return Math.max(-3, Math.min(5, level + (step === 'in' ? 0.5 : -0.5)));
}

type DiskRequest = NonNullable<Message<'boot'>['disks']>[number];

/** Disk images stay where they are: the emulator reads a sector when the guest does. */
async function locate({ fileId, guest, ...disk }: DiskRequest, files: Files, guests: Guests): Promise<DiskConfig> {
  const path = guest === undefined ? files.path(fileId!) : await guests.diskPath(guest, disk.writable);
  return { ...disk, path };
}

export function registerIpc({ window, host, files, guests, configurations, settings, onReady }: IpcContext): void {
  const refuse = (error: unknown): string => {
    const message = sentence(error);
    log('request refused', message);
    return message;
  };

  /** A message without an answer; what is wrong with it goes to the page as an error event. */
  const on = (method: Method, handle: (value: unknown) => void) => {
    ipcMain.on(toMain(method), (event, value: unknown) => {
      if (!isOwnFrame(event.senderFrame)) return;
      try {
        handle(value);
      } catch (error) {
        sendToPage(window(), 'error', refuse(error));
      }
    });
  };
  const onChecked = <N extends MessageName & Method>(method: N, handle: (value: Message<N>) => void) =>
    on(method, (value) => handle(checkMessage(method, value)));

  /** A message with an answer; what is wrong with it is the answer. */
  const answer = <T>(method: Method, handle: (value: unknown, window: BrowserWindow) => T | Promise<T>) => {
    ipcMain.handle(toMain(method), async (event, value: unknown): Promise<Answer<T>> => {
      const target = window();
      if (!isOwnFrame(event.senderFrame) || !target) return { refused: 'This page may not ask for that.' };
      try {
        return { value: await handle(value, target) };
      } catch (error) {
        return { refused: refuse(error) };
      }
    });
  };

  onChecked('boot', (request) => void host.boot(bootLoader(request, files, guests)));
  on('run', () => host.command('run'));
  on('pause', () => host.command('pause'));
  on('runToAsidChange', () => host.command('runToAsidChange'));
  on('runToUserFlush', () => host.command('runToUserFlush'));
  on('reset', () => host.reset());
  onChecked('step', (instructions) => host.step(instructions));
  onChecked('input', (bytes) => host.input(bytes));
  onChecked('watch', (request) => host.watch(request));
  onChecked('pinTables', (pinned) => host.pinTables(pinned));
  onChecked('ackConsole', (bytes) => host.ackConsole(bytes));
  onChecked('ackView', (sequence) => host.ackView(sequence));
  onChecked('copyText', (text) => void clipboard.writeText(text));
  onChecked('zoom', (step) => {
    const page = window()?.webContents;
    if (page) page.zoomLevel = zoomLevel(page.zoomLevel, step);
  });
  onChecked('theme', (theme) => {
    nativeTheme.themeSource = theme;
    settings.set({ theme });
  });
  on('cancelTimelineExport', () => host.timeline.cancel());
  onChecked('recordTimeline', (on) => host.recordTimeline(on));
  on('ready', onReady);

  answer('debug', (value) => host.debug(checkMessage('debug', value)));
  answer('openKernel', (_value, target) => files.chooseKernel(target));
  answer('openDisk', (_value, target) => files.chooseDisk(target));
  answer('openDropped', (value) => files.add(checkMessage('openDropped', value)));
  answer('guests', () => guests.list());
  answer('importGuests', async (_value, target) => guests.import(await files.chooseGuests(target)));
  answer('importDropped', (value) => guests.importOne(checkMessage('importDropped', value)));
  answer('removeGuest', (value) => guests.remove(checkMessage('removeGuest', value)));
  answer('configurations', () => configurations.list());
  answer('saveConfiguration', (value) => configurations.save(checkMessage('saveConfiguration', value)));
  answer('removeConfiguration', (value) => configurations.remove(checkMessage('removeConfiguration', value)));
  answer('restoreConfiguration', (value) => configurations.restore(checkMessage('restoreConfiguration', value)));
  answer('saveText', (value, target) => {
    const { name, text } = checkMessage('saveText', value);
    return files.saveText(target, name, text);
  });
  answer('timeline', (value) => host.timeline.query(checkMessage('timeline', value)));
  answer('timelineEvents', (value) => host.timeline.events(checkMessage('timelineEvents', value)));
  answer('exportTimeline', async (value, target) => {
    const request = checkMessage('exportTimeline', value);
    const file = await files.chooseTimeline(target, request.format);
    return file === null ? null : host.timeline.export(file, request);
  });
  answer('versions', (): Versions => {
    const { electron = '', chrome = '', node, v8 } = process.versions;
    return { app: app.getVersion(), electron, chrome, node, v8 };
  });
}
