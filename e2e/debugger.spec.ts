/**
 * Translate, CPU and Breakpoints at work, held against the emulator's own dump of the same instant: the raw TLB and
 * registers that come over the bridge.
 */
import type { Page } from '@playwright/test';
import type { CpuView, RunState, TlbView, ViewUpdate } from '../emulator/protocol.ts';
import { axe, smallText } from './axe.ts';
import { consoleTail, expect, test } from './launch.ts';
import { resize } from './tables.ts';

const PROMPT = /lab\$ $/;
const hex = (value: number, digits = 8) => `0x${(value >>> 0).toString(16).padStart(digits, '0')}`;

test.beforeEach(async ({ page }) => {
  await expect.poll(() => consoleTail(page)).toMatch(PROMPT);
  await page.keyboard.press('Control+Shift+Digit2');
  await expect(page.getByTestId('panel-translate')).toBeVisible();
});

/** The emulator's own view of the machine where it stands, all parts of it. */
async function dump(page: Page): Promise<ViewUpdate & { tlb: TlbView; cpu: CpuView }> {
  return page.evaluate(
    () =>
      new Promise((resolve) => {
        const end = window.kseg.onView((view) => {
          if (!view.tlb || !view.cpu?.memory) return;
          end();
          resolve(view as never);
        });
        const code = { address: null, before: 9, after: 22 };
        const memory = { address: 'sp', physical: false, bytes: 256 };
        window.kseg.watch({
          segments: true,
          tlb: true,
          slot: null,
          breakpoints: true,
          cpu: { fpu: false, code, memory },
        });
      }),
  );
}

async function pause(page: Page): Promise<void> {
  await page.getByTestId('toolbar-toggle').click();
  await expect(page.getByTestId('status-state')).toHaveText(/^paused/);
}

/** pingpong, stopped right after a change of ASID. */
async function atAsidChange(page: Page): Promise<void> {
  await front(page, 'console');
  await page.keyboard.type('pingpong 1000000\n');
  await page.getByTestId('toolbar-asid').click();
  await expect(page.getByTestId('status-state')).toHaveText(/^paused/);
}

async function front(page: Page, panel: string): Promise<void> {
  const keys = { translate: 'T', cpu: 'J', breakpoints: 'D', console: 'K' }[panel];
  await page.keyboard.press(`Control+Shift+Key${keys}`);
  await expect(page.getByTestId(`panel-${panel}`)).toBeVisible();
}

/** The guest TLB's answer, looked up here. */
function lookup(tlb: TlbView, va: number, asid: number): { index: number; gpa: number; v: boolean; d: boolean } | null {
  for (let i = 0; i < tlb.entryHi.length; i++) {
    const pair = (tlb.pageMask[i]! | 0x1fff) >>> 0;
    if (((tlb.entryHi[i]! ^ va) & ~pair) !== 0) continue;
    const global = (tlb.entryLo0[i]! & tlb.entryLo1[i]! & 1) === 1;
    if (!global && (tlb.entryHi[i]! & 0xff) !== asid) continue;
    const page = (pair + 1) / 2;
    const lo = Math.floor(va / page) % 2 === 1 ? tlb.entryLo1[i]! : tlb.entryLo0[i]!;
    const gpa = (((lo >>> 6) * 4096) & ~(page - 1)) + (va % page);
    return { index: i, gpa, v: (lo & 2) !== 0, d: (lo & 4) !== 0 };
  }
  return null;
}

test('CPU shows the registers of this instant, and marks what a step changes', async ({ page }) => {
  await front(page, 'cpu');
  await atAsidChange(page);
  const before = await dump(page);
  for (const [i, name] of ['at', 'v0', 'a0', 't9', 'sp', 'ra'].entries()) {
    const index = [1, 2, 4, 25, 29, 31][i]!;
    await expect(page.getByTestId(`reg-${name}`)).toHaveText(hex(before.cpu.registers[index]!));
  }
  await expect(page.getByTestId('reg-pc')).toHaveText(hex(before.pc));
  await expect(page.getByTestId('cp0-EntryHi')).toContainText(`ASID ${hex(before.asid, 2)}`);
  await expect(page.locator('[data-testid=code-line].pc')).toHaveAttribute('data-address', hex(before.pc).slice(2));

  await page.keyboard.press('Control+Shift+KeyN');
  await expect.poll(async () => (await dump(page)).instructions).toBeGreaterThan(before.instructions);
  const after = await dump(page);
  const differing = [...after.cpu.registers.keys()].filter((i) => after.cpu.registers[i] !== before.cpu.registers[i]);
  expect(after.cpu.changed).toEqual(differing);
  await expect(page.locator('[data-testid^=reg-][data-changed]')).toHaveCount(differing.length);
  await expect(page.getByTestId('reg-pc')).toHaveText(hex(after.pc));
});

