import { defineConfig } from '@playwright/test';

/** `app`: the build in dist/. `packaged`: release/linux-unpacked. */
export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  timeout: 60_000,
  expect: { timeout: 15_000 },
  // Each test has an app and a profile of its own, but two apps would fight over two cores.
  workers: 1,
  // Electron under Xvfb hangs in a rare launch; a test that needed its second try is named at the end of `npm test`.
  retries: 1,
  forbidOnly: true,
  reporter: 'list',
  projects: [
    { name: 'app', testIgnore: /packaged\.spec\.ts$/ },
    { name: 'packaged', testMatch: /packaged\.spec\.ts$/ },
  ],
});
