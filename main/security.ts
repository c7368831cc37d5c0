/** The page stays on app://kseg/, opens nothing, embeds nothing and is granted nothing. */
import { type WebFrameMain, app, session } from 'electron';
import { ORIGIN } from './app-protocol.ts';
import { log } from './log.ts';

/** Is this the page's own main frame? Every IPC handler asks. */
export function isOwnFrame(frame: WebFrameMain | null): boolean {
  if (!frame || frame.parent !== null) return false;
  try {
    const { protocol, host } = new URL(frame.url);
    return `${protocol}//${host}` === ORIGIN;
  } catch {
    return false;
  }
}

/** After `ready`. */
export function lockDown(): void {
  session.defaultSession.setPermissionRequestHandler((_contents, permission, answer) => {
    log('permission refused', permission);
    answer(false);
  });
  session.defaultSession.setPermissionCheckHandler(() => false);
  session.defaultSession.setDevicePermissionHandler(() => false);
  session.defaultSession.on('will-download', (event) => event.preventDefault());

  app.on('web-contents-created', (_created, contents) => {
    contents.setWindowOpenHandler(({ url }) => {
      log('window refused', url);
      return { action: 'deny' };
    });
    const stay = (event: Electron.Event, url: string) => {
      event.preventDefault();
      log('navigation refused', url);
    };
    // Comes for the main frame and for every other one.
    contents.on('will-frame-navigate', (details) => stay(details, details.url));
    contents.on('will-redirect', (details) => stay(details, details.url));
    contents.on('will-attach-webview', (event) => event.preventDefault());
  });
}
