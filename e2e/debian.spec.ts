/**
 * Debian's kernel in the app, as a user gets it there: imported from its packages' files, booted from the start page, its
 * console used while the panels follow. Skipped where `npm run guests` has not fetched it.
 */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { ROOT, consoleTail, expect, test } from './launch.ts';

const FOLDER = path.join(ROOT, '.cache/guests');
const KERNEL = existsSync(FOLDER) ? readdirSync(FOLDER).find((name) => name.startsWith('vmlinuz-')) : undefined;
const INITRD = path.join(FOLDER, 'initramfs.cpio.gz');

test.skip(!KERNEL || !existsSync(INITRD), "Debian's kernel is not here; `npm run guests` fetches it");

test('boots to its shell from the start page, and its page tables are on screen', async ({ kseg, page }) => {
  test.setTimeout(300_000);
  await expect.poll(() => consoleTail(page)).toMatch(/lab\$ $/);
  await kseg.app.evaluate(
    ({ dialog }, filePaths) => {
      dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths });
    },
    [path.join(FOLDER, KERNEL!), INITRD],
  );
  await page.getByTestId('toolbar-start').click();
  await page.getByTestId('start-import').click();
  await page.getByTestId(`start-library:${KERNEL}`).check();
  await expect(page.getByTestId('start-initrd')).not.toHaveValue('');
  await page.getByTestId('start-boot').click();
  await expect(page.getByTestId('machine-label')).toHaveText(/malta/);
  await expect.poll(() => consoleTail(page), { timeout: 240_000 }).toMatch(/\/ # \S*$/);

  // Its names come from the kernel's own table; its idle loop is where it waits.
  await page.getByTestId('toolbar-toggle').click();
  await expect(page.getByTestId('status-state')).toHaveText(/paused/);
  await expect(page.getByTestId('status-pc')).toHaveText(/[a-z_0-9]+\+0x/);
  if (process.env['KSEG_SCREENSHOT']) await page.screenshot({ path: process.env['KSEG_SCREENSHOT'] });
  await page.getByTestId('toolbar-toggle').click();

  await page.getByTestId('console').click();
  await page.keyboard.type('uname -sm; for i in 1 2 3 4 5; do /bin/true; done; echo done$((40+2))\n');
  await expect.poll(() => consoleTail(page), { timeout: 60_000 }).toMatch(/Linux mips[\s\S]*done42/);
  await expect(page.getByTestId('segments-kernel-kseg0-flushed')).toHaveText('never');

  await page.keyboard.type('poweroff -f\n');
  await expect(page.getByTestId('status-state')).toHaveText(/power/, { timeout: 60_000 });
});
