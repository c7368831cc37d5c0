// Writes the files that are generated from tables; Vite loads the TypeScript.
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const server = await createServer({
  root,
  configFile: false,
  server: { middlewareMode: true },
  optimizeDeps: { noDiscovery: true },
  logLevel: 'error',
});
try {
  const { generateInterpreter } = await server.ssrLoadModule('/emulator/cpu/generate-interpreter.ts');
  writeFileSync(join(root, 'emulator/cpu/interpreter.generated.ts'), generateInterpreter());
} finally {
  await server.close();
}
