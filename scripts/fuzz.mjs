/** `npm run fuzz [-- SEQUENCES]`: the random state machines of the emulator, many more sequences than `npm test` runs. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { ROOT } from './lib/run.mjs';

const sequences = Number(process.argv[2] ?? 40_000);
if (!Number.isInteger(sequences) || sequences < 1) {
  console.error(`fuzz: ${process.argv[2]}: the number of sequences must be a whole number from 1.`);
  process.exit(2);
}
const { status } = spawnSync(
  process.execPath,
  [path.join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', 'state-machine.property', 'mmu.property'],
  { cwd: ROOT, stdio: 'inherit', env: { ...process.env, KSEG_FUZZ_RUNS: String(sequences) } },
);
process.exitCode = status ?? 1;
