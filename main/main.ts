/** Kseg's main process: start, one instance, end, and what happens when something fails. */
import { type BrowserWindow, app, dialog, nativeTheme } from 'electron';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { registerScheme, serveRenderer } from './app-protocol.ts';
import { kernelArgument } from './arguments.ts';
import { ConfigurationStore } from './configurations.ts';
import { type BootLoader, EmulatorHost } from './emulator-host.ts';
import { sentence } from './errors.ts';
import { Files } from './files.ts';
import { Guests } from './guests.ts';
import { bootLoader, registerIpc, sendToPage } from './ipc.ts';
import { log, logNow, openLog } from './log.ts';
import { installMenu, updateMenu } from './menu.ts';
import { RENDERER, RESOURCES, WORKER } from './paths.ts';
import { limitPageCompilers } from './page-compilers.ts';
import { lockDown } from './security.ts';
import { SettingsStore } from './settings.ts';
import { openWindow } from './window.ts';

// The tests' own profile; also a second Kseg beside the first.
if (process.env.KSEG_USER_DATA) app.setPath('userData', path.resolve(process.env.KSEG_USER_DATA));
const userData = app.getPath('userData');
const logFile = openLog(userData);

process.on('uncaughtException', (error) => {
  logNow('uncaught exception', error);
  dialog.showErrorBox('Kseg has failed and must close.', `${sentence(error)}\n\nDetails are in ${logFile}.`);
  app.exit(1);
});
process.on('unhandledRejection', (error) => logNow('unhandled rejection', error));

/** What a second launch hands to the first. */
interface LaunchData {
  kernel: string | null;
}

const launchKernel = kernelArgument(process.argv, process.cwd(), app.getAppPath());

// A refused second instance has told the first by now what it was to open.
if (app.requestSingleInstanceLock({ kernel: launchKernel } satisfies LaunchData)) run();
else app.quit();

function run(): void {
  let window: BrowserWindow | null = null;
  let ending = false;
  const settings = new SettingsStore(path.join(userData, 'settings.json'), (error) => log('settings', error));
  const files = new Files(settings);
  const guests = new Guests((name) => sendToPage(window, 'importing', name));
  const configurations = new ConfigurationStore(path.join(userData, 'configurations'), files);
  // What has been translated of guests, for their next runs.
  const code = path.join(userData, 'translations');
  const host = new EmulatorHost({
    startWorker: () => new Worker(WORKER, { workerData: { resources: RESOURCES, code }, name: 'emulator' }),
    send: (event, value) => sendToPage(window, event, value),
    onState: updateMenu,
    breakpoints: {
      get: () => settings.breakpoints(),
      set: (guest, list) => settings.setBreakpoints(guest, list),
    },
    log,
  });

  const bootBundled: BootLoader = async () => ({});
  const openKernel = (file: string): BootLoader => {
    const added = files.add(file);
    // The loader reports the failure; it may run later than that.
    added.catch(() => {});
    return async () => bootLoader({ kernelId: (await added).id }, files, guests)();
  };

  const show = () => {
    if (!window) return;
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
  };

  const open = () => {
    window = openWindow({
      settings,
      logFile,
      onVisible: (visible) => host.setVisible(visible),
      onPageGone: () => host.detach(),
    });
    window.on('closed', () => {
      window = null;
      host.detach();
    });
  };

  /** What the next page to listen is to boot, unless a machine is there already. */
  let firstBoot = launchKernel === null ? bootBundled : openKernel(launchKernel);
  const onReady = () => {
    host.attach();
    if (!host.started) void host.boot(firstBoot);
  };

  registerScheme();
  limitPageCompilers(app.commandLine);

  app.on('second-instance', (_event, _argv, _cwd, data) => {
    const kernel = (data as Partial<LaunchData> | null)?.kernel;
    show();
    if (typeof kernel === 'string' && kernel.length <= 4096) void host.boot(openKernel(kernel));
  });
  app.on('open-file', (event, file) => {
    event.preventDefault();
    if (window) void host.boot(openKernel(file));
    else firstBoot = openKernel(file);
  });
  app.on('child-process-gone', (_event, details) => log('child process gone', details));
  app.on('activate', () => {
    if (!window && app.isReady()) open();
  });
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit();
  });
  app.on('will-quit', (event) => {
    if (ending) return;
    ending = true;
    event.preventDefault();
    void Promise.allSettled([host.shutdown(), settings.flush()]).then(() => app.quit());
  });

  // Not awaited: Electron is ready only after this module has run.
  void app.whenReady().then(() => {
    log('start', { version: app.getVersion(), ...process.versions });
    nativeTheme.themeSource = settings.get().theme;
    lockDown();
    serveRenderer(RENDERER);
    installMenu({ developer: !app.isPackaged, onCommand: (id) => sendToPage(window, 'command', id) });
    registerIpc({ window: () => window, host, files, guests, configurations, settings, onReady });
    open();
  });
}
