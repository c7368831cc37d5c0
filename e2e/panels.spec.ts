/**
 * Segments and TLB at work, held against the emulator's own dump of the same instants: every page of both tables, the
 * raw TLB and the host's contexts, as they come over the bridge.
 */
import type { Page } from '@playwright/test';
import {
  PAGE_PRESENT,
  type BootConfig,
  type DifferenceView,
  type HostView,
  type TlbView,
  type ViewRequest,
  type ViewUpdate,
} from '../emulator/protocol.ts';
import { axe, smallText } from './axe.ts';
import { type Launched, consoleTail, expect, test } from './launch.ts';

const PROMPT = /lab\$ $/;
const THEMES = ['light', 'dark', 'contrast'] as const;
const hex = (value: number, digits = 8) => `0x${(value >>> 0).toString(16).padStart(digits, '0')}`;
const decimal = (value: number) => value.toLocaleString('en-US');

const resize = ({ app }: Launched, width: number, height: number): Promise<void> =>
  app.evaluate(({ BrowserWindow }, size) => BrowserWindow.getAllWindows()[0]!.setContentSize(size.width, size.height), {
    width,
    height,
  });

/** The next view that answers a request; the emulator goes on with it. */
function ask(page: Page, request: ViewRequest): Promise<ViewUpdate> {
  return page.evaluate(
    (wanted) =>
      new Promise<ViewUpdate>((resolve) => {
        const end = window.kseg.onView((view) => {
          const fits =
            (view.slot?.slot ?? null) === wanted.slot &&
            (view.kernel !== undefined) === wanted.segments &&
            (view.host !== undefined) === (wanted.host ?? false);
          if (!fits) return;
          end();
          resolve(view);
        });
        window.kseg.watch(wanted);
      }),
    request,
  );
}

/** The slot that the panel has open. */
async function openedSlot(page: Page): Promise<number> {
  return Number(/0x[0-9a-f]+/.exec((await page.getByTestId('slot-kernel-number').textContent())!)![0]);
}

/** Every page of both tables by address, from dumps of one slot after the other; and the whole view. */
async function dump(page: Page) {
  const slot = await openedSlot(page);
  const { kernel, user } = await ask(page, { segments: true, tlb: false, slot: null });
  const pages = { kernel: new Map<number, number>(), user: new Map<number, number>() };
  for (const [index, count] of kernel!.counts.entries()) {
    if (count === 0 && user!.counts[index] === 0) continue;
    const view = await ask(page, { segments: true, tlb: false, slot: index });
    for (const table of ['kernel', 'user'] as const) {
      view.slot![table].forEach((bits, at) => {
        if (bits & PAGE_PRESENT) pages[table].set(index * 2 ** 22 + at * 4096, bits);
      });
    }
  }
  const view = await ask(page, { segments: true, tlb: true, slot, host: true });
  return { ...pages, view: view as ViewUpdate & { tlb: TlbView; host: HostView; difference?: DifferenceView } };
}

const PARTS = [
  { table: 'kernel', segment: 'useg', from: 0, to: 0x40000000 },
  { table: 'kernel', segment: 'kseg0', from: 0x40000000, to: 0x60000000 },
  { table: 'kernel', segment: 'kseg23', from: 0x60000000, to: 0x80000000 },
  { table: 'user', segment: 'useg', from: 0, to: 0x40000000 },
] as const;

async function toAsidChange(page: Page): Promise<void> {
  const before = await page.getByTestId('segments-kernel-flushes').textContent();
  await page.getByTestId('toolbar-asid').click();
  await expect(page.getByTestId('status-state')).toHaveText(/^paused/);
  await expect(page.getByTestId('segments-kernel-flushes')).not.toHaveText(before!);
}

async function type(page: Page, text: string): Promise<void> {
  await page.getByTestId('console').click();
  await page.keyboard.type(`${text}\n`);
}

