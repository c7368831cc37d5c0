/** Boot configurations: kept as files, changed, deleted and brought back, and two compared by what they counted. */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { consoleTail, expect, launch, test } from './launch.ts';
import { resize } from './tables.ts';

const PROMPT = /lab\$ $/;

test.beforeEach(async ({ page }) => {
  await expect.poll(() => consoleTail(page)).toMatch(PROMPT);
  await page.getByTestId('toolbar-start').click();
});

test('replaced TLB entries are kept on malta, without the checker, and the TLB says so', async ({ page }) => {
  await expect(page.getByTestId('start-keep-on')).toHaveCount(0);
  await page.getByTestId('start-bundled:lab-malta').check({ force: true });
  await page.getByTestId('start-check-on').check({ force: true });
  await page.getByTestId('start-keep-on').check({ force: true });
  await expect(page.getByTestId('start-check-off')).toBeChecked();
  await page.getByTestId('start-boot').click();
  await expect(page.getByTestId('start')).toBeHidden();
  await expect(page.getByTestId('panel-tlb')).toContainText('16 entries, replaced kept');
  await expect.poll(() => consoleTail(page)).toMatch(PROMPT);
  await page.getByTestId('toolbar-start').click();
  await expect(page.getByTestId('start-keep-on')).toBeChecked();
  await page.getByTestId('start-check-on').check({ force: true });
  await expect(page.getByTestId('start-keep-off')).toBeChecked();
});

test('saved, renamed, duplicated, deleted, undone, booted', async ({ kseg, page }) => {
  const folder = path.join(kseg.userData, 'configurations');
  // What has booted has a picture of its kernel table, what has not says so.
  const row = (id: string) => page.locator('.row', { has: page.getByTestId(id) });
  await expect(row('start-bundled:lab-kvm').locator('svg rect')).not.toHaveCount(0);
  await expect(row('start-bundled:lab-malta')).toContainText('no picture yet');
  await page.getByTestId('start-policy').selectOption('eager');
  await page.getByTestId('start-memory').fill('64');
  await page.getByTestId('start-name').fill('Lab, eager');
  await page.getByTestId('start-save').click();
  await expect(page.getByTestId('start-saved:lab-eager')).toBeChecked();
  expect(JSON.parse(readFileSync(path.join(folder, 'lab-eager.json'), 'utf8'))).toEqual({
    format: 1,
    name: 'Lab, eager',
    machine: 'kvm',
    bigEndian: false,
    memoryMiB: 64,
    tlbEntries: 64,
    policy: 'eager',
    seed: 1,
  });

  await page.getByTestId('start-name').fill('Eager');
  await page.getByTestId('start-save').click();
  await expect(page.getByTestId('configurations')).toContainText('Eager');
  await page.getByTestId('duplicate-lab-eager').click();
  await expect(page.getByTestId('start-saved:eager-copy')).toBeChecked();
  await page.getByTestId('start-name').fill('Eager');
  await page.getByTestId('start-save').click();
  await expect(page.getByTestId('message')).toHaveText(/already: choose another name\./);

  await page.getByTestId('delete-eager-copy').click();
  await expect(page.getByTestId('start-saved:eager-copy')).toHaveCount(0);
  await expect(page.getByTestId('start-bundled:lab-kvm')).toBeChecked();
  await page.getByTestId('configuration-undo').click();
  await expect(page.getByTestId('start-saved:eager-copy')).toHaveCount(1);
  expect(
    readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .sort(),
  ).toEqual(['eager-copy.json', 'lab-eager.json']);

  await page.getByTestId('start-saved:lab-eager').check({ force: true });
  await expect(page.getByTestId('start-policy')).toHaveValue('eager');
  await page.getByTestId('start-boot').click();
  await expect(page.getByTestId('start')).toBeHidden();
  await expect(page.getByTestId('status-policy')).toHaveText('eager');
});

test('two host CPUs: kept in the file, booted, and shown by the TLB panel', async ({ kseg, page }) => {
  await page.getByTestId('start-host-cpus').selectOption('2');
  await expect(page.getByTestId('start-migrateEvery')).toHaveValue('100000');
  await page.getByTestId('start-migrateEvery').fill('0');
  await page.getByTestId('start-boot').click();
  await expect(page.getByTestId('problem-migrateEvery')).toHaveText(/whole number of instructions/);
  await expect(page.getByTestId('start-migrateEvery')).toBeFocused();
  await page.getByTestId('start-migrateEvery').fill('20000');
  await page.getByTestId('start-name').fill('Two CPUs');
  await page.getByTestId('start-save').click();
  await expect(page.getByTestId('start-saved:two-cpus')).toBeChecked();
  const file = JSON.parse(readFileSync(path.join(kseg.userData, 'configurations/two-cpus.json'), 'utf8')) as object;
  expect(file).toMatchObject({ hostCpus: 2, migrateEvery: 20000 });
  await page.getByTestId('start-bundled:lab-kvm').check({ force: true });
  await expect(page.getByTestId('start-host-cpus')).toHaveValue('1');
  await expect(page.getByTestId('start-migrateEvery')).toHaveCount(0);
  await page.getByTestId('start-saved:two-cpus').check({ force: true });
  await expect(page.getByTestId('start-migrateEvery')).toHaveValue('20000');

  await page.getByTestId('start-boot').click();
  await expect(page.getByTestId('start')).toBeHidden();
  await expect.poll(() => consoleTail(page)).toMatch(PROMPT);
  await kseg.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.setContentSize(1440, 900));
  await expect(page.getByTestId('host-moves')).toHaveText(
    'The guest moves on to the next CPU every 20,000 instructions’ time.',
  );
  // Both have given out ASIDs, and the guest is on one of them.
  for (const cpu of [0, 1]) {
    await expect(page.getByTestId(`host-${cpu}-kernel-context`)).toHaveText(/^0x[0-9a-f]+$/);
  }
  await expect(page.getByTestId('host-runs')).toHaveCount(1);
  const spilt = await page.getByTestId('tlb-host').evaluate((pane) => pane.scrollWidth - pane.clientWidth);
  expect(spilt).toBe(0);
});

