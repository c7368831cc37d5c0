/** What the main process promises whatever the page does: isolation, headers, the bridge, and staying up. */
import type { KsegBridge } from '../main/bridge.ts';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { findElectron } from '../scripts/electron-runtime.mjs';
import { ROOT, consoleTail, expect, launch, readLog, test } from './launch.ts';

/** Compared with what the page has: an entry for every key of the bridge, or the types fail. */
const BRIDGE: Record<keyof KsegBridge, true> = {
  boot: true,
  run: true,
  pause: true,
  reset: true,
  step: true,
  runToAsidChange: true,
  runToUserFlush: true,
  input: true,
  watch: true,
  pinTables: true,
  debug: true,
  ackConsole: true,
  ackView: true,
  openKernel: true,
  openDisk: true,
  openDropped: true,
  guests: true,
  importGuests: true,
  importDropped: true,
  removeGuest: true,
  configurations: true,
  saveConfiguration: true,
  removeConfiguration: true,
  restoreConfiguration: true,
  saveText: true,
  timeline: true,
  timelineEvents: true,
  exportTimeline: true,
  cancelTimelineExport: true,
  recordTimeline: true,
  onTimelineExport: true,
  copyText: true,
  zoom: true,
  theme: true,
  versions: true,
  ready: true,
  onBooted: true,
  onConsole: true,
  onView: true,
  onState: true,
  onPhase: true,
  onError: true,
  onCommand: true,
  onImporting: true,
};

test('opens one window, titled Kseg, on app://', async ({ kseg, page }) => {
  expect(page.url()).toBe('app://kseg/index.html');
  await expect(page).toHaveTitle(/Kseg/);
  expect(kseg.app.windows()).toHaveLength(1);
  const visible = await kseg.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.isVisible());
  expect(visible).toBe(true);
});

test('the page’s compilers leave a thread for its fonts', async ({ kseg }) => {
  test.skip(process.platform !== 'linux', 'only there a process tells how it was started, and fonts need a thread');
  const pid = await kseg.app.evaluate(({ webContents }) => webContents.getAllWebContents()[0]!.getOSProcessId());
  const flags = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  expect(flags).toMatch(/--js-flags=.*--no-concurrent-sparkplug --concurrent-maglev-max-threads=1 /);
});

test('the page is sandboxed and isolated, without Node', async ({ kseg, page }) => {
  const preferences = await kseg.app.evaluate(({ webContents }) => {
    const contents = webContents.getAllWebContents()[0]! as unknown as {
      getLastWebPreferences(): Record<string, unknown>;
    };
    const { sandbox, contextIsolation, nodeIntegration, webSecurity } = contents.getLastWebPreferences();
    return { sandbox, contextIsolation, nodeIntegration, webSecurity };
  });
  expect(preferences).toEqual({ sandbox: true, contextIsolation: true, nodeIntegration: false, webSecurity: true });
  const globals = await page.evaluate(() =>
    ['process', 'require', 'module', 'global', 'Buffer'].filter((n) => n in window),
  );
  expect(globals).toEqual([]);
});

test('every answer carries the content security policy', async ({ page }) => {
  const answers = await page.evaluate(async () => {
    const urls = ['app://kseg/', 'app://kseg/index.html', 'app://kseg/none.js', 'app://kseg/..%2fmain%2fmain.js'];
    return Promise.all(
      urls.map(async (url) => {
        const { status, headers } = await fetch(url);
        return {
          status,
          policy: headers.get('content-security-policy'),
          opener: headers.get('cross-origin-opener-policy'),
        };
      }),
    );
  });
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 404, 404]);
  for (const { policy, opener } of answers) {
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(opener).toBe('same-origin');
  }
  await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'document.title = "injected"';
    document.head.append(script);
  });
  expect(await page.title()).not.toBe('injected');
});

test('the bridge offers exactly what bridge.ts says', async ({ page }) => {
  const offered = await page.evaluate(() => Object.keys(window.kseg));
  expect(offered.sort()).toEqual(Object.keys(BRIDGE).sort());
});

test('goes nowhere, opens nothing, is granted nothing', async ({ kseg, page }) => {
  await page.evaluate(() => {
    location.href = 'https://example.invalid/';
  });
  await page.evaluate(() => void window.open('https://example.invalid/'));
  const granted = await page.evaluate(() => Notification.requestPermission());
  expect(granted).toBe('denied');
  await expect.poll(() => readLog(kseg)).toContain('navigation refused "https://example.invalid/"');
  await expect.poll(() => readLog(kseg)).toContain('window refused "https://example.invalid/"');
  expect(page.url()).toBe('app://kseg/index.html');
  expect(kseg.app.windows()).toHaveLength(1);
});