async function boot(page: Page, config: Pick<BootConfig, 'machine' | 'policy' | 'tlbEntries'>): Promise<void> {
  const before = await consoleTail(page);
  await page.evaluate((wanted) => window.kseg.boot(wanted), config);
  await expect(page.getByTestId('status-policy')).toHaveText(config.policy ?? 'lazy-user');
  await expect(page.getByTestId('machine-label')).toContainText(config.machine ?? 'kvm');
  await expect.poll(() => consoleTail(page)).not.toBe(before);
  await expect.poll(() => consoleTail(page)).toMatch(PROMPT);
}

async function step(page: Page, instructions: number): Promise<void> {
  const before = await page.getByTestId('status-instructions').textContent();
  await page.evaluate((n) => window.kseg.step(n), instructions);
  await expect(page.getByTestId('status-instructions')).not.toHaveText(before!);
}

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

test('TLB: sorted, filtered, marked as the raw entries say', async ({ page }) => {
  await type(page, 'pingpong 1000000');
  await toAsidChange(page);
  const { view } = await dump(page);
  const { tlb, asid } = view;
  const entries = [...tlb.entryHi].map((hi, index) => ({
    index,
    address: (hi & ~0x1fff) >>> 0,
    asid: hi & 0xff,
    global: (tlb.entryLo0[index]! & tlb.entryLo1[index]! & 1) === 1,
    valid: ((tlb.entryLo0[index]! | tlb.entryLo1[index]!) & 2) !== 0,
    mapped: hi >>> 30 === 0 || hi >>> 29 === 3,
  }));
  const rows = page.locator('[data-testid^=tlb-row-]');
  const shown = () => rows.evaluateAll((all) => all.map((row) => Number(/\d+$/.exec(row.id)![0])));

  const heading = page.getByRole('columnheader', { name: 'VPN2' });
  await heading.getByRole('button').press('Enter');
  await expect(heading).toHaveAttribute('aria-sort', 'ascending');
  const byAddress = [...entries].sort((a, b) => a.address - b.address || a.index - b.index).map((one) => one.index);
  expect(await shown()).toEqual(byAddress);
  await heading.getByRole('button').press('Enter');
  await expect(heading).toHaveAttribute('aria-sort', 'descending');
  await page.getByRole('columnheader', { name: '#' }).getByRole('button').click();
  const inOrder = [...entries.filter((one) => one.mapped), ...entries.filter((one) => !one.mapped)];
  expect(inOrder.map((one) => one.index)).not.toEqual(entries.map((one) => one.index));
  expect(await shown()).toEqual(inOrder.map((one) => one.index));

  await page.getByTestId('tlb-filter-toggle').click();
  const matching = entries.filter((one) => one.mapped && (one.global || one.asid === asid));
  await page.getByTestId('tlb-asid').selectOption('current');
  await expect.poll(shown).toEqual(matching.map((one) => one.index));
  const other = entries.find((one) => one.mapped && one.valid && !one.global && one.asid !== asid)!;
  await page.getByTestId('tlb-asid').selectOption(String(other.asid));
  await page.getByTestId('tlb-segment').selectOption('useg');
  await page.getByTestId('tlb-valid').click();
  const left = entries.filter(
    (one) => one.address < 0x40000000 && one.valid && (one.global || one.asid === other.asid),
  );
  await expect.poll(shown).toEqual(left.map((one) => one.index));
  await expect(page.getByTestId('tlb-shown')).toHaveText(`${left.length} of 64`);
  await page.getByRole('button', { name: 'Clear' }).click();
  await expect(rows).toHaveCount(64);

  // Two TLBWI of one address: code put where the guest stands.
  const write = [0x40820000, 0x40831000, 0x40831800, 0x40845000, 0x42000002, 0x24420001, 0x40820000, 0x42000002];
  await page.evaluate(
    async ({ pc, words, registers }) => {
      for (const [register, value] of registers)
        await window.kseg.debug({ do: 'setRegister', register: register!, value: value! });
      const bytes = new Uint8Array(Uint32Array.from(words).buffer);
      await window.kseg.debug({ do: 'setMemory', address: pc, physical: false, bytes });
      window.kseg.step(words.length);
    },
    {
      pc: view.pc,
      words: write,
      registers: [
        [2, 40],
        [3, 0x1001e],
        [4, (0x20000000 | asid) >>> 0],
      ],
    },
  );
  await expect(page.getByTestId('tlb-duplicates')).toContainText('(1)');
  await expect(page.getByTestId('tlb-row-41')).toContainText('‼');
  await expect(page.getByTestId('tlb-row-41')).toContainText('dup. 40');
  await expect(page.getByTestId('tlb-row-40')).toContainText('Δ');
  await expect(page.getByTestId('tlb-row-40')).toContainText('TLBWI');
  // It is the same row as before, changed in place, and looking again changes nothing.
  await page.getByTestId('segments-freeze').click();
  await page.getByTestId('segments-freeze').click();
  await expect(page.getByTestId('tlb-row-40')).toContainText('Δ');

  await page.locator('#tlb-scroller').focus();
  await page.keyboard.press('Home');
  const above = (await shown()).indexOf(40);
  for (let i = 0; i < above; i++) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Space');
  await expect(page.getByTestId('hover-card')).toContainText('entry 40');
  await expect(page.getByTestId('strip-kernel')).toHaveAttribute('data-linked', '128');
  await page.keyboard.press('ArrowDown');
  await expect(page.getByTestId('hover-card')).toContainText('entry 40 answers for too');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('translate-address')).toHaveValue('0x20000000');
});

