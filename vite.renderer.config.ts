import { svelte } from '@sveltejs/vite-plugin-svelte';
import path from 'node:path';
import { defineConfig } from 'vite';

const at = (file: string) => path.join(import.meta.dirname, file);

export default defineConfig({
  root: at('renderer'),
  base: './',
  plugins: [svelte({ configFile: false })],
  build: {
    outDir: at('dist/renderer'),
    emptyOutDir: true,
    target: 'chrome130',
    // Fonts and icons stay files of their own: the content security policy allows no data: fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Read from the disk, not over a network.
    chunkSizeWarningLimit: 4000,
  },
});
