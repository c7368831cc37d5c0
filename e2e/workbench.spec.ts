/** The workbench at work: the Lab guest boots, its console is live, and the panels follow its page tables. */
import type { Page } from '@playwright/test';
import { consoleTail, expect, test } from './launch.ts';

const PROMPT = /lab\$ $/;

/** A number as a panel shows it, with separators. */
async function shown(page: Page, testId: string): Promise<number> {
  const text = await page.getByTestId(testId).first().textContent();
  return Number((text ?? '').replace(/[^0-9]/g, ''));
}

async function command(page: Page, text: string): Promise<string> {
  const before = (await consoleTail(page)).length;
  await page.getByTestId('console').click();
  await page.keyboard.type(text + '\n');
  await expect.poll(() => consoleTail(page)).toMatch(new RegExp(`${text}[\\s\\S]*lab\\$ $`));
  return (await consoleTail(page)).slice(Math.min(before, 3000));
}

test.beforeEach(async ({ page }) => {
  await expect.poll(() => consoleTail(page)).toMatch(PROMPT);
});

test('the console answers ps', async ({ page }) => {
  expect(await command(page, 'ps')).toMatch(/PID[\s\S]*init/);
});

test('pingpong flushes the kernel table and leaves kseg0 alone', async ({ page }) => {
  // The first time round the kernel touches pages of its own that it had not needed yet.
  await command(page, 'pingpong 10');
  await page.getByTestId('toolbar-toggle').click();
  await expect(page.getByTestId('status-state')).toHaveText(/paused/);
  const flushes = await shown(page, 'segments-kernel-flushes');
  const kseg0 = await shown(page, 'segments-kernel-kseg0-pages');
  const tables = await shown(page, 'segments-kernel-kseg0-tables');
  expect(kseg0).toBeGreaterThan(10);
  await page.getByTestId('toolbar-toggle').click();

  await command(page, 'pingpong 100');
  await page.getByTestId('toolbar-toggle').click();
  await expect(page.getByTestId('status-state')).toHaveText(/paused/);
  expect(await shown(page, 'segments-kernel-flushes')).toBeGreaterThanOrEqual(flushes + 200);
  expect(await shown(page, 'segments-kernel-kseg0-pages')).toBe(kseg0);
  expect(await shown(page, 'segments-kernel-kseg0-tables')).toBe(tables);
  await expect(page.getByTestId('segments-kernel-kseg0-flushed')).toHaveText('never');
});

test('most of a long run is translated code, and the status bar says so', async ({ page }) => {
  await page.getByTestId('console').click();
  await page.keyboard.type('pingpong 1000000\n');
  await expect.poll(() => shown(page, 'status-generated'), { timeout: 30_000 }).toBeGreaterThan(80);
  await page.getByTestId('toolbar-toggle').click();
  await expect(page.getByTestId('status-state')).toHaveText(/paused/);
  expect(await shown(page, 'status-generated')).toBeGreaterThan(50);
});

test('stops at an ASID change and names the flush', async ({ page }) => {
  await page.getByTestId('console').click();
  await page.keyboard.type('pingpong 1000000\n');
  await page.getByTestId('toolbar-asid').click();
  await expect(page.getByTestId('status-state')).toHaveText(/paused/);
  await expect(page.getByTestId('flush-label-kernel')).toHaveText(/KMF_KERN: ASID 0x[0-9a-f]{2} -> 0x[0-9a-f]{2}/);
  await expect(page.getByTestId('user-table-state')).toHaveText(/stale: user ASID 0x[0-9a-f]{2}/);
  await expect(page.getByTestId('segments-kernel-useg-pages')).toHaveText('0');
  if (process.env['KSEG_SCREENSHOT']) await page.screenshot({ path: process.env['KSEG_SCREENSHOT'] });
});

test('the TLB panel shows the guest TLB', async ({ page }) => {
  await page.getByTestId('toolbar-toggle').click();
  await expect(page.locator('[data-testid^=tlb-row-]')).toHaveCount(64);
  expect(await shown(page, 'tlb-matching')).toBeGreaterThan(0);
});

test('the other machine and byte order boot from the guest menu', async ({ page }) => {
  for (const guest of ['guest-lab-malta', 'guest-lab-malta-be', 'guest-lab-kvm']) {
    await page.getByTestId('guest-menu').click();
    await page.getByTestId(guest).click();
    await expect(page.getByTestId('machine-label')).toHaveText(guest === 'guest-lab-kvm' ? /kvm/ : /malta/);
    await expect.poll(() => consoleTail(page)).toMatch(PROMPT);
    await command(page, 'echo still here');
  }
});

test('halt ends the run in so many words, and Boot starts it again', async ({ page }) => {
  await page.getByTestId('console').click();
  await page.keyboard.type('halt\n');
  await expect(page.getByTestId('status-state')).toHaveText(/power/);
  await page.getByTestId('toolbar-boot').click();
  await expect.poll(() => consoleTail(page)).toMatch(PROMPT);
});