test('a TLB of 16 entries', async ({ page }) => {
  await boot(page, { machine: 'malta', tlbEntries: 16 });
  await expect(page.locator('[data-testid^=tlb-row-]')).toHaveCount(16);
  await expect(page.getByTestId('panel-tlb')).toContainText('guest, 16 entries');
  await expect(page.getByRole('scrollbar', { name: 'All 16 entries' })).toBeVisible();
});

test('the host’s ASIDs and TLB are those of the emulator, and are asked for only when seen', async ({ page }) => {
  await type(page, 'pingpong 1000000');
  await toAsidChange(page);
  const { host, asid } = (await dump(page)).view;
  expect(host.lastUserAsid).not.toBe(asid);
  expect(host.cpus).toHaveLength(1);
  for (const table of ['kernel', 'user'] as const) {
    const { context, stale, entries, writable } = host.cpus[0]![table];
    await expect(page.getByTestId(`host-0-${table}-context`)).toHaveText(context === 0 ? '–' : hex(context, 3));
    await expect(page.getByTestId(`host-0-${table}-state`)).toContainText(stale ? 'stale' : 'live');
    await expect(page.getByTestId(`host-0-${table}-entries`)).toHaveText(decimal(entries));
    await expect(page.getByTestId(`host-0-${table}-writable`)).toHaveText(decimal(writable));
  }
  await expect(page.getByTestId('host-0-user-state')).toContainText('stale view');
  await expect(page.getByTestId('host-last-user')).toHaveText(hex(host.lastUserAsid, 2));
  await expect(page.getByTestId('host-refills')).toHaveText(decimal(host.refills));

  const asked = () =>
    page.evaluate(
      () =>
        new Promise<boolean>((resolve) => {
          const end = window.kseg.onView((view) => (end(), resolve(view.host !== undefined)));
          window.kseg.step(1);
        }),
    );
  expect(await asked()).toBe(true);
  await page.getByTestId('tlb-host-toggle').click();
  await expect(page.getByTestId('tlb-host')).toHaveCount(0);
  await expect.poll(asked).toBe(false);
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

test('nothing is cut off at 1100 pixels, and axe finds nothing in any theme', async ({ kseg, page }) => {
  test.slow();
  await type(page, 'pingpong 1000000');
  await toAsidChange(page);
  const check = async () => {
    for (const panel of ['segments', 'tlb']) {
      if (await page.getByTestId(`panel-${panel}`).isVisible())
        await expect.poll(() => clipped(page, panel)).toEqual([]);
    }
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
