/**
 * Segments at work, held against the emulator's own dump of the same instants: every page of both tables, as they come
 * over the bridge.
 */
import type { Page } from '@playwright/test';
import { axe, smallText } from './axe.ts';
import { consoleTail, expect, test } from './launch.ts';
import { PROMPT, boot, decimal, dump, hex, openedSlot, resize, step, toAsidChange, type } from './tables.ts';

const THEMES = ['light', 'dark', 'contrast'] as const;

const PARTS = [
  { table: 'kernel', segment: 'useg', from: 0, to: 0x40000000 },
  { table: 'kernel', segment: 'kseg0', from: 0x40000000, to: 0x60000000 },
  { table: 'kernel', segment: 'kseg23', from: 0x60000000, to: 0x80000000 },
  { table: 'user', segment: 'useg', from: 0, to: 0x40000000 },
] as const;

test.beforeEach(async ({ kseg, page }) => {
  await resize(kseg, 1440, 900);
  await expect.poll(() => consoleTail(page)).toMatch(PROMPT);
});

test('Pin: what came and went since, exact to the page', async ({ page }) => {
  test.slow();
  await type(page, 'pingpong 1000000');
  await toAsidChange(page);
  let pinned = await dump(page);
  let [added, removed] = [0, 0];
  // Against tables just flushed, and against tables in use.
  for (const since of [0, 900]) {
    if (since > 0) {
      await page.keyboard.press('Control+Shift+KeyY');
      await expect(page.getByTestId('tag-segments')).toHaveCount(0);
      await step(page, since);
    }
    await page.keyboard.press('Control+Shift+KeyY');
    await expect(page.getByTestId('tag-segments')).toBeVisible();
    pinned = await dump(page);
    await expect(page.getByTestId('tag-segments')).toHaveText(`difference since ${decimal(pinned.view.instructions)}`);
    for (const { table, segment } of PARTS) {
      for (const kind of ['added', 'removed', 'changed', 'net']) {
        await expect(page.getByTestId(`difference-${table}-${segment}-${kind}`)).toHaveText('0');
      }
    }
    // Right after a flush, then as the tables fill again.
    for (const go of [() => toAsidChange(page), () => step(page, 700), () => step(page, 900)]) {
      await go();
      const now = await dump(page);
      const { difference } = now.view;
      expect(difference!.instructions).toBe(pinned.view.instructions);
      for (const { table, segment, from, to } of PARTS) {
        const inside = (va: number) => va >= from && va < to;
        const came = [...now[table].keys()].filter((va) => inside(va) && !pinned[table].has(va));
        const gone = [...pinned[table].keys()].filter((va) => inside(va) && !now[table].has(va));
        added += came.length;
        removed += gone.length;
        const cell = (kind: string) => page.getByTestId(`difference-${table}-${segment}-${kind}`);
        await expect(cell('added')).toHaveText(came.length === 0 ? '0' : `+${decimal(came.length)}`);
        await expect(cell('removed')).toHaveText(gone.length === 0 ? '0' : `−${decimal(gone.length)}`);
        await expect(cell('then')).toHaveText(decimal([...pinned[table].keys()].filter(inside).length));
        await expect(cell('pages')).toHaveText(decimal([...now[table].keys()].filter(inside).length));
        for (const [slot, count] of difference![table].added.entries()) {
          const start = slot * 2 ** 22;
          if (!inside(start)) continue;
          const within = (va: number) => va >= start && va < start + 2 ** 22;
          expect([slot, count]).toEqual([slot, came.filter(within).length]);
          expect([slot, difference![table].removed[slot]]).toEqual([slot, gone.filter(within).length]);
        }
      }
    }
  }
  expect(added).toBeGreaterThan(0);
  expect(removed).toBeGreaterThan(0);

  // One slot, page by page: the ones that went are hatched and named.
  await toAsidChange(page);
  const now = await dump(page);
  const went = [...pinned.kernel.keys()].filter((va) => va < 0x40000000 && !now.kernel.has(va));
  expect(went.length).toBeGreaterThan(0);
  const slot = Math.floor(went.at(-1)! / 2 ** 22);
  const strip = page.getByTestId('strip-kernel').getByRole('application');
  await strip.focus();
  // From the end of useg, where the stack is.
  await page.keyboard.press('Home');
  await page.keyboard.press('PageDown');
  for (let at = 256; at > slot; at--) await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('pages-kernel')).toBeFocused();
  expect(await openedSlot(page)).toBe(slot);
  const here = went.filter((va) => Math.floor(va / 2 ** 22) === slot);
  await expect(page.getByTestId('slot-kernel-counts')).toContainText(`${here.length} removed`);
  await page.keyboard.press('Home');
  const index = (here[0]! % 2 ** 22) / 4096;
  for (let row = 0; row < Math.floor(index / 64); row++) await page.keyboard.press('ArrowDown');
  for (let column = 0; column < index % 64; column++) await page.keyboard.press('ArrowRight');
  await expect(page.locator('#page-kernel')).toHaveText(
    `${hex(here[0]!)}, absent, removed since ${decimal(pinned.view.instructions)}, kernel table`,
  );

  await page.getByTestId('segments-pin').click();
  await expect(page.getByTestId('tag-segments')).toHaveCount(0);
  await expect(page.getByTestId('segments-kernel-useg-pages')).toBeVisible();
  expect((await dump(page)).view).not.toHaveProperty('difference');
});

