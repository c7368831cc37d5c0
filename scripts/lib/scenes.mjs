/**
 * What `npm run screenshots` pictures. A scene brings the app from where the one before it left off, or from a start, to
 * what is worth a picture; all of it through the page, as a user would.
 */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './run.mjs';

/**
 * @typedef {import('playwright').Page} Page
 * @typedef {{ app: import('playwright').ElectronApplication, page: Page, command: (id: string) => Promise<void> }} App
 * @typedef {{ name: string, about: string, fresh?: boolean, seconds?: number, missing?: () => string | null,
 *   set: (app: App) => Promise<void>, reset?: (app: App) => Promise<void> }} Scene
 */

const GUESTS = path.join(ROOT, '.cache/guests');
const INITRD = path.join(GUESTS, 'initramfs.cpio.gz');
const LAB = /lab\$ $/;
const SHELL = /\/ # \S*$/;
/** Lanes whose events would crowd the others out of a list. */
const UNLISTED = ['exits', 'exceptions', 'mode'];
const BUSY = 'pingpong 1000000';

const debianKernel = () => existsSync(GUESTS) && readdirSync(GUESTS).find((name) => name.startsWith('vmlinuz-'));
const noDebian = () => (debianKernel() && existsSync(INITRD) ? null : '`npm run guests` gets Debian');

/** Waits until the console ends so. */
const printed = (page, pattern, timeout = 30_000) =>
  page.waitForFunction(
    ([source]) => new RegExp(source).test(document.querySelector('[data-testid=console]')?.dataset.tail ?? ''),
    [pattern.source],
    { timeout, polling: 100 },
  );
const shows = (page, testid, text, timeout = 30_000) =>
  page.getByTestId(testid).filter({ hasText: text }).first().waitFor({ timeout });
const isPaused = (page) => page.getByTestId('live-state').filter({ hasText: 'paused' }).count();

async function type(page, text) {
  await page.keyboard.press('Control+Shift+KeyK');
  await page.keyboard.type(`${text}\n`);
}

async function say(page, text, prompt = LAB) {
  await type(page, text);
  await page.waitForTimeout(150);
  await printed(page, prompt);
}

/** The Lab at its prompt, running, in the MMU layout, no offer in the way. */
async function atPrompt({ page, command }) {
  await page.getByTestId('live-mode').waitFor();
  await page.waitForTimeout(200);
  if (await page.getByTestId('tour-decline').count()) await page.getByTestId('tour-decline').click();
  await command('view.layout.mmu');
  if (await isPaused(page)) await page.getByTestId('toolbar-toggle').click();
  await page.waitForTimeout(200);
  const tail = await page.evaluate(() => document.querySelector('[data-testid=console]')?.dataset.tail ?? '');
  if (LAB.test(tail)) return;
  await page.keyboard.press('Control+Shift+KeyK');
  if (/pingpong/.test(tail)) await page.keyboard.press('Control+KeyC');
  await printed(page, LAB);
}

/** pingpong, stopped at its `changes`th change of ASID. */
async function atAsidChange(app, changes = 2) {
  const { page } = app;
  await atPrompt(app);
  const tail = await page.evaluate(() => document.querySelector('[data-testid=console]').dataset.tail);
  if (!/fork/.test(tail)) for (const text of ['ps', 'fork 5', 'pingpong 100']) await say(page, text);
  await type(page, BUSY);
  await page.waitForTimeout(300);
  for (let i = 0; i < changes; i++) {
    await page.getByTestId('toolbar-asid').click();
    await page.getByTestId('live-state').filter({ hasText: 'paused' }).waitFor();
    await page.waitForTimeout(100);
  }
}

/** The last slot of useg, where user stacks are. */
async function openStack(page) {
  await page.getByTestId('strip-kernel').getByRole('application').focus();
  for (const key of ['Home', 'PageDown', 'ArrowUp', 'Enter']) await page.keyboard.press(key);
}

