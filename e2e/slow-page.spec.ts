/** A page that is slow, or loads anew, while its guest prints and runs: nothing piles up, and in the end all is there. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { CONSOLE_WINDOW, type ViewUpdate } from '../emulator/protocol.ts';
import { FLOOD_END, FLOOD_LINE, floodKernel } from '../scripts/lib/flood-kernel.mjs';
import { consoleTail, expect, launch } from './launch.ts';
import { test } from '@playwright/test';

const LINES = 20_000;
/** A slice of the worker's is 400 000 instructions, and a byte takes this guest four. */
const MOST_IN_A_SLICE = 100_000;
/** The worker's own: views that may be on their way. */
const VIEW_CREDIT = 2;

interface Ledger {
  sent: number;
  acknowledged: number;
  /** Most bytes, and views, that were on their way to the page at once. */
  mostBytes: number;
  mostViews: number;
  views: number;
  /** Views that a boot or the page asked for, which are sent at once. */
  asked: number;
}

test('a slow page holds back what is sent to it, and shows all of it in the end', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'kseg-flood-'));
  const kernel = path.join(folder, 'flood.elf');
  writeFileSync(kernel, floodKernel(LINES));
  const { app, page, stop } = await launch();
  try {
    await expect.poll(() => consoleTail(page)).toMatch(/lab\$ $/);
    await page.evaluate(() => {
      const state = window as unknown as { slow: boolean };
      state.slow = true;
      const frame = () => {
        const until = performance.now() + 300;
        while (performance.now() < until);
        if (state.slow) requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    });
    await app.evaluate(({ BrowserWindow, ipcMain }) => {
      const ledger: Ledger = { sent: 0, acknowledged: 0, mostBytes: 0, mostViews: 0, views: 0, asked: 1 };
      (globalThis as unknown as { ledger: Ledger }).ledger = ledger;
      let newest = 0;
      let drawn = 0;
      const page = BrowserWindow.getAllWindows()[0]!.webContents;
      const send = page.send.bind(page);
      page.send = (channel, ...rest: unknown[]) => {
        if (channel === 'kseg:on-console') ledger.sent += (rest[0] as Uint8Array).length;
        if (channel === 'kseg:on-view') {
          newest = (rest[0] as ViewUpdate).sequence;
          // Those on their way from before are not in the books.
          if (ledger.views++ === 0) drawn = newest - 1;
          ledger.mostViews = Math.max(ledger.mostViews, newest - drawn);
        }
        ledger.mostBytes = Math.max(ledger.mostBytes, ledger.sent - ledger.acknowledged);
        send(channel, ...rest);
      };
      ipcMain.on('kseg:ackConsole', (_event, bytes: number) => (ledger.acknowledged += bytes));
      ipcMain.on('kseg:watch', () => ledger.asked++);
      ipcMain.on('kseg:ackView', (_event, sequence: number) => (drawn = Math.max(drawn, sequence)));
    });
    await app.evaluate(({ app: electron }, file) => {
      electron.emit('second-instance', {}, [], '', { kernel: file });
    }, kernel);
    await expect(page.getByTestId('machine-label')).toHaveText(/malta/);
    await expect.poll(() => consoleTail(page), { timeout: 50_000 }).toMatch(/~\n#$/);
    await page.evaluate(() => ((window as unknown as { slow: boolean }).slow = false));

    const bytes = LINES * FLOOD_LINE.length + FLOOD_END.length;
    const ledger = () => app.evaluate(() => (globalThis as unknown as { ledger: Ledger }).ledger);
    await expect.poll(async () => (await ledger()).acknowledged).toBe(bytes);
    const { sent, mostBytes, mostViews, views, asked } = await ledger();
    expect(sent).toBe(bytes);
    expect(mostBytes).toBeGreaterThan(FLOOD_LINE.length);
    expect(mostBytes).toBeLessThanOrEqual(CONSOLE_WINDOW + MOST_IN_A_SLICE);
    expect(views).toBeGreaterThan(0);
    expect(mostViews).toBeLessThanOrEqual(VIEW_CREDIT + asked);

    // The page again knows what the machine does.
    await page.getByTestId('toolbar-toggle').click();
    await expect(page.getByTestId('status-state')).toHaveText(/paused/);
    expect((await consoleTail(page)).endsWith(FLOOD_LINE + FLOOD_END)).toBe(true);
  } finally {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
