/**
 * A long use of the window in a short time: very many timeline events, then a console flood, the page loaded anew in the
 * middle of each. What panels and console show in the end is held against the machine; memory is told.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { FLOOD_END, FLOOD_LINE, floodKernel } from './flood-kernel.mjs';
import { Problem, step } from './run.mjs';
import { memoryTable } from './ui-frames.mjs';

const PROMPT = 'lab$ ';
const SETTLE_MS = 10_000;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks again and again until the answer will do. @throws Problem naming the last answer, after `ms` */
async function until(ask, good, { what, ms = Infinity }) {
  const since = Date.now();
  for (;;) {
    const answer = await ask();
    if (good(answer)) return answer;
    if (Date.now() - since > ms) throw new Problem(`${what}: ${JSON.stringify(answer)}.`);
    await pause(100);
  }
}

/** Events since power-on, of the timeline's own totals. */
const events = (app) =>
  app.page.evaluate(async () => {
    const answer = await window.kseg.timeline({ from: 0, step: 1, buckets: 1, marks: 0 });
    return answer.totals.reduce((sum, n) => sum + n, 0);
  });

/** The figure that an element shows, without its separators. */
const shown = async (app, testId) => {
  const text = await app.page.getByTestId(testId).first().textContent();
  return Number((text ?? '').replace(/[^0-9]/g, ''));
};

/** Holds what the panels of the MMU layout show of a paused machine against the machine's own figures. */
async function checkPanels(app) {
  const { instructions, asidChanges, kernel, user } = await app.standStill();
  const wanted = {
    'status-instructions': instructions,
    'segments-kernel-flushes': kernel.flushes,
    'segments-user-flushes': user.flushes,
    'timeline-total-asid': asidChanges,
  };
  for (const [testId, figure] of Object.entries(wanted)) {
    const what = `${testId} does not show ${figure}`;
    await until(
      () => shown(app, testId),
      (is) => is === figure,
      { what, ms: SETTLE_MS },
    );
  }
  const rows = () => app.page.locator('[data-testid^=tlb-row-]').count();
  await until(rows, (count) => count > 0, { what: 'the TLB panel has no rows', ms: SETTLE_MS });
}

/** @returns the app's request that boots a kernel of ours */
async function floodRequest(app, lines) {
  const kernel = path.join(app.profile, 'flood.elf');
  writeFileSync(kernel, floodKernel(lines));
  const folder = path.join(app.profile, 'configurations');
  mkdirSync(folder, { recursive: true });
  const configuration = { format: 1, name: 'Flood', kernel: { file: kernel }, machine: 'malta' };
  writeFileSync(path.join(folder, 'flood.json'), JSON.stringify(configuration));
  return app.page.evaluate(async () => (await window.kseg.configurations()).list[0].request);
}

/** Bytes that the machine has printed since it was booted, of its own counters. */
const printedBytes = async (app) => {
  await app.standStill();
  return app.page.evaluate(
    () =>
      new Promise((resolve) => {
        const end = window.kseg.onView(({ counts }) => {
          if (!counts) return;
          end();
          resolve(counts.consoleBytes);
        });
        window.kseg.watch({ counts: true, segments: false, tlb: false, slot: null });
      }),
  );
};

/** @returns the figures, and the `text` to print. @throws Problem when something is not as it must be */
export async function soak(app, { events: wanted, mb }) {
  const moments = {};
  await app.boot({ machine: 'kvm' });
  await app.printed(PROMPT);
  moments['at the prompt'] = await app.memory();

  await step(`${wanted} timeline events, the page loaded anew half-way`, async () => {
    await app.type('pingpong 1000000\r');
    await until(
      () => events(app),
      (count) => count >= wanted / 2,
      {},
    );
    await app.reload();
    await until(
      () => events(app),
      (count) => count >= wanted,
      {},
    );
    await checkPanels(app);
  });
  moments[`${wanted} events`] = await app.memory();

  const lines = Math.ceil((mb * 1e6) / FLOOD_LINE.length);
  const bytes = lines * FLOOD_LINE.length + FLOOD_END.length;
  const end = FLOOD_LINE + FLOOD_END;
  await step(`${mb} MB on the console, the page loaded anew half-way`, async () => {
    const since = performance.now();
    await app.boot(await floodRequest(app, lines));
    const taken = () => app.page.evaluate(() => window.probe.bytes);
    await until(taken, (count) => count >= bytes / 2, {});
    moments[`${mb / 2} MB printed`] = await app.memory();
    await app.reload();
    const tail = () =>
      app.page.evaluate(() => document.querySelector('[data-testid=console]').dataset.tail.slice(-200));
    await until(tail, (text) => text.endsWith(end), {});
    moments.seconds = (performance.now() - since) / 1000;
    const what = `the machine did not print ${bytes} bytes`;
    await until(
      () => printedBytes(app),
      (count) => count === bytes,
      { what, ms: SETTLE_MS },
    );
  });
  const { seconds, ...memory } = moments;
  memory[`${mb} MB printed`] = await app.memory();
  const text = `${memoryTable(memory)}\n\nconsole: ${(mb / seconds).toFixed(1)} MB/s`;
  console.log(`\n${text}`);
  return { memory, seconds };
}
