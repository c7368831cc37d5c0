import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // For renderer modules that use runes.
  plugins: [svelte({ configFile: false })],
  test: {
    include: ['{emulator,main,renderer,scripts}/**/*.test.ts'],
    environment: 'node',
    pool: 'threads',
    testTimeout: 60_000,
  },
});
