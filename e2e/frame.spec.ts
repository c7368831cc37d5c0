/** The frame round the panels: layouts, commands, themes, the tour and the manual. */
import type { Page } from '@playwright/test';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { axe, smallText } from './axe.ts';
import { type Launched, consoleTail, expect, launch, test } from './launch.ts';
import { boot } from './tables.ts';

const PROMPT = /lab\$ $/;
const THEMES = ['light', 'dark', 'contrast'] as const;

/** Clicks an entry of the native menu. */
const menu = ({ app }: Launched, id: string): Promise<void> =>
  app.evaluate(({ Menu }, entry) => Menu.getApplicationMenu()!.getMenuItemById(entry)!.click(), id);

const resize = ({ app }: Launched, width: number, height: number): Promise<void> =>
  app.evaluate(({ BrowserWindow }, size) => BrowserWindow.getAllWindows()[0]!.setContentSize(size.width, size.height), {
    width,
    height,
  });

/** The palette, and a command in it. */
async function command(page: Page, text: string): Promise<void> {
  await page.keyboard.press('Control+Shift+P');
  await expect(page.getByTestId('palette-input')).toBeFocused();
  await page.keyboard.type(text);
  await expect(page.locator('[data-command-item][data-selected]')).toContainText(text);
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('palette')).toBeHidden();
}

const focused = (page: Page) =>
  page.evaluate(() => document.activeElement?.closest<HTMLElement>('[data-panel]')?.dataset['panel'] ?? 'none');

test.beforeEach(async ({ kseg, page }) => {
  await resize(kseg, 1440, 900);
  await expect.poll(() => consoleTail(page)).toMatch(PROMPT);
});

test('the console has 80 columns in the sizes a window opens in, as guests take it to have', async ({ kseg, page }) => {
  for (const [width, height] of [
    [1440, 900],
    [1100, 720],
  ] as const) {
    await resize(kseg, width, height);
    const columns = async () => Number(/(\d+) ×/.exec(await page.getByTestId('panel-console').innerText())?.[1]);
    await expect.poll(columns).toBeGreaterThanOrEqual(80);
    await expect.poll(columns).toBeLessThan(90);
  }
});

test('layouts: panels move, close, come back, and Reset puts them where they were', async ({ kseg, page }) => {
  const area = (panel: string) => page.locator(`[data-area]:has([data-panel=${panel}])`);
  await expect(area('tlb')).toHaveAttribute('data-area', 'low');
  await page.getByTestId('layout-debug').click();
  await expect(page.getByTestId('layout-debug')).toHaveAttribute('aria-pressed', 'true');
  await expect(page.getByTestId('tab-tlb')).toBeVisible();
  await page.getByTestId('layout-mmu').click();

  await command(page, 'Panel: TLB');
  await expect.poll(() => focused(page)).toBe('tlb');
  await command(page, 'Move Panel to the Left');
  await expect(page.getByTestId('tab-console')).toHaveAttribute('aria-selected', 'false');
  await expect(page.getByTestId('tab-tlb')).toHaveAttribute('aria-selected', 'true');
  await page.getByTestId('tab-tlb').focus();
  await page.keyboard.press('Home');
  await expect(page.getByTestId('tab-console')).toHaveAttribute('aria-selected', 'true');
  await expect(page.getByTestId('panel-tlb')).toBeHidden();
  // The terminal is the same one: what it showed is still there.
  await expect.poll(() => consoleTail(page)).toMatch(PROMPT);

  for (const panel of ['console', 'segments', 'tlb', 'timeline']) {
    await menu(kseg, `panel.${panel}`);
    await expect.poll(() => focused(page)).toBe(panel);
    await menu(kseg, 'view.closePanel');
    await expect(page.getByTestId(`panel-${panel}`)).toBeHidden();
  }
  await expect(page.getByText('every panel of this layout is closed')).toBeVisible();
  await menu(kseg, 'view.resetLayout');
  await expect(area('tlb')).toHaveAttribute('data-area', 'low');
  await expect(page.getByTestId('panel-segments')).toBeVisible();
  await expect.poll(() => consoleTail(page)).toMatch(PROMPT);
});