/** An event of the lane of ASID changes, a few back. */
async function chooseAsidChange(page) {
  await page.getByTestId('timeline-canvas').focus();
  const lane = page.locator('.names .current');
  for (let i = 0; i < 12 && !(await lane.allTextContents()).join().includes('ASID'); i++) {
    await page.keyboard.press('ArrowDown');
  }
  await page.keyboard.press('End');
  for (let i = 0; i < 4; i++) await page.keyboard.press('ArrowLeft');
  await page.getByTestId('timeline-selected').waitFor();
}

async function translate(page, address, mode) {
  await page.keyboard.press('Control+Shift+KeyT');
  await page.getByTestId('translate-address').fill(address);
  await page.getByTestId('translate-mode').selectOption(mode);
  await page.getByTestId('translate-verdict').waitFor();
}

/** @type {Scene[]} */
export const SCENES = [
  {
    name: 'first',
    about: 'the first start, the tour offered',
    fresh: true,
    async set({ page }) {
      await printed(page, LAB);
    },
  },
  {
    name: 'mmu',
    about: 'stopped right after a change of ASID, a slot opened',
    async set(app) {
      await atAsidChange(app);
      await openStack(app.page);
    },
  },
  {
    name: 'mmu-running',
    about: 'two processes at work',
    async set(app) {
      await atPrompt(app);
      await type(app.page, BUSY);
      await app.page.waitForTimeout(1500);
    },
  },
  {
    name: 'debug',
    about: 'the Debug layout at a change of ASID',
    async set(app) {
      await atAsidChange(app, 1);
      await app.command('view.layout.debug');
      await app.page.keyboard.press('Control+Shift+KeyT');
      await app.page.waitForTimeout(300);
    },
  },
  {
    name: 'translate-hit',
    about: 'an address that leads to memory',
    async set(app) {
      if (!(await isPaused(app.page))) await atAsidChange(app, 1);
      await app.command('view.layout.debug');
      await translate(app.page, 'sp', 'current');
    },
  },
  {
    name: 'translate-miss',
    about: 'an address of another ASID',
    async set(app) {
      if (!(await isPaused(app.page))) await atAsidChange(app, 1);
      await app.command('view.layout.debug');
      // What the process that has just been left touched last.
      const row = (await app.page.getByTestId('cp0-BadVAddr').textContent()) ?? '';
      await translate(app.page, /0x[0-9a-f]{8}/.exec(row)[0], 'user');
      await app.page.getByTestId('translate-asid').fill('0xfe');
      await shows(app.page, 'translate-verdict', /Misses/);
    },
    async reset({ page }) {
      await page.getByTestId('translate-asid').fill('');
      await page.getByTestId('translate-address').fill('pc');
      await page.getByTestId('translate-mode').selectOption('current');
    },
  },
  {
    name: 'breakpoints',
    about: 'breakpoints on an address and on events, one of them hit',
    async set(app) {
      const { page } = app;
      await atPrompt(app);
      await app.command('view.layout.debug');
      await app.command('panel.breakpoints');
      const add = async (kind, argument, condition = '') => {
        await page.getByTestId('break-kind').selectOption(kind);
        await page.getByTestId('break-argument').fill(argument);
        await page.getByTestId('break-condition').fill(condition);
        await page.getByTestId('break-add').click();
        await page.waitForTimeout(150);
      };
      await add('flush', 'user');
      await add('exit', 'TLBL', 'user == 1');
      await add('address', 'switch_mm', 'a0 != 0');
      await type(page, BUSY);
      await page.getByTestId('live-state').filter({ hasText: 'paused' }).waitFor();
      await page.keyboard.press('Control+Shift+KeyD');
    },
    async reset({ page }) {
      await page.keyboard.press('Control+Shift+KeyD');
      for (const id of [1, 2, 3]) await page.getByTestId(`breakpoint-${id}-remove`).click();
    },
  },
  {
    name: 'timeline',
    about: 'the Timeline with an event chosen and its list',
    async set(app) {
      const { page, command } = app;
      await atAsidChange(app, 1);
      await command('panel.timeline');
      await chooseAsidChange(page);
    },
  },
  {
    name: 'timeline-unrecorded',
    about: 'the Timeline of a run of which a stretch was not recorded',
    async set({ page, command }) {
      await atPrompt({ page, command });
      await say(page, 'pingpong 30');
      await command('timeline.record');
      await say(page, 'pingpong 30');
      await say(page, 'ps');
      await command('timeline.record');
      await say(page, 'pingpong 30');
      await command('panel.timeline');
      await page.waitForTimeout(300);
      if (!(await isPaused(page))) await page.getByTestId('toolbar-toggle').click();
      await page.getByTestId('timeline-canvas').focus();
      await page.keyboard.press('0');
      await page.waitForTimeout(500);
    },
  },
  {
    name: 'timeline-list',
    about: 'the events of the Timeline as a list, its filter open',
    async set(app) {
      const { page, command } = app;
      if (!(await isPaused(page))) await atAsidChange(app, 1);
      await command('view.layout.mmu');
      await command('panel.timeline');
      await chooseAsidChange(page);
      await page.getByTestId('timeline-filter-toggle').click();
      for (const lane of UNLISTED) await page.getByTestId(`timeline-lane-${lane}`).click();
      await page.getByTestId('timeline-list-toggle').click();
      await page.getByTestId('timeline-event').first().waitFor();
    },
    async reset({ page }) {
      for (const lane of UNLISTED) await page.getByTestId(`timeline-lane-${lane}`).click();
      await page.getByTestId('timeline-list-toggle').click();
      await page.getByTestId('timeline-filter-toggle').click();
    },
  },
  {
    name: 'palette',
    about: 'the command palette',
    async set({ page, command }) {
      await shows(page, 'machine-label', /./);
      await command('view.layout.mmu');
      await command('view.palette');
      await page.getByTestId('palette-input').waitFor();
    },
    reset: ({ page }) => page.keyboard.press('Escape'),
  },
  {
    name: 'manual',
    about: 'the manual, its first page',
    async set({ command, page }) {
      await command('help.manual');
      await page.getByTestId('manual').waitFor();
    },
    reset: ({ page }) => page.keyboard.press('Escape'),
  },
  {
    name: 'glossary',
    about: 'the manual, its glossary',
    async set({ command, page }) {
      await command('help.manual');
      await page.getByTestId('manual-glossary').click();
    },
    reset: ({ page }) => page.keyboard.press('Escape'),
  },
  {
    name: 'tour',
    about: 'the tour, its first step',
    async set(app) {
      await atPrompt(app);
      await app.command('help.tour');
      await app.page.getByTestId('tour').waitFor();
    },
  },
  {
    name: 'tour-end',
    about: 'the tour, its last step, paused at a change of ASID',
    async set(app) {
      const { page } = app;
      if (!(await page.getByTestId('tour').count())) {
        await atPrompt(app);
        await app.command('help.tour');
      }
      const next = page.getByTestId('tour-next');
      for (let i = 0; i < 3; i++) {
        if (await page.getByTestId('tour-show').count()) await page.getByTestId('tour-show').click();
        if (i === 2)
          await page
            .getByTestId('tour-show')
            .click()
            .catch(() => {});
        await next.click();
      }
    },
    async reset({ page }) {
      await page.getByRole('button', { name: 'End the tour' }).click();
    },
  },
  {
    name: 'start',
    about: 'the start page',
    async set({ command, page }) {
      await shows(page, 'machine-label', /./);
      await command('view.start');
      await page.getByTestId('start-boot').waitFor();
    },
  },
  {
    name: 'configurations',
    about: 'saved boot configurations, one of them changed',
    async set({ command, page }) {
      await command('view.start');
      for (const [name, policy] of [
        ['Lab, eager flushes', 'eager'],
        ['Lab, all of the table', 'everything'],
      ]) {
        await page.getByTestId('start-bundled:lab-kvm').check({ force: true });
        await page.getByTestId('start-policy').selectOption(policy);
        await page.getByTestId('start-name').fill(name);
        await page.getByTestId('start-save').click();
        await page.getByTestId('configurations').filter({ hasText: name }).waitFor();
      }
    },
  },
  {
    name: 'comparison',
    about: 'two boots compared',
    async set(app) {
      const { page, command } = app;
      if (!(await page.getByTestId('compare').count())) await command('view.start');
      if ((await page.getByTestId('configurations').filter({ hasText: 'Lab, eager' }).count()) === 0) {
        await SCENES.find(({ name }) => name === 'configurations').set(app);
      }
      await page.getByTestId('compare-first').selectOption('Lab, eager flushes');
      await page.getByTestId('compare-second').selectOption('Lab, all of the table');
      await page.getByTestId('compare-start').click();
      await page.getByTestId('compare-table').waitFor();
      await page.getByTestId('compare-cancel').waitFor({ state: 'hidden' });
      await page
        .getByTestId('start')
        .locator('.start-lists')
        .evaluate((lists) => lists.scrollTo(0, lists.scrollHeight));
    },
  },
  {
    name: 'linux',
    seconds: 300,
    about: 'Debian at its shell, at work',
    fresh: true,
    missing: noDebian,
    async set(app) {
      await bootDebian(app);
      await say(app.page, 'uname -a', SHELL);
      await say(app.page, 'head -4 /proc/cpuinfo', SHELL);
      await type(app.page, 'while true; do ls -l /bin > /dev/null; done');
      await app.page.waitForTimeout(2500);
    },
  },
  {
    name: 'linux-mmu',
    seconds: 300,
    about: 'Debian stopped at a change of ASID, a slot opened',
    missing: noDebian,
    async set(app) {
      const { page, command } = app;
      if (!(await page.getByTestId('machine-label').filter({ hasText: 'malta' }).count())) {
        await bootDebian(app);
        await type(page, 'while true; do ls -l /bin > /dev/null; done');
      }
      await command('view.layout.mmu');
      // Linux also changes EntryHi for a moment to write one entry: look for a change from one process to another.
      const took = page.getByTestId('flush-label-kernel').filter({ hasText: /ASID 0x(?!00)\w+ -> 0x(?!00)\w+, [1-9]/ });
      for (let i = 0; i < 80 && (i === 0 || !(await took.count())); i++) {
        await page.getByTestId('toolbar-asid').click();
        await page.getByTestId('live-state').filter({ hasText: 'paused' }).waitFor();
        await page.waitForTimeout(150);
      }
    },
  },
  {
    name: 'linux-debug',
    seconds: 300,
    about: 'Debian in the Debug layout',
    missing: noDebian,
    async set(app) {
      const { page, command } = app;
      if (!(await isPaused(page))) {
        await bootDebian(app);
        await page.getByTestId('toolbar-toggle').click();
      }
      await command('view.layout.debug');
      await translate(page, 'pc', 'current');
    },
  },
];

async function bootDebian({ app, page, command }) {
  await printed(page, LAB);
  if (await page.getByTestId('tour-decline').count()) await page.getByTestId('tour-decline').click();
  await app.evaluate(
    ({ dialog }, filePaths) => {
      dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths });
    },
    [path.join(GUESTS, debianKernel()), INITRD],
  );
  await command('view.start');
  await page.getByTestId('start-import').click();
  await page.getByTestId(`start-library:${debianKernel()}`).check();
  await page.waitForFunction(() => document.querySelector('[data-testid=start-initrd]')?.value);
  await page.getByTestId('start-boot').click();
  await printed(page, SHELL, 240_000);
}

/** Of the README and the manual: a picture for each, under its file's name. */
export const DOCS = [
  { name: 'asid-change', scene: 'mmu', theme: 'dark', size: '1440x900' },
  { name: 'translate', scene: 'translate-miss', theme: 'dark', size: '1440x900' },
  { name: 'timeline', scene: 'timeline-list', theme: 'light', size: '1440x900' },
  { name: 'boot', scene: 'comparison', theme: 'light', size: '1440x900' },
  { name: 'linux', scene: 'linux-mmu', theme: 'light', size: '1440x900' },
];
