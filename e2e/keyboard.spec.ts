/** Ways to the parts of panels by keyboard alone. */
import type { Page } from '@playwright/test';
import { consoleTail, expect, test } from './launch.ts';
import { PROMPT, resize } from './tables.ts';

test.beforeEach(async ({ kseg, page }) => {
  await resize(kseg, 1280, 800);
  await expect.poll(() => consoleTail(page)).toMatch(PROMPT);
});

async function command(page: Page, words: string): Promise<void> {
  await page.keyboard.press('Control+Shift+KeyP');
  await expect(page.getByTestId('palette-input')).toBeFocused();
  await page.keyboard.type(words);
  await page.keyboard.press('Enter');
}

test('the palette opens filters and the list of events, and goes there', async ({ page }) => {
  await command(page, 'filter tlb');
  await expect(page.getByTestId('tlb-asid')).toBeFocused();
  await page.getByTestId('tlb-host-toggle').press('Enter');
  await command(page, 'filter tlb');
  await expect(page.getByTestId('tlb-asid')).toBeFocused();

  await command(page, 'filter timeline');
  await expect(page.getByTestId('timeline-lane-console')).toBeFocused();
  await command(page, 'list events');
  await expect(page.getByTestId('timeline-list')).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(page.getByTestId('timeline-event').filter({ hasText: '▸' })).toHaveCount(1);
});

test('Enter goes from the lanes into the list of events, Escape back, and the list stays', async ({ page }) => {
  const lanes = page.getByTestId('timeline-canvas');
  const list = page.getByTestId('timeline-list');
  await page.keyboard.press('Control+Shift+KeyE');
  await expect(lanes).toBeFocused();
  for (let times = 0; times < 2; times++) {
    await page.keyboard.press('Enter');
    await expect(list).toBeFocused();
    await page.keyboard.press('ArrowDown');
    await expect(page.getByTestId('timeline-event').filter({ hasText: '▸' })).toHaveCount(1);
    await page.keyboard.press('Escape');
    await expect(lanes).toBeFocused();
    await expect(list).toBeVisible();
  }
});

test('the end of a list of events has its head whole, and says what there is none of', async ({ page }) => {
  await command(page, 'list events');
  const list = page.getByTestId('timeline-list');
  await expect(page.getByTestId('timeline-event').first()).toBeVisible();
  await page.keyboard.press('End');
  const head = () =>
    list.evaluate((scroller) => {
      const cell = scroller.querySelector('th')!.getBoundingClientRect();
      return { scrolled: scroller.scrollTop > 0, above: scroller.getBoundingClientRect().top - cell.top };
    });
  await expect.poll(async () => (await head()).scrolled).toBe(true);
  expect((await head()).above).toBeLessThanOrEqual(0.5);

  // Of the last instructions at the prompt; the guest has never reset.
  await page.keyboard.press('Control+Shift+KeyR');
  await page.keyboard.press('Control+Shift+KeyE');
  for (let i = 0; i < 4; i++) await page.keyboard.press('+');
  const lane = page.locator('.names .current');
  await page.keyboard.press('ArrowDown');
  while (!(await lane.allTextContents()).join().includes('kernel flush')) await page.keyboard.press('ArrowDown');
  await expect(page.getByTestId('timeline-list-empty')).toHaveText('no kernel flush in this stretch');
});

test('one command goes to the disassembly, to memory, and to the breakpoints', async ({ page }) => {
  const listing = page.getByTestId('listing');
  // From another layout, which has not shown the CPU panel yet.
  await page.keyboard.press('Control+Shift+KeyR');
  await page.keyboard.press('Control+Shift+KeyX');
  await expect(listing).toBeFocused();
  const active = page.locator('[data-testid=code-line].active');
  const address = async () => parseInt((await active.getAttribute('data-address'))!, 16);
  const from = await address();
  // As fast as a held key and faster than the emulator's answers: no line is skipped, the keyboard's is not lost.
  await listing.evaluate((element) => {
    for (let i = 0; i < 26; i++)
      element.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true }));
  });
  await expect(active).toHaveCount(1);
  expect(await address()).toBe(from + 4 * 26);
  const inSight = () =>
    active.evaluate((row) => {
      const [line, panel] = [row.getBoundingClientRect(), row.closest('.body')!.getBoundingClientRect()];
      return line.top >= panel.top - 1 && line.bottom <= panel.bottom + 1;
    });
  await expect.poll(inSight).toBe(true);
  await page.keyboard.press('Enter');
  await expect(page.locator('[data-testid=code-line].active .marks')).toContainText('■');

  // Folded away, it comes back.
  await page.getByTestId('cpu-toggle-memory').click();
  await command(page, 'memory');
  await expect(page.getByTestId('memory-address')).toBeFocused();
  const first = page.getByTestId('memory-row').first();
  const before = await first.getAttribute('data-address');
  await page.keyboard.press('PageDown');
  await expect(first).not.toHaveAttribute('data-address', before!);

  await command(page, 'list of breakpoints');
  await expect(page.getByTestId('breakpoint-1-enabled')).toBeFocused();
  await page.getByTestId('break-argument').fill('schedule');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('breakpoint-2')).toBeVisible();
  await command(page, 'list of breakpoints');
  await page.keyboard.press('ArrowDown');
  await expect(page.getByTestId('breakpoint-2-enabled')).toBeFocused();
  await page.keyboard.press('Delete');
  await expect(page.getByTestId('breakpoint-1-enabled')).toBeFocused();
  await page.keyboard.press('Delete');
  await expect(page.getByTestId('break-argument')).toBeFocused();
});

test('a panel that is empty until the next view gets the focus all the same', async ({ page }) => {
  await page.keyboard.press('Control+Shift+KeyJ');
  await expect(page.getByTestId('panel-cpu').getByRole('group', { name: 'CPU', exact: true })).toBeFocused();
});

test('the focus is never nowhere: after a change of layout, and after a boot', async ({ page }) => {
  const holder = () =>
    page.evaluate(() => document.activeElement?.closest<HTMLElement>('[data-panel]')?.dataset.panel ?? 'nothing');
  await command(page, 'layout debug');
  await page.keyboard.press('Control+Shift+KeyJ');
  await expect.poll(holder).toBe('cpu');
  await command(page, 'layout mmu');
  await expect.poll(holder).toBe('console');

  // Translate in front of the console.
  await page.keyboard.press('Control+Shift+KeyT');
  await expect.poll(holder).toBe('translate');
  await command(page, 'layout boot');
  await expect.poll(holder).toBe('start');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('start')).toHaveCount(0);
  await expect.poll(holder).toBe('translate');
});