test('only panels on the screen are asked for', async ({ kseg, page }) => {
  const tlbParts = () =>
    page.evaluate(
      () =>
        new Promise<boolean>((resolve) => {
          const end = window.kseg.onView((view) => {
            if (!view.reading) return;
            end();
            resolve(view.tlb !== undefined);
          });
          window.kseg.pause();
          window.kseg.run();
        }),
    );
  expect(await tlbParts()).toBe(true);
  await menu(kseg, 'panel.tlb');
  await menu(kseg, 'view.closePanel');
  await expect(page.getByTestId('panel-tlb')).toBeHidden();
  await expect.poll(tlbParts).toBe(false);
});

test('F6 goes round what is on the screen, also out of the console', async ({ page }) => {
  await page.getByTestId('console').click();
  const round = [];
  for (let i = 0; i < 6; i++) {
    round.push(await focused(page));
    await page.keyboard.press('F6');
    await page.waitForFunction(
      (before) => document.activeElement?.closest<HTMLElement>('[data-panel]')?.dataset['panel'] !== before,
      round.at(-1),
    );
  }
  expect(round).toEqual(['console', 'segments', 'tlb', 'timeline', 'toolbar', 'console']);
  await page.keyboard.press('Shift+F6');
  await expect.poll(() => focused(page)).toBe('console');
});

test('layout, theme and zoom survive a restart', async () => {
  const userData = mkdtempSync(path.join(os.tmpdir(), 'kseg-profile-'));
  let running: Launched | undefined;
  try {
    const first = (running = await launch({ userData }));
    await expect.poll(() => consoleTail(first.page)).toMatch(PROMPT);
    await first.page.getByTestId('layout-debug').click();
    await menu(first, 'panel.tlb');
    await menu(first, 'view.movePanel.bottom');
    await expect(first.page.locator('[data-area]:has([data-panel=tlb])')).toHaveAttribute('data-area', 'bottom');
    await menu(first, 'view.theme.contrast');
    await expect(first.page.locator('html')).toHaveAttribute('data-theme', 'contrast');
    // Native parts have no theme of that name: they are dark beside it.
    const native = ({ app }: Launched) => app.evaluate(({ nativeTheme }) => nativeTheme.themeSource);
    await expect.poll(() => native(first)).toBe('dark');
    await first.page.evaluate(() => window.kseg.zoom('in'));
    await expect.poll(() => first.page.evaluate(() => window.devicePixelRatio)).toBeGreaterThan(1);
    await first.stop();
    const second = (running = await launch({ userData }));
    expect(await native(second)).toBe('dark');
    await expect(second.page.locator('html')).toHaveAttribute('data-theme', 'contrast');
    await expect(second.page.getByTestId('layout-debug')).toHaveAttribute('aria-pressed', 'true');
    await expect(second.page.locator('[data-area]:has([data-panel=tlb])')).toHaveAttribute('data-area', 'bottom');
    await expect.poll(() => second.page.evaluate(() => window.devicePixelRatio)).toBeGreaterThan(1);
    await menu(second, 'view.theme.light');
    await expect.poll(() => native(second)).toBe('light');
    await menu(second, 'view.theme.system');
    await expect.poll(() => native(second)).toBe('system');
  } finally {
    await running?.stop();
    rmSync(userData, { recursive: true, force: true });
  }
});

test('a narrow window has tabs, and every panel in reach', async ({ kseg, page }) => {
  await resize(kseg, 900, 700);
  await expect(page.getByTestId('tab-console')).toHaveAttribute('aria-selected', 'true');
  await page.getByTestId('tab-segments').click();
  await expect(page.getByTestId('panel-segments')).toBeVisible();
  await expect(page.getByTestId('panel-console')).toBeHidden();
  await expect(page.getByTestId('panel-tlb')).toBeVisible();
  await resize(kseg, 900, 520);
  await expect(page.getByTestId('tab-tlb')).toBeVisible();
  await page.getByTestId('tab-tlb').click();
  await expect(page.getByTestId('panel-segments')).toBeHidden();
  expect(await axe(page)).toEqual([]);
});