test('code is in sight where the guest stops, in a low window too, with what it leads to', async ({ kseg, page }) => {
  await resize(kseg, 1100, 720);
  await front(page, 'cpu');
  const pc = page.locator('[data-testid=code-line].pc');
  await atAsidChange(page);
  const box = (await pc.boundingBox())!;
  const panel = (await page.getByTestId('panel-cpu').boundingBox())!;
  expect(box.y + 8 * box.height).toBeLessThanOrEqual(panel.y + panel.height);
  // switch_mm keeps which page directory is current, and returns.
  const note = page.getByTestId('code-line').locator('.note').filter({ hasText: 'current_pgd' });
  await expect(note.first()).toBeVisible();
  expect((await note.first().boundingBox())!.width).toBeGreaterThan(100);
  // Its columns stand beside one another.
  const gaps = await pc.evaluate((row) => {
    const right = (cell: Element) => {
      const range = document.createRange();
      range.selectNodeContents(cell);
      return range.getBoundingClientRect().right;
    };
    const [, address, word, text] = row.children as unknown as Element[];
    return [word!.getBoundingClientRect().left - right(address!), text!.getBoundingClientRect().left - right(word!)];
  });
  for (const gap of gaps) expect(gap).toBeGreaterThan(6);
  const line = page.getByTestId('code-line').filter({ hasText: /lw\s+ra, 28\(sp\)/ });
  await page.keyboard.press('Control+Shift+KeyN');
  await expect(line).toHaveClass(/pc/);
  const sp = Number((await dump(page)).cpu.registers[29]);
  await expect(line).toContainText(hex(sp + 28));
  await expect(page.getByTestId('status-state')).toHaveText('paused');
});

test('memory and registers are edited where the guest stands', async ({ page }) => {
  await front(page, 'cpu');
  await pause(page);
  await page.getByTestId('cpu-set-register').selectOption({ label: 'v1' });
  await page.getByTestId('cpu-set-value').fill('0x1234abcd');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('reg-v1')).toHaveText('0x1234abcd');
  await page.getByTestId('memory-address').fill('ticks');
  await expect(page.getByTestId('panel-cpu')).toContainText('ticks');
  const address = (await page.getByTestId('memory-row').first().getAttribute('data-address'))!;
  await page.getByTestId('memory-set-address').fill(`0x${address}`);
  await page.getByTestId('memory-set-bytes').fill('de ad be ef');
  await page.getByTestId('memory-set').click();
  await expect(page.getByTestId('memory-row').first()).toContainText('de ad be ef');
  await page.getByTestId('memory-address').fill('0x00000000');
  await expect(page.getByTestId('memory-row').first()).toContainText('not mapped');
  await page.getByTestId('memory-address').fill('nowhere');
  await expect(page.getByTestId('memory-error')).toContainText('no register and no symbol "nowhere"');
});

test('an EntryHi written in the CPU panel flushes as the guest does', async ({ page }) => {
  await atAsidChange(page);
  await front(page, 'cpu');
  const before = await dump(page);
  const asid = (before.asid + 1) & 0xff;
  await page.getByTestId('cp0-set-register').selectOption({ label: 'EntryHi' });
  await page.getByTestId('cp0-set-value').fill(hex(asid));
  await page.getByTestId('cp0-set').click();
  await expect(page.getByTestId('cp0-EntryHi')).toContainText(`ASID ${hex(asid, 2)} was ${hex(before.asid, 2)}`);
  const after = await dump(page);
  expect(after.asid).toBe(asid);
  expect(after.asidChanges).toBe(before.asidChanges + 1);
  expect(after.kernel!.flushes).toBe(before.kernel!.flushes + 1);
  expect(after.kernel!.lastFlush).toMatchObject({ oldAsid: before.asid, newAsid: asid });
  expect(after.kernel!.segments.kseg0!.pages).toBe(before.kernel!.segments.kseg0!.pages);
  // In kernel mode the user table waits.
  expect(after.user!.flushes).toBe(before.user!.flushes);
  expect(after.pc).toBe(before.pc);

  await page.getByTestId('cp0-set-register').selectOption({ label: 'Index' });
  await page.getByTestId('cp0-set-value').fill('64');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('message')).toContainText('Index cannot be 64: give a TLB entry, 0 to 63.');
});

