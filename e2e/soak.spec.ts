/** The soak in small: its own checks of panels and console, after a page loaded anew in the middle of both. */
import { expect, test } from '@playwright/test';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { ROOT } from './launch.ts';

test('50,000 events and 4 MB of console, the page loaded anew in between, leave everything right', async () => {
  test.setTimeout(180_000);
  const args = [path.join(ROOT, 'scripts/bench-ui.mjs'), '--soak', '--events', '50000', '--mb', '4'];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()));
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect(code, output).toBe(0);
  expect(output).toMatch(/MB printed/);
});
