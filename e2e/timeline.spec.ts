/** The timeline against the emulator's own counts of the same instant, and its keys, filter, list and files. */
import type * as Axe from 'axe-core';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { TIMELINE_CATEGORIES, type EventCounts } from '../emulator/protocol.ts';
import { consoleTail, expect, test } from './launch.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PROMPT = /lab\$ $/;

async function command(page: Page, text: string): Promise<void> {
  await page.getByTestId('console').click();
  await page.keyboard.type(text + '\n');
  await expect.poll(() => consoleTail(page)).toMatch(new RegExp(`${text}[\\s\\S]*lab\\$ $`));
}

async function pause(page: Page): Promise<void> {
  await page.getByTestId('toolbar-toggle').click();
  await expect(page.getByTestId('status-state')).toHaveText(/paused/);
}

const total = async (page: Page, lane: string): Promise<number> =>
  Number(await page.getByTestId(`timeline-total-${lane}`).textContent());

/** What the machine counted, from a view of the paused machine: none of it comes from the ring. */
function counted(page: Page, segments = false) {
  return page.evaluate(
    (segments) =>
      new Promise<EventCounts>((resolve) => {
        const end = window.kseg.onView(({ counts }) => {
          if (!counts) return;
          end();
          resolve(counts);
        });
        window.kseg.watch({ counts: true, segments, tlb: false, slot: null });
      }),
    segments,
  );
}

test.beforeEach(async ({ page }) => {
  await expect.poll(() => consoleTail(page)).toMatch(PROMPT);
});

test('lanes count what the machine counts', async ({ page }) => {
  await command(page, 'pingpong 100');
  await pause(page);
  const machine = await counted(page);
  expect(machine.asidChanges).toBeGreaterThan(200);
  await expect.poll(() => total(page, 'asid')).toBe(machine.asidChanges);
  expect(await total(page, 'kernelFlush')).toBe(machine.kernelFlushes);
  expect(await total(page, 'userFlush')).toBe(machine.userFlushes);
  expect(await total(page, 'tlbWrites')).toBe(machine.tlbWrites);
  expect(await total(page, 'exits')).toBe(machine.exits);
  // The lane of interrupts may have folded away, which leaves the guest's other exceptions.
  const interrupts = await page.evaluate(
    async (category) => {
      const { totals } = (await window.kseg.timeline({ from: 0, step: 1, buckets: 1, marks: 0 }))!;
      return totals[category]!;
    },
    TIMELINE_CATEGORIES.findIndex(({ lane }) => lane === 'interrupts'),
  );
  expect((await total(page, 'exceptions')) + interrupts).toBe(machine.exceptions);
  expect(await total(page, 'console')).toBeGreaterThan(3);

  // Bucket by bucket the same, and the mode is one or the other.
  const sums = await page.evaluate(async () => {
    const answer = (await window.kseg.timeline({ from: 0, step: 4096, buckets: 4000, marks: 0 }))!;
    const rows: Record<number, number> = {};
    answer.categories.forEach(
      (c, k) => (rows[c] = answer.counts.slice(k * 4000, (k + 1) * 4000).reduce((sum, n) => sum + n, 0)),
    );
    return [rows, [...answer.totals].map((n, c) => [c, n]).filter(([, n]) => n! > 0)] as const;
  });
  expect(Object.entries(sums[0]).map(([c, n]) => [Number(c), n])).toEqual(sums[1]);
});

test('paused, the lanes, the tables and the status bar count the same, wherever the guest was stopped', async ({
  page,
}) => {
  await page.getByTestId('console').click();
  // One after the other, lest a slow host come too late.
  await page.keyboard.type('pingpong 1000000\n'.repeat(3));
  const digits = async (testid: string) =>
    Number((await page.getByTestId(testid).textContent())!.replaceAll(',', '').replace(/ flush.*/, ''));
  let before = 0;
  for (let i = 0; i < 6; i++) {
    // Into a storm of changes, with questions under way; and right after one.
    await page.waitForTimeout(100 + 37 * i);
    if (i % 2 === 0) await pause(page);
    else await page.getByTestId('toolbar-asid').click();
    await expect(page.getByTestId('status-state')).toHaveText(/^paused/);
    const { asidChanges, kernelFlushes, userFlushes } = await counted(page, true);
    expect(asidChanges).toBeGreaterThan(before);
    before = asidChanges;
    await expect.poll(() => digits('status-asid-changes')).toBe(asidChanges);
    await expect.poll(() => total(page, 'asid')).toBe(asidChanges);
    await expect.poll(() => total(page, 'kernelFlush')).toBe(kernelFlushes);
    await expect.poll(() => total(page, 'userFlush')).toBe(userFlushes);
    await expect.poll(() => digits('segments-kernel-flushes')).toBe(kernelFlushes);
    await expect.poll(() => digits('segments-user-flushes')).toBe(userFlushes);
    await page.getByTestId('toolbar-toggle').click();
    await expect(page.getByTestId('status-state')).toHaveText('running');
  }
});