test('strips and pages by keyboard: slots, segments, tables, cards, and back', async ({ page }) => {
  await page.getByTestId('toolbar-toggle').click();
  await expect(page.getByTestId('status-state')).toHaveText(/^paused/);
  const { kernel, user, view } = await dump(page);
  const count = (pages: Map<number, number>, slot: number) =>
    decimal([...pages.keys()].filter((va) => Math.floor(va / 2 ** 22) === slot).length);
  const strips = { kernel: page.getByTestId('strip-kernel'), user: page.getByTestId('strip-user') };
  const [kernelStrip, userStrip] = [strips.kernel.getByRole('application'), strips.user.getByRole('application')];

  await kernelStrip.focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  await expect(page.locator('#spoken-kernel')).toHaveText(`pgd 0x4, ${count(kernel, 4)} of 1,024 pages, kernel`);
  await page.keyboard.press('PageDown');
  await expect(page.locator('#spoken-kernel')).toHaveText(`pgd 0x100, ${count(kernel, 256)} of 1,024 pages, kernel`);
  await expect(strips.kernel).toHaveAttribute('data-linked', '256');
  await page.keyboard.press('Tab');
  await expect(userStrip).toBeFocused();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowDown');
  await expect(page.locator('#spoken-user')).toHaveText(`pgd 0x1, ${count(user, 1)} of 1,024 pages, user`);

  // The same addresses in the guest TLB.
  const inSlot = [...view.tlb.entryHi].filter((hi) => Math.floor((hi & ~0x1fff) / 2 ** 22) === 1).length;
  expect(inSlot).toBeGreaterThan(0);
  await expect(page.locator('tr[data-testid^=tlb-row-].linked')).toHaveCount(inSlot);

  await page.keyboard.press('Space');
  await expect(page.getByTestId('hover-card')).toContainText('pgd[0x001]');
  await page.keyboard.press('ArrowDown');
  await expect(page.getByTestId('hover-card')).toContainText('pgd[0x002]');
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('hover-card')).toHaveCount(0);
  await expect(userStrip).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('pages-user')).toBeFocused();
  await expect(page.getByTestId('slot-user-number')).toHaveText('pgd[0x001]');
  await page.keyboard.press('PageDown');
  const first = [...user.keys()].filter((va) => va > 0x400000 && va < 0x800000).sort((a, b) => a - b)[0]!;
  await expect(page.locator('#page-user')).toHaveText(new RegExp(`^${hex(first)}, [a-z-]+, user table$`));
  await page.keyboard.press('Shift+Tab');
  await expect(page.getByTestId('pages-kernel')).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(kernelStrip).toBeFocused();

  // A card under the pointer: its text is there to be copied, and Esc closes it.
  const box = (await kernelStrip.boundingBox())!;
  await page.mouse.move(box.x + 8, box.y + 20);
  await expect(page.getByTestId('hover-card')).toContainText('kernel table');
  await page.getByTestId('hover-card').hover();
  await expect(page.getByTestId('hover-card')).toHaveCSS('user-select', 'text');
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('hover-card')).toHaveCount(0);
});

