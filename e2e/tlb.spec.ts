/** The TLB and the host's side of it, held against the raw registers and contexts as they come over the bridge. */
import type { Page } from '@playwright/test';
import { axe } from './axe.ts';
import { consoleTail, expect, test } from './launch.ts';
import { PROMPT, boot, decimal, dump, hex, resize, toAsidChange, type } from './tables.ts';

test.beforeEach(async ({ kseg, page }) => {
  await resize(kseg, 1440, 900);
  await expect.poll(() => consoleTail(page)).toMatch(PROMPT);
});

/** Has the guest execute instructions that are put where it stands, its registers being these: numbers and values. */
async function execute(page: Page, pc: number, words: number[], registers: [number, number][]): Promise<void> {
  await page.evaluate(
    async ({ pc, words, registers }) => {
      for (const [register, value] of registers) await window.kseg.debug({ do: 'setRegister', register, value });
      const bytes = new Uint8Array(Uint32Array.from(words).buffer);
      await window.kseg.debug({ do: 'setMemory', address: pc, physical: false, bytes });
      window.kseg.step(words.length);
    },
    { pc, words, registers },
  );
}

test('the TLB says the ASID that the toolbar says, in every frame of a storm of changes', async ({ page }) => {
  await type(page, 'pingpong 1000000');
  await expect(page.getByTestId('tlb-matching')).toBeVisible();
  const frames = await page.evaluate(async () => {
    const text = (id: string) => document.querySelector(`[data-testid=${id}]`)?.textContent ?? '';
    const seen: { toolbar: string; tlb: string | undefined }[] = [];
    for (let i = 0; i < 60; i++) {
      await new Promise(requestAnimationFrame);
      seen.push({ toolbar: text('live-asid'), tlb: /0x\w\w/.exec(text('tlb-guest-asid'))?.[0] });
    }
    return seen;
  });
  expect(frames.filter(({ toolbar, tlb }) => toolbar !== tlb)).toEqual([]);
  expect(new Set(frames.map(({ tlb }) => tlb)).size).toBeGreaterThan(1);
});

for (const [width, height] of [
  [1440, 900],
  [1100, 720],
] as const) {
  test(`the TLB's columns stand still while ages grow, at ${width}x${height}`, async ({ kseg, page }) => {
    await resize(kseg, width, height);
    await page.waitForFunction((w) => window.innerWidth === w, width);
    const columns = () =>
      page.getByTestId('tlb-table').evaluate((table) => {
        const lefts = (of: string) =>
          [...table.querySelectorAll(of)].map((cell) => Math.round(cell.getBoundingClientRect().left));
        const digits = [...table.querySelectorAll('td.age')].map((cell) => cell.textContent.length);
        return { lefts: lefts('th'), digits, over: table.scrollWidth - table.parentElement!.clientWidth };
      });
    await expect.poll(async () => (await columns()).lefts.length).toBe(10);
    const before = await columns();
    await type(page, 'pingpong 3000');
    await expect.poll(() => consoleTail(page)).toMatch(/switches[\s\S]*lab\$ $/);
    await expect.poll(async () => (await columns()).digits).not.toEqual(before.digits);
    const after = await columns();
    expect(after.lefts).toEqual(before.lefts);
    expect(after.over).toBeLessThanOrEqual(0);
  });
}

test('what is translated from a table or an entry is asked as the table or the entry has it', async ({ page }) => {
  await type(page, 'pingpong 1000000');
  await toAsidChange(page);
  const asid = (await page.getByTestId('live-asid').textContent())!;
  // An entry of a process that does not run: it hits under its own ASID.
  const other = page.locator('[data-testid^=tlb-row-]:not(.current)').filter({ hasText: 'useg' });
  const rows = await other.evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent)));
  const at = rows.findIndex((cells) => /V\s*$/.test(cells[5]!));
  const [, index, address, , owner] = rows[at]!;
  expect(owner).not.toBe(asid);
  await other.nth(at).click();
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('translate-address')).toHaveValue(address!);
  await expect(page.getByTestId('translate-asid')).toHaveValue(owner!);
  await expect(page.getByTestId('translate-verdict')).toContainText(`Hits: guest TLB entry ${index} maps it`);

  // A page of the kernel table is looked at from kernel mode, the guest being in user mode.
  await page.evaluate(() => window.kseg.runToUserFlush());
  await expect(page.getByTestId('live-mode')).toHaveText('user');
  await page.getByTestId('strip-kernel').getByRole('application').focus();
  for (const key of ['Home', 'PageDown', 'Enter', 'PageDown', 'Enter']) await page.keyboard.press(key);
  await expect(page.getByTestId('translate-address')).toHaveValue(/^0x40/);
  await expect(page.getByTestId('translate-mode')).toHaveValue('kernel');
  await expect(page.getByTestId('translate-asid')).toHaveValue('');
  await expect(page.getByTestId('translate-verdict')).toContainText('Hits: kseg0');
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

  // Where it stopped, an entry of the current ASID is in sight.
  const sight = (await page.locator('#tlb-scroller').boundingBox())!;
  const tops = () =>
    page
      .locator('[data-testid^=tlb-row-].current')
      .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().top));
  await expect
    .poll(async () => (await tops()).some((top) => top > sight.y && top < sight.y + sight.height - 16))
    .toBe(true);

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

  const current = inOrder.filter((one) => one.mapped && (one.global || one.asid === asid));
  expect(current.length).toBeGreaterThan(0);
  await page.getByTestId('tlb-sort-match').click();
  await expect
    .poll(shown)
    .toEqual([...current, ...inOrder.filter((one) => !current.includes(one))].map((one) => one.index));
  await page.getByRole('columnheader', { name: '#' }).getByRole('button').click();
  await expect.poll(shown).toEqual(inOrder.map((one) => one.index));

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
  await execute(page, view.pc, write, [
    [2, 40],
    [3, 0x1001e],
    [4, (0x20000000 | asid) >>> 0],
  ]);
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

