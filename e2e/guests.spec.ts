/** The start page and the guest library: import, choose, set up, boot, remove. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { axe } from './axe.ts';
import { type Launched, consoleTail, expect, launch, test } from './launch.ts';

const PROMPT = /lab\$ $/;

const LINES = ['Linux version 6.1.0 (test)', '[    0.021417] Calibrating delay loop... 332.80 BogoMIPS'];

/** A little-endian MIPS32 kernel at 0x80100000 that writes its lines to the first serial port and then stands still. */
function tinyKernel(): Buffer {
  const text = LINES.map((line) => `${line}\r\n`).join('');
  const code = [
    0x3c08b800, // lui t0, 0xb800
    0x350803f8, // ori t0, t0, 0x3f8: the first serial port
    0x3c098010, // lui t1, 0x8010
    0x25290024, // addiu t1, t1, 0x24: the text
    0x912a0000, // lbu t2, 0(t1)
    0x1140ffff, // beq t2, zero, itself
    0x25290001, // addiu t1, t1, 1
    0x1000fffc, // b to the lbu
    0xa10a0000, // sb t2, 0(t0)
  ];
  const loaded = Buffer.alloc(code.length * 4 + text.length + 1);
  code.forEach((word, i) => loaded.writeUInt32LE(word, i * 4));
  loaded.write(text, code.length * 4, 'latin1');

  const header = Buffer.alloc(52 + 32);
  header.write('\x7fELF\x01\x01\x01', 'latin1');
  [2, 8].forEach((half, i) => header.writeUInt16LE(half, 16 + i * 2)); // executable, MIPS
  // Version, entry, program headers, section headers, flags: MIPS32 release 2.
  [1, 0x80100000, 52, 0, 0x70001000].forEach((word, i) => header.writeUInt32LE(word, 20 + i * 4));
  [52, 32, 1, 0, 0, 0].forEach((half, i) => header.writeUInt16LE(half, 40 + i * 2));
  const size = loaded.length;
  [1, 84, 0x80100000, 0x80100000, size, size, 7, 4].forEach((word, i) => header.writeUInt32LE(word, 52 + i * 4));
  return Buffer.concat([header, loaded]);
}

async function answerDialog({ app }: Launched, files: string[]): Promise<void> {
  await app.evaluate(({ dialog }, filePaths) => {
    dialog.showOpenDialog = () => Promise.resolve({ canceled: filePaths.length === 0, filePaths });
  }, files);
}

test.beforeEach(async ({ page }) => {
  await expect.poll(() => consoleTail(page)).toMatch(PROMPT);
});

test('a kernel is imported, booted with its own phases, and removed', async ({ kseg, page }) => {
  const file = path.join(kseg.userData, 'vmlinux-tiny');
  writeFileSync(file, tinyKernel());
  await page.getByTestId('toolbar-start').click();
  await expect(page.getByTestId('panel-console')).toBeHidden();
  await expect(page.getByTestId('start-hint')).toContainText('npm run guests');

  await answerDialog(kseg, [file]);
  await page.getByTestId('start-import').click();
  const row = page.getByTestId('start-library:vmlinux-tiny');
  await expect(row).toBeChecked();
  await expect(page.getByTestId('start-hint')).toBeHidden();
  await expect(page.getByTestId('start-commandLine')).toHaveValue('console=ttyS0');
  await expect(page.getByTestId('start-initrd')).toHaveValue('');

  await page.getByTestId('start-boot').click();
  await expect(page.getByTestId('start')).toBeHidden();
  await expect(page.getByTestId('machine-label')).toHaveText(/malta/);
  await expect.poll(() => consoleTail(page)).toContain('BogoMIPS');
  await expect(page.getByTestId('status-boot')).toHaveText('calibrates its delay loop, 0.021 s');
  await expect(page.getByTestId('panel-console')).toContainText('calibrates its delay loop');

  // The copy boots, not the file.
  writeFileSync(file, 'gone');
  await page.getByTestId('toolbar-start').click();
  await expect(row).toBeChecked();
  await expect(page.getByTestId('recent')).toContainText('vmlinux-tiny');
  await page.getByTestId('start-boot').click();
  await expect(page.getByTestId('start')).toBeHidden();

  await page.getByTestId('toolbar-start').click();
  await page.getByTestId('remove-vmlinux-tiny').click();
  await page.getByTestId('remove-vmlinux-tiny').click();
  await expect(row).toHaveCount(0);
  expect(await page.evaluate(() => window.kseg.guests())).toEqual([]);
});