test('Translate tells what the TLB and the tables hold', async ({ page }) => {
  await atAsidChange(page);
  await front(page, 'translate');
  const { tlb, asid } = await dump(page);
  const own = [...tlb.entryHi.keys()].find((i) => {
    const global = (tlb.entryLo0[i]! & tlb.entryLo1[i]! & 1) === 1;
    return !global && (tlb.entryHi[i]! & 0xff) === asid && (tlb.entryLo0[i]! & 2) !== 0 && tlb.entryHi[i]! < 0x40000000;
  })!;
  const va = ((tlb.entryHi[own]! & ~0x1fff) | 0x124) >>> 0;
  await page.getByTestId('translate-address').fill(hex(va));
  const hit = lookup(tlb, va, asid)!;
  await page.getByTestId('translate-mode').selectOption('user');
  await expect(page.getByTestId('translate-verdict')).toContainText(
    `Hits: guest TLB entry ${hit.index} maps it to ${hex(hit.gpa)}.`,
  );
  await expect(page.getByTestId('step-gpa')).toContainText(hex(hit.gpa));
  // The ASID has just changed: the user table is the other one's until user mode is entered.
  const gva = page.getByTestId('step-gva');
  if ((await gva.getAttribute('data-mark')) === 'stale') await expect(gva).toContainText('KMF_USER');

  // Under another ASID the same page is not there, unless that one has it too.
  const other = [...new Set([...tlb.entryHi].map((hi) => hi & 0xff))].find((each) => !lookup(tlb, va, each))!;
  await page.getByTestId('translate-asid').fill(hex(other, 2));
  await expect(page.getByTestId('translate-verdict')).toContainText(
    'Misses: the guest TLB holds this page only for ASID',
  );
  await expect(page.getByTestId('step-tlb')).toHaveAttribute('data-mark', 'fail');
  await expect(page.getByTestId('step-next')).toContainText('refill exception: vector 0x40000000');
  await expect(page.getByTestId('translate-entries')).toContainText(`≠ ${hex(other, 2)}`);
  await page.getByTestId('translate-asid').fill('');

  // And back: the page is reached by the address, by kseg0, and by the entry.
  await page.getByTestId('translate-reverse').click();
  const ways = page.getByTestId('reverse-ways');
  await expect(ways).toContainText(hex(va));
  await expect(ways).toContainText(`guest TLB entry ${hit.index}`);
  await expect(ways).toContainText(hex(0x40000000 + hit.gpa));

  await page.getByTestId('translate-direction-virtual').check({ force: true });
  await page.getByTestId('translate-address').fill('0x40001000');
  await expect(page.getByTestId('translate-verdict')).toContainText('guest user mode may not reach kseg0');
  await page.getByTestId('translate-address').fill('a0 +');
  await expect(page.getByTestId('translate-error')).toContainText('something is missing at the end');
});

test('a breakpoint on a symbol stops before it, by keyboard alone', async ({ page }) => {
  await front(page, 'breakpoints');
  await expect(page.getByTestId('break-argument')).toBeFocused();
  await page.keyboard.type('swich_mm');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('break-problem')).toContainText(
    'There is no symbol "swich_mm" in this guest; check its spelling.',
  );
  await page.getByTestId('break-argument').fill('switch_mm');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('breakpoint-1')).toContainText('switch_mm');

  await front(page, 'console');
  await page.keyboard.type('pingpong 1000000\n');
  await expect(page.getByTestId('status-state')).toHaveText(
    /paused: Breakpoint 1 \(switch_mm\): before 0x4010\w+ switch_mm; kernel/,
  );
  const stopped = await dump(page);
  expect(stopped.symbol).toBe('switch_mm');
  expect(stopped.pc).toBe(stopped.breakpoints![0]!.address);
  await expect(page.getByTestId('panel-cpu')).toBeVisible();
  await expect(page.locator('[data-testid=code-line].pc')).toHaveAttribute('data-address', hex(stopped.pc).slice(2));

  await page.keyboard.press('Control+Shift+KeyR');
  await expect(page.getByTestId('breakpoint-1-hits')).toHaveText('2');
  const again = await dump(page);
  expect(again.pc).toBe(stopped.pc);
  expect(again.instructions).toBeGreaterThan(stopped.instructions);

  // A condition that cannot be read is refused and changes nothing.
  const condition = page.getByTestId('breakpoint-1-condition');
  await condition.fill('a0 ==');
  await condition.press('Enter');
  await expect(page.getByTestId('panel-breakpoints').getByRole('alert')).toContainText(
    'something is missing at the end',
  );
  await condition.fill('0');
  await condition.press('Enter');
  await page.keyboard.press('Control+Shift+KeyR');
  await expect(page.getByTestId('status-state')).toHaveText('running');
  await page.getByTestId('breakpoint-1-remove').click();
  await expect(page.getByTestId('breakpoints')).toBeHidden();
  await expect(page.getByTestId('status-state')).toHaveText('running');
});

