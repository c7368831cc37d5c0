/** The one window: where it opens, in what colour, and what happens when its page fails. */
import { BrowserWindow, dialog, nativeTheme, screen } from 'electron';
import { START_PAGE } from './app-protocol.ts';
import { MINIMUM_SIZE, placeWindow } from './bounds.ts';
import { log } from './log.ts';
import { ICON, PRELOAD } from './paths.ts';
import type { SettingsStore } from './settings.ts';

/** `ready-to-show` may never come (seen on Wayland): the window is shown without it then, in ms. */
const SHOW_ANYWAY = 3000;
const SAVE_AFTER = 400;
/** A page that fails twice within this is not loaded a third time by itself, in ms. */
const AGAIN_WITHIN = 30_000;

export interface WindowOptions {
  settings: SettingsStore;
  logFile: string;
  onVisible(visible: boolean): void;
  /** The page is gone or loads anew: it listens no longer. */
  onPageGone(): void;
}

export function openWindow({ settings, logFile, onVisible, onPageGone }: WindowOptions): BrowserWindow {
  const saved = settings.get().window;
  const primary = screen.getPrimaryDisplay();
  const others = screen.getAllDisplays().filter(({ id }) => id !== primary.id);
  const workAreas = [primary, ...others].map(({ workArea }) => workArea);
  const window = new BrowserWindow({
    ...placeWindow(saved?.bounds ?? null, workAreas),
    minWidth: MINIMUM_SIZE.width,
    minHeight: MINIMUM_SIZE.height,
    show: false,
    title: 'Kseg',
    icon: ICON,
    backgroundColor: settings.get().background ?? (nativeTheme.shouldUseDarkColors ? '#0e1012' : '#e6e9eb'),
    webPreferences: {
      preload: PRELOAD,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
    },
  });

  const show = () => {
    clearTimeout(overdue);
    if (window.isDestroyed() || window.isVisible()) return;
    if (saved?.maximized) window.maximize();
    window.show();
  };
  const overdue = setTimeout(show, SHOW_ANYWAY);
  window.once('ready-to-show', show);

  let saving: NodeJS.Timeout | undefined;
  const save = () => {
    clearTimeout(saving);
    if (window.isDestroyed() || window.isMinimized() || window.isFullScreen()) return;
    settings.set({ window: { bounds: window.getNormalBounds(), maximized: window.isMaximized() } });
  };
  const saveSoon = () => {
    clearTimeout(saving);
    saving = setTimeout(save, SAVE_AFTER);
  };
  window.on('resize', saveSoon);
  window.on('move', saveSoon);
  window.on('maximize', saveSoon);
  window.on('unmaximize', saveSoon);
  window.on('close', () => {
    save();
    // Chromium writes localStorage, which has the layouts and the theme, now and then; the app may be gone by then.
    window.webContents.session.flushStorageData();
  });
  window.on('closed', () => {
    clearTimeout(overdue);
    clearTimeout(saving);
  });

  window.on('show', () => onVisible(true));
  window.on('restore', () => onVisible(true));
  window.on('hide', () => onVisible(false));
  window.on('minimize', () => onVisible(false));

  const page = window.webContents;
  page.on('did-start-navigation', (details) => {
    if (details.isMainFrame && !details.isSameDocument) onPageGone();
  });
  // The page's ground, as its <meta name="theme-color"> tells it.
  page.on('did-change-theme-color', (_event, color) => {
    if (!color) return;
    window.setBackgroundColor(color);
    settings.set({ background: color.slice(0, 7) });
  });
  guard(window, logFile, onPageGone);
  void window.loadURL(START_PAGE).catch((error: unknown) => log('page not loaded', error));
  return window;
}

/** What to do when the page crashes or hangs: the guest runs on in the main process meanwhile. */
function guard(window: BrowserWindow, logFile: string, onPageGone: () => void): void {
  const page = window.webContents;
  let lastFailure = -Infinity;
  page.on('render-process-gone', (_event, details) => {
    log('page gone', details);
    onPageGone();
    if (details.reason === 'clean-exit' || window.isDestroyed()) return;
    const now = Date.now();
    const again = now - lastFailure < AGAIN_WITHIN;
    lastFailure = now;
    if (!again) {
      page.reload();
      return;
    }
    void choose(window, 'The window has failed twice.', `The machine is unharmed. Details are in ${logFile}.`, [
      'Load Window Anew',
      'Quit',
    ]).then((choice) => (choice === 0 ? page.reload() : window.destroy()));
  });

  let asking = false;
  window.on('unresponsive', () => {
    log('page unresponsive');
    if (asking) return;
    asking = true;
    void choose(window, 'The window does not respond.', 'The machine runs on meanwhile.', [
      'Wait',
      'Load Window Anew',
    ]).then((choice) => {
      asking = false;
      if (choice === 1 && !window.isDestroyed()) page.forcefullyCrashRenderer();
    });
  });
  window.on('responsive', () => log('page responsive again'));
}

async function choose(window: BrowserWindow, message: string, detail: string, buttons: string[]): Promise<number> {
  if (window.isDestroyed()) return -1;
  const options = { type: 'warning' as const, message, detail, buttons, defaultId: 0, cancelId: 0, noLink: true };
  return (await dialog.showMessageBox(window, options)).response;
}