test('keys go from event to event, zoom, and pin', async ({ page }) => {
  await page.getByTestId('console').click();
  await page.keyboard.type('pingpong 1000000\n');
  await page.getByTestId('toolbar-asid').click();
  await expect(page.getByTestId('status-state')).toHaveText(/paused/);
  const canvas = page.getByTestId('timeline-canvas');
  const selected = page.getByTestId('timeline-selected');
  await canvas.focus();
  // To the lane of ASID changes: the newest of them is the one the machine stopped at.
  for (let i = 0; i < 12 && !(await selectedLane(page)).includes('ASID'); i++) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('End');
  await page.keyboard.press('ArrowLeft');
  await expect(selected).toHaveText(/^ASID change[\s\S]*0x[0-9a-f]{2} → 0x[0-9a-f]{2}/);
  const newest = await selected.textContent();
  await page.keyboard.press('ArrowLeft');
  await expect(selected).not.toHaveText(newest!);
  await page.keyboard.press('ArrowRight');
  await expect(selected).toHaveText(newest!);
  await page.keyboard.press('p');
  await expect(page.getByTestId('timeline-pin')).toHaveAttribute('aria-pressed', 'true');
  await page.keyboard.press('-');
  await page.keyboard.press('+');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('timeline-event').first()).toBeVisible();
  await expect(page.getByTestId('timeline-list')).toHaveAttribute('aria-label', /^Events, [1-9]/);
  // What was chosen in the lanes is in sight, though it is the last of thousands.
  await expect(page.locator('[data-testid=timeline-event].selected')).toBeInViewport();
});

const selectedLane = (page: Page) =>
  page
    .locator('.names .current')
    .allTextContents()
    .then((texts) => texts.join());

test('a slot pointed at marks what touched it, and an event the slots that it touched', async ({ page }) => {
  await page.getByTestId('console').click();
  await page.keyboard.type('pingpong 1000000\n');
  await page.getByTestId('toolbar-asid').click();
  await expect(page.getByTestId('status-state')).toHaveText(/paused/);
  const strip = page.getByTestId('strip-kernel');
  const note = page.getByTestId('tag-timeline');
  const plain = () => page.getByTestId('timeline-canvas').screenshot();
  const before = await plain();
  // By keyboard, to the last slot of useg, where the stacks are.
  await strip.getByRole('application').focus();
  for (const key of ['Home', 'PageDown', 'ArrowUp']) await page.keyboard.press(key);
  await expect(strip).toHaveAttribute('data-linked', '255');
  const events = await page.evaluate(async () => {
    const request = { from: 0, to: 2 ** 52, cursor: { end: true } as const, limit: 1000 };
    return (await window.kseg.timelineEvents(request))!.events;
  });
  await expect(note).toHaveText(/^▴ \d+ events? touched pgd\[0x0ff\] kernel$/);
  expect((await plain()).equals(before)).toBe(false);
  // A slot in which nothing ever was.
  await page.keyboard.press('ArrowLeft');
  await expect(note).toHaveText(/^nothing here touched pgd\[0x0f[0-9a-f]\] kernel$/);
  await page.getByTestId('timeline-canvas').focus();
  await expect(note).toHaveCount(0);

  // And back: the last flush of the kernel table marks in that table alone what it freed.
  const flush = events.filter((event) => event.flush?.table === 'kernel').at(-1)!.flush!;
  expect(flush.freedSlots).toContain(255);
  const lane = () => selectedLane(page);
  for (let i = 0; i < 12 && !(await lane()).includes('kernel flush'); i++) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('End');
  await page.keyboard.press('ArrowLeft');
  await expect(page.getByTestId('timeline-selected')).toHaveText(/^kernel flush/);
  await expect(strip).toHaveAttribute('data-linked', flush.freedSlots.join(' '));
  await expect(page.getByTestId('strip-user')).toHaveAttribute('data-linked', '');
  await expect(note).toHaveCount(0);
});

test('recording off, nothing is added, and the stretch shows as not recorded', async ({ page }) => {
  const record = page.getByTestId('timeline-record');
  await expect(record).toHaveAttribute('aria-pressed', 'true');
  await command(page, 'pingpong 20');
  await record.click();
  await expect(record).toHaveAttribute('aria-pressed', 'false');
  await expect(page.locator('[data-testid=panel-timeline] .note')).toHaveText('not recording');
  await expect.poll(() => total(page, 'machine')).toBeGreaterThan(0);
  const changes = await total(page, 'asid');
  const machine = (await counted(page)).asidChanges;
  expect(changes).toBe(machine);
  await command(page, 'pingpong 100');
  expect((await counted(page)).asidChanges).toBeGreaterThan(machine + 200);
  await record.click();
  await expect(record).toHaveAttribute('aria-pressed', 'true');
  const unrecorded = await page.evaluate(async () => {
    const answer = (await window.kseg.timeline({ from: 0, step: 1e12, buckets: 1, marks: 0 }))!;
    return answer.unrecorded;
  });
  expect(unrecorded).toHaveLength(1);
  expect(unrecorded[0]!.to - unrecorded[0]!.from).toBeGreaterThan(100_000);
  expect(await total(page, 'asid')).toBe(changes);
  await command(page, 'pingpong 20');
  await expect.poll(() => total(page, 'asid')).toBeGreaterThan(changes + 40);
});