test('Segments is whole in a low window, on both machines and under the tour’s offer', async ({ kseg, page }) => {
  const hidden = () =>
    page
      .locator('[data-testid=panel-segments] .body')
      .evaluate((body) => [body.scrollHeight - body.clientHeight, body.scrollWidth - body.clientWidth]);
  await expect(page.getByTestId('tour-offer')).toBeVisible();
  for (const [width, height] of [
    [1440, 880],
    [1440, 850],
    [1280, 800],
    [1100, 720],
  ] as const) {
    await resize(kseg, width, height);
    await page.waitForFunction((high) => window.innerHeight === high, height);
    await expect.poll(hidden, `${width}x${height}`).toEqual([0, 0]);
  }
  await page.getByTestId('tour-decline').click();
  await page.getByTestId('guest-menu').click();
  await page.getByTestId('guest-lab-malta').click();
  await expect(page.getByTestId('machine-label')).toHaveText(/malta/);
  await expect.poll(() => consoleTail(page)).toMatch(PROMPT);
  for (const address of ['0x80000000', '0xa0000000']) {
    await expect(page.getByTestId('strip-kernel').getByText(address, { exact: true })).toBeInViewport();
  }
  await expect.poll(hidden).toEqual([0, 0]);
});

test('the toolbar has words where they fit', async ({ kseg, page }) => {
  const button = page.getByTestId('toolbar-asid');
  const overflow = () =>
    page.getByRole('toolbar', { name: 'Machine' }).evaluate((bar) => bar.scrollWidth - bar.clientWidth);
  for (const [width, words] of [
    [1440, 'To ASID change'],
    [1100, 'To ASID change'],
    [760, ''],
    [1100, 'To ASID change'],
  ] as const) {
    await resize(kseg, width, 720);
    await expect(button).toHaveText(words);
    await expect(button).toHaveAccessibleName('To ASID change');
    if (width >= 1100) expect(await overflow()).toBe(0);
  }
  // Nothing at the right is pushed over the edge on the way from one to the other.
  const right = () =>
    page.evaluate(
      () => innerWidth - document.querySelector('[data-panel=toolbar] .live')!.getBoundingClientRect().right,
    );
  for (let width = 1080; width >= 960; width -= 15) {
    await resize(kseg, width, 720);
    await page.waitForFunction((w) => window.innerWidth === w, width);
    await expect.poll(right).toBeGreaterThanOrEqual(7.5);
  }
});

test('the tour has the user cause a change of ASID and see what it does', async ({ page }) => {
  await page.getByTestId('tour-begin').click();
  await expect(page.getByTestId('tour-offer')).toBeHidden();
  await page.getByTestId('tour-next').click();
  await expect(page.getByTestId('tour-next')).toBeDisabled();
  await expect.poll(() => focused(page)).toBe('console');
  await page.keyboard.type('pingpong 10\n');
  await expect(page.getByTestId('tour-came')).toContainText(/\d+ changes of ASID/);
  await expect.poll(() => consoleTail(page)).toMatch(/switches[\s\S]*lab\$ $/);
  await page.getByTestId('tour-next').click();

  // The button gives the focus back: what is typed next is for the guest.
  await page.getByTestId('toolbar-asid').click();
  await expect.poll(() => focused(page)).toBe('console');
  await page.keyboard.type('pingpong 10\n');
  await expect(page.getByTestId('tour-came')).toContainText('Paused');
  await page.getByTestId('tour-next').click();
  await page.reload();

  // What the card says is what the panel beside it shows.
  await expect(page.getByTestId('user-table-state')).toHaveText(/stale/);
  const label = (await page.getByTestId('flush-label-kernel').textContent())!;
  const [, from, to] = /ASID (0x\w+) -> (0x\w+)/.exec(label)!;
  await expect(page.getByTestId('tour-flush')).toContainText(`ASID ${from} became ${to}`);
  const cell = async (id: string) => (await page.getByTestId(id).textContent())!.trim();
  const pages = (count: string) => `${count} ${count === '1' ? 'page' : 'pages'}`;
  for (const segment of ['useg', 'kseg23']) {
    const freed = pages(await cell(`segments-kernel-${segment}-flushed-last`));
    await expect(page.getByTestId(`tour-kernel-${segment}`)).toContainText(`freed, ${freed}`);
  }
  const kept = pages(await cell('segments-kernel-kseg0-pages'));
  await expect(page.getByTestId('tour-kernel-kseg0')).toContainText(`kept, ${kept}`);
  const stale = pages(await cell('segments-user-useg-pages'));
  await expect(page.getByTestId('tour-user-useg')).toContainText(`stale, ${stale} of ASID ${from}`);

  // It stops at the lazy flush, before anything else has happened.
  await page.getByTestId('tour-show').click();
  await expect(page.getByTestId('tour-came')).toContainText('lazy flush');
  await expect(page.getByTestId('status-state')).toHaveText('paused');
  await expect(page.getByTestId('flush-label-user')).toContainText(`KMF_USER: ASID ${from} -> ${to}, ${stale}`);
  await expect(page.getByTestId('tour-user-useg')).toContainText(`freed, ${stale}`);
  await expect(page.getByTestId('user-table-state').filter({ hasText: 'stale' })).toHaveCount(0);
  await page.getByTestId('tour-next').click();
  await expect(page.getByTestId('tour')).toBeHidden();
  await page.reload();
  await expect.poll(() => consoleTail(page)).toContain('lab$ ');
  await expect(page.getByTestId('tour-offer')).toHaveCount(0);
});

