/**
 * `npm test`: sets up what is missing, then runs every check there is. Ends with one line, `N passed, N failed`: each
 * check that is no test suite counts as one, each test as one.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { electronRuntime } from './electron-runtime.mjs';
import { Problem, ROOT, elapsed, endOnSignals, isLinux, isRoot, npm, run } from './lib/run.mjs';
import {
  APP_PACKAGES,
  DISPLAY_PACKAGES,
  GUEST_PACKAGES,
  checkNode,
  ensureBuilt,
  ensureNodeModules,
  ensurePackages,
  missingPackages,
} from './lib/setup.mjs';

const MINUTE = 60_000;
const results = mkdtempSync(path.join(os.tmpdir(), 'kseg-test-'));
const bin = (name) => path.join(ROOT, 'node_modules/.bin', name);

let passed = 0;
let failed = 0;
const notes = [];

/** Prints a failed step's output. Its lines are set in, so that none of them is taken for the last line here. */
function show(output) {
  const lines = output.trimEnd().split('\n');
  if (lines.length > 400) lines.splice(200, lines.length - 400, `... ${lines.length - 400} lines left out ...`);
  console.log(lines.map((line) => `    ${line}`).join('\n'));
}

/**
 * One step: counts what it returns; a step that throws or counts nothing has failed once.
 * @param {() => Promise<{ passed: number, failed: number, output: string, skipped?: string[] }>} work
 */
async function check(title, work) {
  const since = Date.now();
  console.log(`${title} ...`);
  const beat = setInterval(() => console.log(`  still at it after ${elapsed(since)}`), 20_000);
  let count;
  try {
    count = await work();
  } catch (error) {
    count = { passed: 0, failed: 1, output: error instanceof Problem ? error.message : String(error?.stack ?? error) };
  } finally {
    clearInterval(beat);
  }
  passed += count.passed;
  failed += count.failed;
  if (count.failed > 0) show(count.output);
  for (const name of count.skipped ?? []) notes.push(`skipped: ${name}`);
  const tests = count.passed + count.failed > 1 ? `, ${count.passed} of ${count.passed + count.failed} tests` : '';
  console.log(`  ${count.failed > 0 ? 'FAILED' : 'ok'} in ${elapsed(since)}${tests}`);
  return count.failed === 0;
}

/** A program that passes or fails as a whole. */
async function program(command, args, options) {
  const { code, output } = await run(command, args, { timeoutMs: 5 * MINUTE, ...options });
  return code === 0 ? { passed: 1, failed: 0, output } : { passed: 0, failed: 1, output };
}

/** A suite that writes its results as JSON: a crash after, before or instead of them counts as one more failure. */
async function suite(command, args, { file, read, ...options }) {
  const { code, output } = await run(command, args, options);
  let count = { passed: 0, failed: 0 };
  if (existsSync(file)) count = read(JSON.parse(readFileSync(file, 'utf8')));
  if (count.passed + count.failed === 0 || (code !== 0 && count.failed === 0)) count.failed++;
  return { ...count, output };
}

function vitest() {
  const file = path.join(results, 'vitest.json');
  return suite(bin('vitest'), ['run', '--reporter=dot', '--reporter=json', `--outputFile.json=${file}`], {
    file,
    timeoutMs: 15 * MINUTE,
    read: ({ numPassedTests, numFailedTests, testResults }) => ({
      passed: numPassedTests,
      // A file that cannot even be loaded has no tests to fail.
      failed:
        numFailedTests + testResults.filter((f) => f.status === 'failed' && f.assertionResults.length === 0).length,
      skipped: testResults.flatMap((f) =>
        f.assertionResults.filter(({ status }) => !['passed', 'failed'].includes(status)).map((t) => t.fullName),
      ),
    }),
  });
}