test('malformed requests get a sentence each, and the app stays up', async ({ page }) => {
  const errors = await page.evaluate(async () => {
    const seen: string[] = [];
    window.kseg.onError((message) => seen.push(message));
    const nonsense = window.kseg as unknown as Record<string, (value?: unknown) => void>;
    nonsense.boot!({ memoryMiB: 'x' });
    nonsense.boot!({ kernelId: 999 });
    nonsense.step!(-1);
    nonsense.input!('keys');
    nonsense.input!(new Uint8Array(1 << 20));
    nonsense.watch!(null);
    nonsense.ackView!({});
    while (seen.length < 7) await new Promise((resolve) => setTimeout(resolve, 10));
    return seen;
  });
  expect(errors.sort()).toEqual([
    'File number 999 is not open: open it again.',
    'The request ackView was refused: its argument must be a whole number from 0 to 9007199254740991.',
    'The request boot was refused: memoryMiB must be a whole number from 16 to 1024.',
    'The request input was refused: its argument must be at most 65536 bytes at once.',
    'The request input was refused: its argument must be bytes.',
    'The request step was refused: its argument must be a whole number from 1 to 1000000000.',
    'The request watch was refused: its argument must be an object.',
  ]);
  expect((await page.evaluate(() => window.kseg.versions())).app).toMatch(/^\d+\.\d+\.\d+$/);
});

test('a page that loads anew finds the machine and its console as they were', async ({ page }) => {
  await expect.poll(() => consoleTail(page)).toContain('lab$ ');
  const before = await consoleTail(page);
  await page.reload();
  await expect.poll(() => consoleTail(page)).toContain(before.slice(-200));
});

test('a crashed page is loaded again while the machine runs on', async ({ kseg, page }) => {
  await expect.poll(() => consoleTail(page)).toContain('lab$ ');
  await kseg.app.evaluate(({ webContents }) => webContents.getAllWebContents()[0]!.forcefullyCrashRenderer());
  await expect.poll(() => readLog(kseg)).toContain('page gone');
  const tail = () =>
    kseg.app.evaluate(async ({ webContents }) => {
      const contents = webContents.getAllWebContents()[0]!;
      if (contents.isCrashed() || contents.isLoading()) return '';
      return (await contents.executeJavaScript(
        'document.querySelector("[data-testid=console]")?.dataset.tail',
      )) as string;
    });
  await expect.poll(tail).toContain('lab$ ');
});

test('a kernel that is none gets a sentence; files are known by number', async ({ kseg, page }) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'kseg-files-'));
  try {
    const kernel = path.join(folder, 'notes.txt');
    writeFileSync(kernel, 'This is no kernel.\n');
    await kseg.app.evaluate(({ dialog }, file) => {
      dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [file] });
    }, kernel);
    const file = await page.evaluate(() => window.kseg.openKernel());
    expect(file).toMatchObject({ name: 'notes.txt', size: 19 });
    expect(Object.keys(file!).sort()).toEqual(['id', 'name', 'size']);
    const message = await page.evaluate(
      (kernelId) =>
        new Promise<string>((resolve) => {
          window.kseg.onError(resolve);
          window.kseg.boot({ kernelId });
        }),
      file!.id,
    );
    expect(message).toMatch(/^[^\n]*notes\.txt[^\n]*\.$/);

    rmSync(kernel);
    const refused = await page.evaluate(() => window.kseg.openKernel().catch((error: Error) => error.message));
    expect(refused).toBe('notes.txt cannot be opened: it is not there.');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('text is saved where the dialog says', async ({ kseg, page }) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'kseg-files-'));
  try {
    const target = path.join(folder, 'console.txt');
    await kseg.app.evaluate(({ dialog }, filePath) => {
      dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath });
    }, target);
    expect(await page.evaluate(() => window.kseg.saveText('console.txt', 'lab$ exit\n'))).toBe('console.txt');
    expect(readFileSync(target, 'utf8')).toBe('lab$ exit\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('menu commands reach the page, and leave the guest its keys', async ({ kseg, page }) => {
  await page.evaluate(() => {
    window.kseg.onCommand((id) => (document.body.dataset.command = id));
  });
  const accelerators = await kseg.app.evaluate(({ Menu }) => {
    const found: string[] = [];
    const walk = (items: Electron.MenuItem[]) => {
      for (const item of items) {
        const role = item as unknown as { getDefaultRoleAccelerator?(): string | undefined };
        const own = item.accelerator as string | undefined;
        const keys = own ?? (item.role ? role.getDefaultRoleAccelerator?.() : undefined);
        if (keys) found.push(keys);
        if (item.submenu) walk(item.submenu.items);
      }
    };
    walk(Menu.getApplicationMenu()!.items);
    return found;
  });
  expect(accelerators.length).toBeGreaterThan(8);
  const stolen = accelerators.filter((keys) =>
    /^(?:F\d+|Esc(?:ape)?|(?:CmdOrCtrl|CommandOrControl|Ctrl|Control|Alt)\+[A-Z[\]\\])$/i.test(keys),
  );
  expect(stolen).toEqual([]);

  await kseg.app.evaluate(({ Menu }) => Menu.getApplicationMenu()!.getMenuItemById('help.about')!.click());
  await expect.poll(() => page.evaluate(() => document.body.dataset.command)).toBe('help.about');
});