test('the Lab boots with the machine that the form says, by keyboard alone', async ({ page }) => {
  await page.keyboard.press('F6');
  await page.keyboard.press('Escape');
  await page.getByTestId('guest-menu').focus();
  await page.keyboard.press('ArrowDown');
  await page.getByTestId('guest-start').focus();
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('start-bundled:lab-kvm')).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(page.getByTestId('start-bundled:lab-malta')).toBeChecked();
  await expect(page.getByTestId('start-machine')).toHaveText('malta, little endian');

  await page.getByTestId('start-memory').fill('12');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('problem-memory')).toContainText('from 16 to 1,024');
  await expect(page.getByTestId('start-memory')).toBeFocused();
  await page.getByTestId('start-memory').fill('64');
  await page.getByTestId('start-tlb-16').focus();
  await page.keyboard.press('ArrowRight');
  await expect(page.getByTestId('start-tlb-32')).toBeChecked();
  await page.keyboard.press('Enter');

  await expect(page.getByTestId('start')).toBeHidden();
  await expect(page.getByTestId('machine-label')).toHaveText(/malta/);
  await expect(page.locator('[data-testid^=tlb-row-]')).toHaveCount(32);
  await expect(page.locator('.xterm-helper-textarea')).toBeFocused();
  await expect.poll(() => consoleTail(page)).toMatch(PROMPT);

  // Boot repeats it, and the start page comes back as it was left.
  await page.getByTestId('toolbar-boot').click();
  await expect(page.locator('[data-testid^=tlb-row-]')).toHaveCount(32);
  await page.getByTestId('toolbar-start').click();
  await expect(page.getByTestId('start-memory')).toHaveValue('64');
  await expect(page.getByTestId('recent')).toContainText('64 MiB');
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('start')).toBeHidden();
});

test('a file that is no guest gets a sentence, and stays out', async ({ kseg, page }) => {
  const file = path.join(kseg.userData, 'notes.txt');
  writeFileSync(file, 'This is no kernel.\n');
  await answerDialog(kseg, [file]);
  await page.getByTestId('toolbar-start').click();
  await page.getByTestId('start-import').click();
  await expect(page.getByTestId('message')).toHaveText(/notes\.txt: is no kernel[^.]*\./);
  await answerDialog(kseg, []);
  expect(await page.evaluate(() => window.kseg.importGuests())).toEqual([]);
  const refused = await page.evaluate(() => window.kseg.removeGuest('nothing').catch((error: Error) => error.message));
  expect(refused).toMatch(/^nothing: no guest[^\n]*\.$/);
});

test('a dropped kernel boots, and on the start page is imported', async ({ kseg, page }) => {
  const file = path.join(kseg.userData, 'dropped.elf');
  writeFileSync(file, tinyKernel());
  const drop = async () => {
    // A file made by the page has no path; one chosen in a file field has.
    await page.evaluate(() => {
      const input = Object.assign(document.createElement('input'), { type: 'file', id: 'chosen', hidden: true });
      document.body.append(input);
    });
    await page.locator('#chosen').setInputFiles(file);
    await page.evaluate(() => {
      const input = document.querySelector<HTMLInputElement>('#chosen')!;
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(input.files![0]!);
      window.dispatchEvent(new DragEvent('drop', { dataTransfer }));
      input.remove();
    });
  };
  await drop();
  await expect(page.getByTestId('guest-menu')).toHaveText(/dropped\.elf/);
  await page.getByTestId('toolbar-start').click();
  await drop();
  await expect(page.getByTestId('start-library:dropped.elf')).toBeChecked();
});

test('axe finds nothing on the start page, in either theme', async ({ kseg, page }) => {
  const file = path.join(kseg.userData, 'vmlinux-6.1.0-tiny');
  writeFileSync(file, tinyKernel());
  await answerDialog(kseg, [file]);
  await page.getByTestId('toolbar-start').click();
  await page.getByTestId('start-memory').fill('12');
  await page.getByTestId('start-boot').click();
  for (const theme of ['light', 'dark']) {
    await kseg.app.evaluate(
      ({ Menu }, id) => Menu.getApplicationMenu()!.getMenuItemById(id)!.click(),
      `view.theme.${theme}`,
    );
    await expect(page.locator('html')).toHaveAttribute('data-theme', theme);
    expect(await axe(page)).toEqual([]);
  }
  await page.getByTestId('start-import').click();
  await expect(page.getByTestId('start-library:vmlinux-6.1.0-tiny')).toBeChecked();
  expect(await axe(page)).toEqual([]);
});

test('without a machine the start page is there', async () => {
  const { page, stop } = await launch({ args: ['/nowhere/vmlinux'] });
  await expect(page.getByTestId('start-boot')).toBeVisible();
  await page.getByTestId('start-boot').click();
  await expect.poll(() => consoleTail(page)).toMatch(PROMPT);
  await stop();
});
