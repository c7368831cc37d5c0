/** Serves the renderer with an invented machine: `npx vite --config renderer/dev/vite.config.ts`. */
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

const here = new URL('.', import.meta.url).pathname;

export default defineConfig({
  root: here + '..',
  base: './',
  plugins: [svelte()],
  server: { open: '/dev/' },
  build: {
    outDir: process.env.KSEG_DEV_OUT ?? '/tmp/kseg-dev',
    emptyOutDir: true,
    target: 'chrome130',
    assetsInlineLimit: 0,
    rollupOptions: { input: here + 'index.html' },
  },
});