test('a storm of flushes is counted, then the last one told', async ({ page }) => {
  await type(page, 'pingpong 1000000');
  await expect(page.getByTestId('flush-label-kernel')).toHaveText(/^[\d,]+ flushes\/s$/);
  await expect(page.getByTestId('flush-story-kernel')).toContainText('the mean of the last 250 ms');
  await toAsidChange(page);
  await expect(page.getByTestId('flush-label-kernel')).toHaveText(
    /^KMF_KERN: ASID 0x\w\w -> 0x\w\w, \d+ pages?, \d+ tables? freed$/,
  );
  const { view } = await dump(page);
  const { kept, pc } = view.kernel!.lastFlush!;
  const story = page.getByTestId('flush-story-kernel');
  await expect(story).toContainText(view.kernel!.lastFlush!.symbol || hex(pc));
  await expect(story).toContainText(`Kept: kseg0 ${decimal(kept.kseg0!)} pages`);
  await page.getByTestId('flush-label-kernel').hover();
  await expect(page.getByTestId('hover-card')).toHaveText((await story.textContent())!);

  // Frozen, it stays what it was.
  await page.getByTestId('segments-freeze').click();
  await page.getByTestId('toolbar-toggle').click();
  await expect(page.getByTestId('status-state')).toHaveText(/^running/);
  await expect(page.getByTestId('panel-segments')).toContainText(`frozen at ${decimal(view.instructions)}`);
  const flushes = decimal(view.kernel!.flushes);
  await expect.poll(() => page.getByTestId('status-asid-changes').textContent()).not.toBe(flushes);
  await expect(page.getByTestId('segments-kernel-flushes')).toHaveText(flushes);
  await page.getByTestId('segments-freeze').click();
  await expect(page.getByTestId('segments-kernel-flushes')).not.toHaveText(flushes);
});

test('the outlines of read-only pages are whole beside the dashed frame of a stale table', async ({ page }) => {
  await type(page, 'pingpong 1000000');
  await toAsidChange(page);
  await expect(page.getByTestId('user-table-state')).toHaveText(/stale/);
  await expect(page.getByTestId('slot-user-counts')).toHaveText(/[1-9]\d* read-only/);
  // Another drawing, after the one that the frame came with.
  await page.getByTestId('pages-user').hover();
  const outlines = () =>
    page.getByTestId('pages-user').evaluate((canvas: HTMLCanvasElement) => {
      const context = canvas.getContext('2d')!;
      const colour = (x: number, y: number) => context.getImageData(x, y, 1, 1).data.join();
      const [margin, pitch, columns, ground] = [4, 6, 64, colour(0, 0)];
      const sides: boolean[] = [];
      for (let page = 0; page < 1024; page++) {
        const [x, y] = [margin + (page % columns) * pitch, margin + Math.floor(page / columns) * pitch];
        const edge = colour(x + 2, y);
        // An outline has nothing inside.
        if (colour(x + 2, y + 2) === ground && edge !== ground) sides.push(colour(x, y + 2) === edge);
      }
      return { some: sides.length > 0, whole: sides.every(Boolean) };
    });
  await expect.poll(outlines).toEqual({ some: true, whole: true });
});

test('each flush policy is called what it is', async ({ page }) => {
  test.slow();
  const says = {
    eager: { kernel: /^KMF_KERN: ASID/, user: /^KMF_USER: ASID/, state: null },
    everything: { kernel: /^KMF_GPA\|KMF_KERN: ASID/, user: /^KMF_GPA\|KMF_USER: ASID/, state: null },
    tagged: { kernel: null, user: null, state: /^tagged: the table of user ASID 0x\w\w/ },
    never: { kernel: null, user: null, state: /^never flushed: may hold pages of any ASID/ },
  } as const;
  for (const [policy, { kernel, user, state }] of Object.entries(says)) {
    await boot(page, { policy: policy as keyof typeof says });
    await type(page, 'pingpong 1000000');
    // Under never the guest soon goes wrong, and may change its ASID no more.
    await page.getByTestId(policy === 'never' ? 'toolbar-toggle' : 'toolbar-asid').click();
    await expect(page.getByTestId('status-state'), policy).toHaveText(/^paused/);
    for (const [table, label] of [['kernel', kernel] as const, ['user', user] as const]) {
      if (label) await expect(page.getByTestId(`flush-label-${table}`)).toHaveText(label);
      else await expect(page.getByTestId(`flush-label-${table}`)).toHaveCount(0);
    }
    if (state) await expect(page.getByTestId('user-table-state')).toHaveText(state);
    await expect(page.getByTestId('panel-segments')).not.toContainText(/lazy|will flush/);
    await expect(page.getByTestId('panel-timeline')).toContainText('ASID changes');
    await expect(page.getByTestId('panel-timeline')).not.toContainText('lazy');
    const kept = page.getByTestId('strip-kernel').getByText(/✓ kept/);
    await expect(kept).toHaveCount(policy === 'eager' ? 1 : 0);
  }
});

