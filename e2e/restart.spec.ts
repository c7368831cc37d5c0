/** What a start of the app finds of the one before: the breakpoints of each guest, and its translations. */
import type { Page } from '@playwright/test';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from '@playwright/test';
import { type Launched, consoleTail, expect, launch } from './launch.ts';

const PROMPT = /lab\$ $/;

async function ready(page: Page): Promise<void> {
  await expect.poll(() => consoleTail(page)).toMatch(PROMPT);
  await page.getByTestId('layout-debug').click();
  await page.getByTestId('tab-breakpoints').click();
}

async function add(page: Page, kind: string, argument: string, condition: string): Promise<void> {
  await page.getByTestId('break-kind').selectOption(kind);
  await page.getByTestId('break-argument').fill(argument);
  await page.getByTestId('break-condition').fill(condition);
  await page.getByTestId('break-add').click();
}

test('breakpoints are there again after a restart, each guest with its own', async () => {
  const userData = mkdtempSync(path.join(os.tmpdir(), 'kseg-profile-'));
  let running: Launched | undefined;
  const rows = (page: Page) => page.locator('tr[data-testid^=breakpoint-]');
  try {
    const { page, stop } = (running = await launch({ userData }));
    await ready(page);
    await add(page, 'asid', '0x07', '');
    await add(page, 'write', 'counter_of_nothing, 4', '');
    await expect(page.getByTestId('break-problem')).toBeVisible();
    await add(page, 'address', 'switch_mm', 'a0 == 1');
    await expect(rows(page)).toHaveCount(2);
    await page.getByTestId('breakpoint-1-enabled').uncheck();
    await expect(page.getByTestId('breakpoint-1')).toHaveClass(/off/);
    await stop();

    const { page: again } = (running = await launch({ userData }));
    await ready(again);
    await expect(rows(again)).toHaveCount(2);
    await expect(rows(again).nth(0)).toContainText('0x07');
    await expect(rows(again).nth(0).getByRole('checkbox')).not.toBeChecked();
    await expect(rows(again).nth(1)).toContainText('switch_mm');
    await expect(rows(again).nth(1).getByRole('checkbox')).toBeChecked();
    await expect(
      rows(again)
        .nth(1)
        .getByLabel(/^Condition/),
    ).toHaveValue('a0 == 1');

    await again.getByTestId('guest-menu').click();
    await again.getByTestId('guest-lab-malta').click();
    await expect(again.getByTestId('machine-label')).toHaveText(/malta/);
    await expect(rows(again)).toHaveCount(0);
    await again.getByTestId('guest-menu').click();
    await again.getByTestId('guest-lab-kvm').click();
    await expect(again.getByTestId('machine-label')).toHaveText(/kvm/);
    await expect(rows(again)).toHaveCount(2);
  } finally {
    await running?.stop();
    rmSync(userData, { recursive: true, force: true });
  }
});

test('what has been translated of a guest is there again after a restart', async () => {
  const userData = mkdtempSync(path.join(os.tmpdir(), 'kseg-profile-'));
  const folder = path.join(userData, 'translations');
  let running: Launched | undefined;
  const run = async () => {
    const { page, stop } = (running = await launch({ userData }));
    await expect.poll(() => consoleTail(page)).toMatch(PROMPT);
    await page.getByTestId('console').click();
    await page.keyboard.type('pingpong 20000\n');
    await expect.poll(() => consoleTail(page), { timeout: 30_000 }).toMatch(/switches[\s\S]*lab\$ $/);
    await stop();
    const files = readdirSync(folder);
    expect(files).toHaveLength(1);
    return { file: path.join(folder, files[0]!), bytes: readFileSync(path.join(folder, files[0]!)) };
  };
  try {
    const first = await run();
    expect(first.bytes.length).toBeGreaterThan(50_000);
    const second = await run();
    expect(second.file).toBe(first.file);
    // One that is damaged is nothing to anybody.
    writeFileSync(second.file, second.bytes.subarray(0, 1000));
    const third = await run();
    expect(third.bytes.length).toBeGreaterThan(50_000);
  } finally {
    await running?.stop();
    rmSync(userData, { recursive: true, force: true, maxRetries: 5 });
  }
});