test('a filter counts only what passes it', async ({ page }) => {
  await command(page, 'pingpong 50');
  await pause(page);
  await page.getByTestId('timeline-filter-toggle').click();
  await page.getByTestId('timeline-filter-asid').fill('zz');
  await expect(page.getByTestId('timeline-filter').getByRole('status')).toHaveText(/an ASID is/);
  await page.getByTestId('timeline-filter-asid').fill('');
  await page.getByTestId('timeline-filter-segment').selectOption('kseg23');
  await expect.poll(() => page.getByTestId('timeline-matching-asid').textContent()).toBe('0');
  const kernel = await total(page, 'kernelFlush');
  await expect(page.getByTestId('timeline-matching-kernelFlush')).toHaveText(String(kernel));
  await expect(page.getByTestId('timeline-matching-userFlush')).toHaveText('0');
  await page.getByTestId('timeline-lane-exits').click();
  await expect(page.getByTestId('timeline-total-exits')).toHaveCount(0);
});

test('exports are whole: as many events as the ring has, in each format', async ({ page, kseg }) => {
  await command(page, 'pingpong 20');
  await pause(page);
  const events = await page.evaluate(async () => {
    const { totals } = (await window.kseg.timeline({ from: 0, step: 1, buckets: 1, marks: 0 }))!;
    return totals.reduce((sum, n) => sum + n, 0);
  });
  for (const format of ['ndjson', 'csv', 'json']) {
    const filePath = path.join(kseg.userData, `timeline.${format}`);
    await kseg.app.evaluate(({ dialog }, file) => {
      dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath: file });
    }, filePath);
    await page.getByTestId('timeline-export').selectOption(format);
    await expect(page.getByTestId('timeline-written')).toHaveText(`written to timeline.${format}`);
    const text = readFileSync(filePath, 'utf8');
    if (format === 'json') {
      const { traceEvents } = JSON.parse(text) as { traceEvents: { ph: string; cat: string }[] };
      const instants = traceEvents.filter(({ ph }) => ph === 'i');
      const modes = traceEvents.filter(({ ph, cat }) => ph === 'X' && cat === 'mode');
      // The last stretch of a mode ends with the file, not with a switch.
      expect(instants.length + modes.length - 1).toBe(events);
    } else expect(text.trim().split('\n')).toHaveLength(format === 'csv' ? events + 1 : events);
  }
});

test('hidden, it asks for nothing', async ({ page, kseg }) => {
  await kseg.app.evaluate(({ ipcMain }) => {
    const state = globalThis as { questions?: number };
    state.questions = 0;
    // Beside the app's own handler there can be no second one: count what passes through it.
    const handlers = (ipcMain as unknown as { _invokeHandlers: Map<string, (...all: unknown[]) => unknown> })
      ._invokeHandlers;
    const own = handlers.get('kseg:timeline')!;
    handlers.set('kseg:timeline', (...all) => {
      state.questions!++;
      return own(...all);
    });
  });
  const questions = () => kseg.app.evaluate(() => (globalThis as { questions?: number }).questions!);
  await command(page, 'pingpong 100');
  await expect.poll(questions).toBeGreaterThan(0);
  await page.getByTestId('timeline-canvas').focus();
  await kseg.app.evaluate(({ BrowserWindow }) => {
    BrowserWindow.getAllWindows()[0]!.webContents.send('kseg:on-command', 'view.closePanel');
  });
  await expect(page.getByTestId('panel-timeline')).toBeHidden();
  const before = await questions();
  await command(page, 'pingpong 100');
  expect(await questions()).toBe(before);
});

/** What axe finds in the panel, in its words. */
async function axe(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { run } = (window as unknown as { axe: typeof Axe }).axe;
    const { violations } = await run('[data-testid=panel-timeline]');
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  });
}

for (const theme of ['light', 'dark', 'contrast'] as const) {
  test(`axe finds nothing, ${theme}`, async ({ page, kseg }) => {
    await kseg.app.evaluate(({ BrowserWindow }, id) => {
      BrowserWindow.getAllWindows()[0]!.webContents.send('kseg:on-command', id);
    }, `view.theme.${theme}`);
    await expect(page.locator('html')).toHaveAttribute('data-theme', theme);
    await page.getByTestId('console').click();
    await page.keyboard.type('pingpong 1000000\n');
    await page.getByTestId('toolbar-asid').click();
    await expect(page.getByTestId('status-state')).toHaveText(/paused/);
    await page.getByTestId('timeline-canvas').focus();
    await page.keyboard.press('ArrowLeft');
    await expect(page.getByTestId('timeline-selected')).toBeVisible();
    await page.getByTestId('timeline-filter-toggle').click();
    await page.keyboard.press('Escape');
    await page.getByTestId('timeline-list-toggle').click();
    await expect(page.getByTestId('timeline-event').first()).toBeVisible();
    expect(await axe(page)).toEqual([]);
  });
}
