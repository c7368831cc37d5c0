/**
 * Starts the real app for a test: `const test = base` with the fixtures `kseg` (the Electron application) and `page`
 * (its window), each test with a profile of its own.
 */
import { type ElectronApplication, type Page, _electron, test as base, chromium, expect } from '@playwright/test';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { findElectron } from '../scripts/electron-runtime.mjs';

export const ROOT = path.resolve(import.meta.dirname, '..');

export interface LaunchOptions {
  /** Arguments for the app. */
  args?: string[];
  /** The profile's directory; absent: a new one, removed at the end. */
  userData?: string;
}

/** An app that runs. `stop` ends it and may be called twice. */
export interface Launched {
  app: ElectronApplication;
  page: Page;
  userData: string;
  stop(): Promise<void>;
}

const newProfile = () => mkdtempSync(path.join(os.tmpdir(), 'kseg-e2e-'));
const environment = (userData: string) => ({
  ...(process.env as Record<string, string>),
  KSEG_USER_DATA: userData,
  KSEG_GUESTS: path.join(userData, 'guests'),
});

/** Starts the build in dist/, which the test drives from both ends: page and main process. */
export async function launch({ args = [], userData }: LaunchOptions = {}): Promise<Launched> {
  const profile = userData ?? newProfile();
  const runtime = findElectron();
  if (!runtime) throw new Error('There is no Electron runtime: `npm test` gets one.');
  // Playwright asks the npm package `electron`, in this process, where the runtime is.
  process.env.ELECTRON_OVERRIDE_DIST_PATH = runtime.dist;
  const app = await _electron.launch({
    args: ['--disable-gpu', ROOT, ...args],
    cwd: ROOT,
    env: environment(profile),
  });
  let stopped = false;
  const stop = async () => {
    if (stopped) return;
    stopped = true;
    await app.close();
    if (!userData) rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const page = await app.firstWindow();
    await page.waitForLoadState();
    return { app, page, userData: profile, stop };
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
}

/**
 * Starts the packaged app, which has no inspector: the test drives its page through Chromium's debugging port. It
 * attaches when the window is there (attaching while it opens hangs now and then).
 */
export async function launchPackaged(executable: string): Promise<Omit<Launched, 'app'>> {
  const userData = newProfile();
  const flags = ['--disable-gpu', '--remote-debugging-port=0', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])];
  const child = spawn(executable, flags, { env: environment(userData), stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(userData, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    let output = '';
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await expect.poll(() => output, { timeout: 20_000 }).toMatch(/DevTools listening on ws:/);
    const origin = `http://127.0.0.1:${/DevTools listening on ws:\/\/[^:]+:(\d+)/.exec(output)![1]}`;
    const targets = async () => (await fetch(`${origin}/json/list`)).text();
    await expect.poll(targets, { timeout: 20_000 }).toContain('app://kseg/');
    const browser = await chromium.connectOverCDP(origin);
    const page = browser.contexts()[0]!.pages()[0]!;
    await page.waitForLoadState();
    return { page, userData, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The last characters that the guest has printed. */
export function consoleTail(page: Page): Promise<string> {
  return page.evaluate(() => document.querySelector<HTMLElement>('[data-testid=console]')?.dataset.tail ?? '');
}

/** The log that the app has written into its profile. */
export function readLog({ userData }: Pick<Launched, 'userData'>): string {
  return readFileSync(path.join(userData, 'logs/kseg.log'), 'utf8');
}

/** Playwright's test with an app in it: `kseg`, and its window as `page`. */
export const test = base.extend<{ kseg: Launched; page: Page }>({
  // Playwright reads what a fixture needs from this pattern.
  kseg: async ({}, use, testInfo) => {
    const kseg = await launch();
    await use(kseg);
    if (testInfo.status !== testInfo.expectedStatus) {
      await testInfo.attach('log', { body: readLog(kseg), contentType: 'text/plain' });
      await testInfo.attach('screenshot', { body: await kseg.page.screenshot(), contentType: 'image/png' });
    }
    await kseg.stop();
  },
  page: async ({ kseg }, use) => use(kseg.page),
});
export { expect };