/** On Linux in a display of its own, so that no window appears and none is in the way. */
async function playwright(project, dist) {
  const file = path.join(results, `${project}.json`);
  const args = [bin('playwright'), 'test', `--project=${project}`, '--reporter=list,json'];
  const virtual = isLinux && existsSync('/usr/bin/xvfb-run');
  if (isLinux && !virtual && !process.env.DISPLAY) {
    throw new Problem('The app cannot be tested without a display: sudo apt-get install xvfb xauth');
  }
  const [command, ...rest] = virtual ? ['xvfb-run', '-a', '-s', '-screen 0 1600x1000x24', ...args] : args;
  const skipped = [];
  return suite(command, rest, {
    file,
    timeoutMs: 15 * MINUTE,
    env: { PLAYWRIGHT_JSON_OUTPUT_NAME: file, ELECTRON_OVERRIDE_DIST_PATH: dist },
    read: ({ stats, errors, suites }) => {
      const walk = ({ specs = [], suites: inner = [] }) => {
        for (const { title, tests } of specs) {
          const annotation = tests[0]?.annotations?.find(({ type }) => type === 'skip' || type === 'fixme');
          if (tests.some(({ status }) => status === 'flaky')) notes.push(`passed at the second try: ${title}`);
          if (tests.some(({ status }) => status === 'skipped')) {
            skipped.push(annotation?.description ? `${title}: ${annotation.description}` : title);
          }
        }
        inner.forEach(walk);
      };
      suites.forEach(walk);
      return { passed: stats.expected + stats.flaky, failed: stats.unexpected + errors.length, skipped };
    },
  });
}

async function main() {
  let runtime;
  const ready = await check('Setting up', async () => {
    checkNode();
    if (isRoot) {
      await ensurePackages([...APP_PACKAGES, ...DISPLAY_PACKAGES, ...GUEST_PACKAGES], 'The test suite');
    } else {
      await ensurePackages([...APP_PACKAGES, ...DISPLAY_PACKAGES], 'The test suite');
      const missing = await missingPackages(GUEST_PACKAGES);
      if (missing.length > 0)
        notes.push(`skipped: guest checks that need \`sudo apt-get install ${missing.join(' ')}\``);
    }
    await ensureNodeModules();
    runtime = await electronRuntime();
    console.log(`Electron ${runtime.version} (${runtime.origin})`);
    await ensureBuilt();
    const guests = await run(process.execPath, [path.join(ROOT, 'scripts/guests.mjs'), '--no-import'], {
      timeoutMs: 3 * MINUTE,
    });
    if (guests.code !== 0) {
      const why = guests.output.trim().split('\n').at(-1);
      notes.push(`skipped: tests with Debian's kernel, which \`npm run guests\` could not fetch: ${why}`);
    }
    return { passed: 0, failed: 0, output: '' };
  });
  if (!ready) return;

  await check('Formatting', () => program(bin('prettier'), ['--check', '--log-level=warn', '.']));
  await check('ESLint', () => program(bin('eslint'), ['.']));
  await check('Types', () => npm(['run', '--silent', 'check'], { timeoutMs: 5 * MINUTE }).then(ok));

  const missing = await missingPackages(GUEST_PACKAGES.filter((name) => name.startsWith('gcc')));
  for (const [what, folder] of [
    ['The bundled guest', 'guests/lab'],
    ["The benchmark's guests", 'bench'],
  ]) {
    const script = path.join(ROOT, 'resources', folder, 'build.sh');
    if (missing.length === 0) await check(`${what}, built anew`, () => program('bash', [script, '--check']));
    else notes.push(`skipped: ${what.toLowerCase()} built anew (needs ${missing.join(', ')})`);
  }

  await check('Unit and property tests', vitest);
  await check("The policies' table, made anew", () =>
    program(process.execPath, [path.join(ROOT, 'scripts/policies.mjs'), '--check']),
  );
  await check(`The app in Electron ${runtime.version}`, () => playwright('app', runtime.dist));
  const packaged = await check('Packaging', () =>
    program(process.execPath, [path.join(ROOT, 'scripts/dist.mjs'), '--dir']),
  );
  if (packaged) await check('The packaged app', () => playwright('packaged', runtime.dist));
}

const ok = (output) => ({ passed: 1, failed: 0, output });

endOnSignals();
const since = Date.now();
process.once('exit', () => rmSync(results, { recursive: true, force: true }));
try {
  await main();
} catch (error) {
  failed++;
  show(String(error?.stack ?? error));
}
for (const note of notes) console.log(note);
console.log(`All of it took ${elapsed(since)}.`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