test('events stop the guest where they happen', async ({ page }) => {
  await front(page, 'console');
  await page.keyboard.type('pingpong 1000000\n');
  await front(page, 'breakpoints');
  for (const [kind, argument, message] of [
    ['flush', 'user', /KMF_USER flush of the user table/],
    ['exit', 'TLBL', /exit TLBL at/],
    ['exception', 'Sys', /exception Sys at/],
    ['asid', '', /ASID 0x\w\w to 0x\w\w before/],
  ] as const) {
    await page.getByTestId('break-kind').selectOption(kind);
    await page.getByTestId('break-argument').fill(argument);
    await page.getByTestId('break-add').click();
    await expect(page.getByTestId('breakpoint-stop')).toHaveText(message);
    const { instructions } = await dump(page);
    const run = await page.evaluate(
      () =>
        new Promise<RunState>((resolve) => {
          const end = window.kseg.onState((state) => {
            if (state.state === 'paused') {
              end();
              resolve(state);
            }
          });
          window.kseg.run();
        }),
    );
    expect(run).toMatchObject({ state: 'paused', stop: { spec: argument ? `${kind}:${argument}` : kind } });
    const next = await dump(page);
    expect(next.instructions).toBeGreaterThan(instructions);
    expect(next.breakpoints![0]!.hits).toBe(2);
    await page.locator('[data-testid$=-remove]').click();
    await page.getByTestId('toolbar-toggle').click();
    await expect(page.getByTestId('status-state')).toHaveText('running');
  }
});

test('stepping over a call comes back behind it', async ({ page }) => {
  await front(page, 'breakpoints');
  await page.getByTestId('break-argument').fill('schedule');
  await page.getByTestId('break-add').click();
  await front(page, 'console');
  await page.keyboard.type('pingpong 1000\n');
  await expect(page.getByTestId('status-state')).toHaveText(/Breakpoint 1/);
  await page.getByTestId('breakpoint-1-enabled').uncheck();
  // To the first call in it.
  let word = 0;
  let at = 0;
  for (let i = 0; i < 40 && word >>> 26 !== 3; i++) {
    const { cpu, pc, instructions } = await dump(page);
    word = cpu.code.lines.find(({ address }) => address === pc)!.word!;
    at = pc;
    if (word >>> 26 === 3) break;
    await page.keyboard.press('Control+Shift+KeyN');
    await expect.poll(async () => (await dump(page)).instructions).toBeGreaterThan(instructions);
  }
  expect(word >>> 26).toBe(3);
  const { cpu } = await dump(page);
  await page.keyboard.press('Control+Shift+KeyM');
  await expect.poll(async () => (await dump(page)).pc).toBe(at + 8);
  expect((await dump(page)).cpu.registers[29]).toBe(cpu.registers[29]);
});

test('the question of Translate stands in one line at 1100 pixels', async ({ kseg, page }) => {
  await kseg.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.setContentSize(1100, 720));
  await expect.poll(() => page.evaluate(() => window.innerWidth)).toBe(1100);
  await front(page, 'translate');
  const top = async (id: string) => (await page.getByTestId(id).boundingBox())!.y;
  await page.getByTestId('translate-mode').selectOption('user');
  expect(Math.abs((await top('translate-asid')) - (await top('translate-access')))).toBeLessThan(4);
  // What is meant has a line of its own, however long its name is.
  await page.getByTestId('toolbar-toggle').click();
  await page.getByTestId('translate-address').fill('user_system_call+4');
  const meant = page.getByTestId('translate-meant');
  await expect(meant).toHaveText(/^0x[0-9a-f]{8} user_system_call\+0x4$/);
  expect(await meant.evaluate((line) => line.scrollWidth <= line.clientWidth)).toBe(true);
});

test('every theme is readable, and nothing needs a mouse', async ({ page }) => {
  await front(page, 'breakpoints');
  await page.getByTestId('break-argument').fill('switch_mm+4');
  await page.getByTestId('break-add').click();
  await front(page, 'console');
  await page.keyboard.type('pingpong 1000\n');
  await expect(page.getByTestId('status-state')).toHaveText(/Breakpoint 1/);
  await front(page, 'translate');
  await page.getByTestId('translate-address').fill('0x00402000');
  await expect(page.getByTestId('translate-verdict')).toBeVisible();
  await front(page, 'cpu');
  for (const theme of ['light', 'dark', 'contrast']) {
    await page.evaluate((name) => (document.documentElement.dataset.theme = name), theme);
    expect(await axe(page), theme).toEqual([]);
  }
  expect(await smallText(page)).toEqual([]);
});