test('the window comes back where it was', async () => {
  const userData = mkdtempSync(path.join(os.tmpdir(), 'kseg-profile-'));
  const bounds = { x: 40, y: 60, width: 900, height: 620 };
  try {
    const first = await launch({ userData });
    await first.app.evaluate(({ BrowserWindow }, to) => BrowserWindow.getAllWindows()[0]!.setBounds(to), bounds);
    await expect
      .poll(() => first.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.getBounds()))
      .toEqual(bounds);
    await first.stop();
    const second = await launch({ userData });
    const found = await second.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.getBounds());
    await second.stop();
    expect(found).toEqual(bounds);
  } finally {
    rmSync(userData, { recursive: true, force: true });
  }
});

test('broken settings cost nothing but themselves', async () => {
  const userData = mkdtempSync(path.join(os.tmpdir(), 'kseg-profile-'));
  try {
    writeFileSync(path.join(userData, 'settings.json'), '{"window":{"bounds":{"x":"far"}},"background":7,');
    const { page, stop } = await launch({ userData });
    await expect(page).toHaveTitle(/Kseg/);
    await stop();
  } finally {
    rmSync(userData, { recursive: true, force: true });
  }
});

test('a second launch hands its kernel to the first and ends', async ({ kseg, page }) => {
  const kernel = path.join(kseg.userData, 'second.txt');
  writeFileSync(kernel, 'This is no kernel.\n');
  await page.evaluate(() => {
    window.kseg.onError((message) => (document.body.dataset.error = message));
  });
  const second = spawn(findElectron()!.executable, ['--no-sandbox', '--disable-gpu', ROOT, kernel], {
    env: { ...process.env, KSEG_USER_DATA: kseg.userData },
    stdio: 'ignore',
  });
  const code = await new Promise((resolve) => second.once('close', resolve));
  expect(code).toBe(0);
  await expect.poll(() => page.evaluate(() => document.body.dataset.error)).toMatch(/second\.txt.*\.$/);
  expect(kseg.app.windows()).toHaveLength(1);
});

test('a kernel on the command line is what boots first', async () => {
  const { page, stop } = await launch({ args: ['/nowhere/vmlinux'] });
  await expect(page.getByText('vmlinux cannot be opened: it is not there.').first()).toBeVisible();
  await stop();
});

test('a disk image is opened by number and goes into a drive', async ({ kseg, page }) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'kseg-files-'));
  try {
    const image = path.join(folder, 'disk.img');
    writeFileSync(image, new Uint8Array(1 << 20));
    await kseg.app.evaluate(({ dialog }, file) => {
      dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [file] });
    }, image);
    const file = await page.evaluate(() => window.kseg.openDisk());
    expect(file).toMatchObject({ name: 'disk.img', size: 1 << 20 });
    const boot = (fileId: number) =>
      page.evaluate(
        (id) =>
          new Promise<string>((resolve) => {
            window.kseg.onError(resolve);
            // The machine that the app starts with is another.
            window.kseg.onBooted(({ machine }) => machine === 'malta' && resolve('booted'));
            window.kseg.boot({ machine: 'malta', disks: [{ fileId: id, interface: 'ide', writable: true }] });
          }),
        fileId,
      );
    expect(await boot(file!.id)).toBe('booted');
    expect(await boot(file!.id + 1)).toBe(`File number ${file!.id + 1} is not open: open it again.`);
    writeFileSync(image, 'no sectors');
    expect(await boot(file!.id)).toMatch(/^\S+disk\.img: [^\n]*\.$/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