test('Pin: the TLB tells what differs from the pinned instant, register by register', async ({ page }) => {
  await type(page, 'pingpong 1000000');
  await toAsidChange(page);
  await page.keyboard.press('Control+Shift+KeyY');
  await expect(page.getByTestId('tag-tlb')).toBeVisible();
  const then = (await dump(page)).view;
  await expect(page.getByTestId('tag-tlb')).toHaveText(`difference since ${decimal(then.instructions)}`);
  await expect(page.getByTestId('tlb-differing')).toHaveText('≠differs (0)');
  // Entry 41 is written anew: code put where the guest stands.
  const write = [0x40820000, 0x40831000, 0x40831800, 0x40845000, 0x42000002];
  await execute(page, then.pc, write, [
    [2, 41],
    [3, 0x1001e],
    [4, (0x20000000 | then.asid) >>> 0],
  ]);
  const { tlb } = (await dump(page)).view;
  const mapped = (hi: number) => hi >>> 30 === 0 || hi >>> 29 === 3;
  const differing = [...tlb.entryHi.keys()].filter(
    (i) =>
      (['entryHi', 'pageMask', 'entryLo0', 'entryLo1'] as const).some((name) => tlb[name][i] !== then.tlb[name][i]) &&
      (mapped(tlb.entryHi[i]!) || mapped(then.tlb.entryHi[i]!)),
  );
  expect(differing).toEqual([41]);
  await expect(page.getByTestId('tlb-differing')).toHaveText('≠differs (1)');
  const row = page.getByTestId('tlb-row-41');
  await expect(row).toContainText('≠');
  await expect(row).toContainText('differs from the pinned instant');
  await expect(row.getByText(/^(came|differs)$/)).toBeVisible();
  await row.hover();
  const was = page.getByTestId('tlb-card-pinned');
  const old = then.tlb.entryHi[41]!;
  await expect(was).toContainText(mapped(old) ? hex((old & ~0x1fff) >>> 0) : 'it matched nothing');
  expect(await axe(page)).toEqual([]);

  await page.getByTestId('segments-pin').click();
  await expect(page.getByTestId('tag-tlb')).toHaveCount(0);
  await expect(row).not.toContainText('≠');
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

  // It fits, with the longest of contexts too, and no column moves when the view is not stale any more.
  const columns = () =>
    page
      .getByTestId('tlb-host')
      .locator('.contexts th[scope=col]')
      .evaluateAll((heads) => heads.map((head) => head.getBoundingClientRect().left));
  const spill = () =>
    page.getByTestId('tlb-host').evaluate((pane) => {
      const context = pane.querySelector<HTMLElement>('[data-testid=host-0-user-context]')!;
      const cache = pane.querySelector<HTMLElement>('.head .mono')!;
      const [was, was2] = [context.firstChild!.nodeValue, cache.textContent];
      context.firstChild!.nodeValue = '0xffffff8f';
      cache.lastChild!.nodeValue = '0xffffff8f';
      const spilt = [
        pane.scrollWidth - pane.clientWidth,
        ...[...pane.querySelectorAll('.contexts td')].map((cell) => cell.scrollWidth - cell.clientWidth),
      ];
      context.firstChild!.nodeValue = was;
      cache.lastChild!.nodeValue = was2!.replace('asid_cache ', '');
      return Math.max(...spilt);
    });
  expect(await spill()).toBeLessThanOrEqual(0);
  const stale = await columns();
  await page.evaluate(() => window.kseg.runToUserFlush());
  await expect(page.getByTestId('host-0-user-state')).not.toContainText('stale view');
  expect(await columns()).toEqual(stale);

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