/** Text that its box cuts off, but for what scrolls. */
function clipped(page: Page, panel: string): Promise<string[]> {
  return page.getByTestId(`panel-${panel}`).evaluate((root) =>
    [root, ...root.querySelectorAll<HTMLElement>('*')].flatMap((element) => {
      const style = getComputedStyle(element);
      const cuts = style.overflowX === 'hidden' || style.overflowX === 'clip';
      if (!cuts || !element.checkVisibility() || style.clipPath !== 'none') return [];
      return element.scrollWidth > element.clientWidth + 1 ? [element.textContent!.trim().slice(0, 80)] : [];
    }),
  );
}

test('shades and kinds of pages are explained where the legends have no room', async ({ kseg, page }) => {
  await resize(kseg, 1100, 720);
  await type(page, 'pingpong 1000000');
  await toAsidChange(page);
  await expect(page.locator('[data-testid=panel-segments] .legend.short')).toContainText('256+');
  await page.getByTestId('strip-kernel').getByRole('application').focus();
  for (const key of ['Home', 'PageDown', 'Enter']) await page.keyboard.press(key);
  const kinds = page.getByTestId('slot-kinds');
  await expect(kinds).toHaveText(/\d+ present: *\d+ *writable *\d+ *dirty/);
  const [mark, word] = await kinds
    .locator('.kind')
    .first()
    .evaluate((kind) => {
      const range = document.createRange();
      range.selectNodeContents(kind);
      return [kind.querySelector('canvas')!.getBoundingClientRect(), range.getBoundingClientRect()].map(
        ({ top, bottom }) => (top + bottom) / 2,
      );
    });
  expect(Math.abs(mark! - word!)).toBeLessThan(3);
});

test('nothing is cut off at 1100 pixels, and axe finds nothing in any theme', async ({ kseg, page }) => {
  test.slow();
  await type(page, 'pingpong 1000000');
  await toAsidChange(page);
  const check = async () => {
    for (const panel of ['segments', 'tlb']) {
      if (await page.getByTestId(`panel-${panel}`).isVisible())
        await expect.poll(() => clipped(page, panel)).toEqual([]);
    }
    // Nothing has to be scrolled for sideways, the numbers of a storm included.
    const beyond = () =>
      page
        .getByTestId('panel-segments')
        .evaluate((panel) =>
          Math.max(
            0,
            ...[...panel.querySelectorAll('div')]
              .filter((each) => getComputedStyle(each).overflowX === 'auto')
              .map((each) => each.scrollWidth - each.clientWidth),
          ),
        );
    await expect.poll(beyond).toBe(0);
    expect(await axe(page)).toEqual([]);
    expect(await smallText(page)).toEqual([]);
  };
  await page.getByTestId('tlb-filter-toggle').click();
  for (const theme of THEMES) {
    await kseg.app.evaluate(
      ({ Menu }, id) => Menu.getApplicationMenu()!.getMenuItemById(id)!.click(),
      `view.theme.${theme}`,
    );
    await expect(page.locator('html')).toHaveAttribute('data-theme', theme);
    for (const pinned of [true, false]) {
      await page.getByTestId('segments-pin').click();
      await expect(page.getByTestId('tag-segments')).toHaveCount(pinned ? 1 : 0);
      for (const [width, height] of [
        [1440, 900],
        [1100, 720],
      ] as const) {
        await resize(kseg, width, height);
        await page.waitForFunction((expected) => window.innerWidth === expected, width);
        await check();
        await page.getByTestId('layout-debug').click();
        for (const tab of ['tlb', 'segments']) {
          await page.getByTestId(`tab-${tab}`).first().click();
          await expect(page.getByTestId(`panel-${tab}`)).toBeVisible();
          await check();
        }
        await page.getByTestId('layout-mmu').click();
      }
    }
  }
});
