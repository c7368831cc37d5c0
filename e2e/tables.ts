/** What tests of the tables and the TLB share: the emulator's own dump of an instant, and ways to come to one. */
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
import { type Launched, consoleTail, expect } from './launch.ts';

export const PROMPT = /lab\$ $/;
export const hex = (value: number, digits = 8) => `0x${(value >>> 0).toString(16).padStart(digits, '0')}`;
export const decimal = (value: number) => value.toLocaleString('en-US');

export const resize = ({ app }: Launched, width: number, height: number): Promise<void> =>
  app.evaluate(({ BrowserWindow }, size) => BrowserWindow.getAllWindows()[0]!.setContentSize(size.width, size.height), {
    width,
    height,
  });

/** The next view that answers a request; the emulator goes on with it. */
export function ask(page: Page, request: ViewRequest): Promise<ViewUpdate> {
  return page.evaluate(
    (wanted) =>
      new Promise<ViewUpdate>((resolve) => {
        const end = window.kseg.onView((view) => {
          const fits =
            (view.slot?.slot ?? null) === wanted.slot &&
            (view.kernel !== undefined) === wanted.segments &&
            (view.tlb !== undefined) === wanted.tlb &&
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
export async function openedSlot(page: Page): Promise<number> {
  return Number(/0x[0-9a-f]+/.exec((await page.getByTestId('slot-kernel-number').textContent())!)![0]);
}

/** Every page of both tables by address, from dumps of one slot after the other; and the whole view. */
export async function dump(page: Page) {
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

export async function toAsidChange(page: Page): Promise<void> {
  const before = await page.getByTestId('segments-kernel-flushes').textContent();
  await page.getByTestId('toolbar-asid').click();
  await expect(page.getByTestId('status-state')).toHaveText(/^paused/);
  await expect(page.getByTestId('segments-kernel-flushes')).not.toHaveText(before!);
}

export async function type(page: Page, text: string): Promise<void> {
  await page.getByTestId('console').click();
  await page.keyboard.type(`${text}\n`);
}

export async function boot(page: Page, config: Pick<BootConfig, 'machine' | 'policy' | 'tlbEntries'>): Promise<void> {
  const before = await consoleTail(page);
  await page.evaluate((wanted) => window.kseg.boot(wanted), config);
  await expect(page.getByTestId('status-policy')).toHaveText(config.policy ?? 'lazy-user');
  await expect(page.getByTestId('machine-label')).toContainText(config.machine ?? 'kvm');
  await expect.poll(() => consoleTail(page)).not.toBe(before);
  await expect.poll(() => consoleTail(page)).toMatch(PROMPT);
}

export async function step(page: Page, instructions: number): Promise<void> {
  const before = await page.getByTestId('status-instructions').textContent();
  await page.evaluate((n) => window.kseg.step(n), instructions);
  await expect(page.getByTestId('status-instructions')).not.toHaveText(before!);
}
