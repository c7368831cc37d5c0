import { availableParallelism } from 'node:os';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { PROTOCOL } from './vite.protocol.ts';

export default defineConfig({
  // For renderer modules that use runes.
  plugins: [svelte({ configFile: false })],
  define: PROTOCOL,
  test: {
    include: ['{emulator,main,renderer,scripts}/**/*.test.ts'],
    environment: 'node',
    pool: 'threads',
    // Left to itself it keeps a core back, which of two is half.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 60_000,
  },
});