test('a file that is none is told of and left alone', async ({ kseg, page }) => {
  const folder = path.join(kseg.userData, 'configurations');
  mkdirSync(folder, { recursive: true });
  const bad = path.join(folder, 'mine.json');
  writeFileSync(bad, '{"format":1,"name":"Mine","policy":"lazy"}');
  await page.keyboard.press('Escape');
  await page.getByTestId('toolbar-start').click();
  await expect(page.getByTestId('configuration-problem')).toContainText(
    'The configuration mine.json is left out: policy must be one of lazy-user, eager, everything, tagged, never',
  );
  expect(readFileSync(bad, 'utf8')).toBe('{"format":1,"name":"Mine","policy":"lazy"}');
});

test('two boots are compared phase by phase, and the same boot twice counts the same', async ({ page }) => {
  await page.getByTestId('start-policy').selectOption('everything');
  await page.getByTestId('start-name').fill('Everything');
  await page.getByTestId('start-save').click();
  await page.getByTestId('start-bundled:lab-kvm').check({ force: true });
  await page.getByTestId('start-name').fill('The same');
  await page.getByTestId('start-save').click();

  const cell = async (side: 0 | 1, measure: string) =>
    Number(
      (await page.getByTestId(`compare-whole boot-${side}-${measure}`).textContent())!.replace(/[+−].*$|,/g, '').trim(),
    );
  const compare = async (second: string) => {
    await page.getByTestId('compare-second').selectOption(second);
    await page.getByTestId('compare-start').click();
    await expect(page.getByTestId('compare-cancel')).toBeHidden();
    await expect(page.getByTestId('compare')).toContainText(`B: ${second}`);
    await expect(page.getByTestId('start')).toBeVisible();
  };
  await compare('Everything');
  await expect(page.getByTestId('compare-table')).toContainText('kernel starts');
  expect(await cell(1, 'asidChanges')).toBe(await cell(0, 'asidChanges'));
  expect(await cell(1, 'pagesFlushed')).toBeGreaterThan(await cell(0, 'pagesFlushed'));
  expect(await cell(1, 'hostTlbRefills')).toBeGreaterThan(await cell(0, 'hostTlbRefills'));

  await compare('The same');
  for (const measure of ['instructions', 'exits', 'pagesFlushed', 'tlbWrites', 'hostTlbRefills']) {
    expect(await cell(1, measure)).toBe(await cell(0, measure));
  }

  // Both have their pictures in the end, though the second boot follows the first at once.
  await page.getByTestId('start-bundled:lab-kvm').check({ force: true });
  await page.getByTestId('start-policy').selectOption('tagged');
  await page.getByTestId('start-name').fill('Tagged');
  await page.getByTestId('start-save').click();
  const row = page.locator('.row', { has: page.getByTestId('start-saved:tagged') });
  await expect(row).toContainText('no picture yet');
  await page.getByTestId('compare-first').selectOption('Tagged');
  await compare('Everything');
  await expect(row.locator('svg rect')).not.toHaveCount(0);
});

test('without the guest it needs, a configuration says so', async () => {
  const kseg = await launch({ args: ['/nowhere/vmlinux'] });
  const folder = path.join(kseg.userData, 'configurations');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    path.join(folder, 'linux.json'),
    JSON.stringify({ format: 1, name: 'Linux', kernel: { library: 'vmlinux-gone' } }),
  );
  await expect(kseg.page.getByTestId('start-boot')).toBeVisible();
  await kseg.page.reload();
  await expect(kseg.page.getByTestId('configurations')).toContainText('needs vmlinux-gone');
  await kseg.stop();
});

test('what the bundled guests are is said whole in a small window too', async ({ kseg, page }) => {
  await resize(kseg, 1100, 720);
  // The longest of policies, and buttons: the widest that the other columns get.
  await page.getByTestId('start-policy').selectOption('everything');
  await page.getByTestId('start-name').fill('All of the table');
  await page.getByTestId('start-save').click();
  await expect(page.getByTestId('start-saved:all-of-the-table')).toBeChecked();
  const cut = await page
    .getByTestId('configurations')
    .locator('.note')
    .evaluateAll((notes) =>
      notes.filter((note) => note.scrollWidth > note.clientWidth).map((note) => note.textContent),
    );
  expect(cut).toEqual([]);
});