for (const [width, height] of [
  [1440, 900],
  [1100, 720],
] as const) {
  test(`the tour's card covers no panel that its step speaks of, at ${width}x${height}`, async ({ kseg, page }) => {
    await resize(kseg, width, height);
    await page.waitForFunction(([w, h]) => window.innerWidth === w && window.innerHeight === h, [width, height]);
    await page.getByTestId('tour-begin').click();
    const covered = () =>
      page.evaluate(() => {
        const box = (id: string) => document.querySelector(`[data-testid=${id}]`)!.getBoundingClientRect();
        const card = box('tour');
        const outside = card.left < 0 || card.top < 0 || card.right > innerWidth || card.bottom > innerHeight;
        const panels = ['panel-console', 'panel-segments', 'toolbar-asid'].filter((id) => {
          const { left, top, right, bottom } = box(id);
          return card.left < right && card.right > left && card.top < bottom && card.bottom > top;
        });
        return outside ? ['the edge of the window'] : panels;
      });
    const next = page.getByTestId('tour-next');
    // Of Segments; where the console is spoken of as well, of both.
    await expect.poll(covered).toEqual(['panel-console']);
    await next.click();
    await expect(page.getByTestId('tour-step')).toHaveText('2 of 4');
    await expect.poll(covered).toEqual([]);
    await page.getByTestId('tour-show').click();
    await expect(page.getByTestId('tour-came')).toBeVisible();
    await expect.poll(covered).toEqual([]);
    await expect.poll(() => consoleTail(page)).toMatch(/switches[\s\S]*lab\$ $/);
    await next.click();
    await expect(page.getByTestId('tour-step')).toHaveText('3 of 4');
    await expect.poll(covered).toEqual([]);
    await page.getByTestId('tour-show').click();
    await page.keyboard.type('pingpong 10\n');
    await expect(page.getByTestId('tour-came')).toContainText('Paused');
    await expect.poll(covered).toEqual([]);
    await next.click();
    await expect(page.getByTestId('tour-step')).toHaveText('4 of 4');
    await expect.poll(covered).toEqual(['panel-console']);
  });
}

test('the tour ends where another guest is booted: it speaks of the Lab', async ({ page }) => {
  await page.getByTestId('tour-begin').click();
  await expect(page.getByTestId('tour')).toBeVisible();
  await boot(page, { machine: 'malta' });
  await expect(page.getByTestId('tour')).toBeHidden();
  await expect(page.getByTestId('status-state')).toHaveText('running');
});

test('the page of boots stays with who opens it while the first guest still boots', async ({ page }) => {
  await page.keyboard.press('Control+Shift+KeyG');
  await expect(page.getByTestId('start')).toBeVisible();
  await expect.poll(() => consoleTail(page)).toMatch(PROMPT);
  await expect(page.getByTestId('start')).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('start')).toHaveCount(0);
});

test('a run to a change of ASID that an idle guest will not make says what to do', async ({ kseg, page }) => {
  await resize(kseg, 1100, 720);
  await expect.poll(() => consoleTail(page)).toMatch(PROMPT);
  await page.keyboard.press('Control+Shift+KeyA');
  const state = page.getByTestId('status-state');
  await expect(state).toHaveText('the guest is idle: type a command for the next change of ASID; Pause gives it up');
  expect(await state.evaluate((text) => text.scrollWidth - text.clientWidth)).toBeLessThanOrEqual(0);
  await page.keyboard.press('Control+Shift+KeyK');
  await page.keyboard.type('ps\n');
  await expect(state).toHaveText(/^paused/);
});

