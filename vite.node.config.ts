import path from 'node:path';
import { type UserConfig, defineConfig } from 'vite';
import { PROTOCOL } from './vite.protocol.ts';

const at = (file: string) => path.join(import.meta.dirname, file);

/** Bundles for Node, one file each with all they need: `vite build -c vite.node.config.ts --mode main|emulator`. */
const node = (folder: string, entries: string[]): UserConfig => ({
  define: PROTOCOL,
  build: {
    ssr: true,
    outDir: at(`dist/${folder}`),
    emptyOutDir: true,
    target: 'node20',
    minify: false,
    sourcemap: true,
    rolldownOptions: {
      input: Object.fromEntries(entries.map((entry) => [entry, at(`${folder}/${entry}.ts`)])),
      external: ['electron'],
      output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
    },
  },
  ssr: { noExternal: true, external: ['electron'] },
});

/** A sandboxed preload can be CommonJS only. */
const preload: UserConfig = {
  build: {
    outDir: at('dist/preload'),
    emptyOutDir: true,
    target: 'chrome130',
    minify: false,
    lib: { entry: at('main/preload.ts'), formats: ['cjs'], fileName: () => 'preload.cjs' },
    rolldownOptions: { external: ['electron'] },
  },
};

export default defineConfig(({ mode }) => {
  if (mode === 'preload') return preload;
  return mode === 'emulator'
    ? node('emulator', ['worker', 'cli', 'compile-thread'])
    : node('main', ['main', 'import-worker']);
});