test('in a low window the form of a boot is whole, and its names beside their fields', async ({ kseg, page }) => {
  await resize(kseg, 1100, 720);
  await menu(kseg, 'view.start');
  const form = page.locator('[data-testid=start] aside');
  await expect(page.getByTestId('start-boot')).toBeVisible();
  expect(await form.evaluate((side) => side.scrollHeight - side.clientHeight)).toBeLessThanOrEqual(0);
  const label = (await form
    .getByText('Dynamic translation', { exact: true })
    .first()
    .evaluate((text) => {
      const range = document.createRange();
      range.selectNodeContents(text);
      return range.getBoundingClientRect().right;
    })) as number;
  const field = (await form.getByRole('radiogroup', { name: 'Dynamic translation' }).boundingBox())!;
  expect(field.x - label).toBeGreaterThanOrEqual(4);

  // What becomes of the tables ends where the fields do, with any words in it.
  for (const guest of ['lab-kvm', 'lab-malta']) {
    await page.getByTestId(`start-bundled:${guest}`).check({ force: true });
    for (const policy of ['lazy-user', 'everything', 'tagged', 'never']) {
      await page.getByTestId('start-policy').selectOption(policy);
      const ends = await form.evaluate((side) => ({
        table: side.querySelector('table')!.getBoundingClientRect().right,
        fields: side.querySelector('#field-seed')!.closest('.field')!.getBoundingClientRect().right,
        scrolls: side.scrollHeight - side.clientHeight,
      }));
      expect(ends.table, `${guest}, ${policy}`).toBeLessThanOrEqual(ends.fields);
      expect(ends.scrolls, `${guest}, ${policy}`).toBeLessThanOrEqual(0);
    }
  }
});

test('the manual lists every command with its keys', async ({ page }) => {
  await page.getByTestId('layout-mmu').focus();
  await page.keyboard.press('F1');
  await page.getByTestId('manual-keys').click();
  const rows = await page.locator('[data-testid=manual] tbody tr').allTextContents();
  expect(rows.length).toBeGreaterThan(30);
  expect(rows.some((row) => /^Run to ASID Change\s*Ctrl\+Shift\+A/.test(row))).toBe(true);
  for (const panel of ['console', 'segments', 'tlb', 'timeline']) {
    await page.getByTestId(`manual-panel-${panel}`).click();
    await expect(page.locator('[data-testid=manual] article p').first()).toBeVisible();
  }
  for (const id of ['first', 'boot', 'panel-segments', 'panel-timeline', 'panel-translate']) {
    await page.getByTestId(`manual-${id}`).click();
    const picture = page.getByTestId('manual-picture');
    await expect(picture).toHaveAttribute('alt', /^[A-Z].{40,}\.$/);
    await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(1440);
  }
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('manual')).toHaveCount(0);
});

test('axe finds nothing, and no text is too small, in any theme', async ({ kseg, page }) => {
  test.slow();
  await page.getByTestId('toolbar-toggle').click();
  for (const theme of THEMES) {
    await menu(kseg, `view.theme.${theme}`);
    await expect(page.locator('html')).toHaveAttribute('data-theme', theme);
    expect(await axe(page)).toEqual([]);
    expect(await smallText(page)).toEqual([]);
    await menu(kseg, 'view.palette');
    await expect(page.getByTestId('palette')).toBeVisible();
    expect(await axe(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await menu(kseg, 'help.manual');
    for (const section of ['first', 'keys', 'glossary']) {
      await page.getByTestId(`manual-${section}`).click();
      expect(await axe(page)).toEqual([]);
    }
    await page.keyboard.press('Escape');
    await menu(kseg, 'help.tour');
    await expect(page.getByTestId('tour')).toBeVisible();
    expect(await axe(page)).toEqual([]);
    await page.keyboard.press('Control+Shift+Digit2');
    await expect(page.getByTestId('tab-tlb')).toBeVisible();
    expect(await axe(page)).toEqual([]);
    await menu(kseg, 'view.layout.mmu');
    await menu(kseg, 'view.start');
    expect(await axe(page)).toEqual([]);
    expect(await smallText(page)).toEqual([]);
    await menu(kseg, 'view.layout.mmu');
  }
});
