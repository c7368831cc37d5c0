/**
 * `npm run policies`: runs the same guest work under every flush policy, on both machines, with the checker on, and
 * writes docs/policies.md. With `--check` it fails if that file is not what a run gives.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Problem, ROOT, endOnSignals, fail, run, step } from './lib/run.mjs';
import { checkNode, ensureBuilt, ensureNodeModules } from './lib/setup.mjs';

const FILE = path.join(ROOT, 'docs/policies.md');
const CLI = path.join(ROOT, 'dist/emulator/cli.js');
const MACHINES = ['kvm', 'malta'];
const POLICIES = ['lazy-user', 'eager', 'everything', 'tagged', 'never'];
/** Wrong on purpose: the one policy that may end badly. */
const WRONG = 'never';
const COMMANDS = ['pingpong 300', 'fork 20', 'asids', 'touch 100', 'vmalloc 50', 'fault'];
const PROMPT = 'lab$ ';
/** Guest seconds; the work takes a fraction of one. */
const TIMEOUT = '30';

/** One run. @returns {Promise<{ stats: object, passed: number, ended: string }>} */
async function measure(machine, policy, folder) {
  const file = path.join(folder, `${machine}-${policy}.json`);
  const turns = COMMANDS.flatMap((command) => ['--expect', PROMPT, '--send', `${command}\\r`]);
  const options = ['--machine', machine, '--policy', policy, '--check', '--timeout', TIMEOUT, '--stats', file];
  const { code, output } = await run(process.execPath, [CLI, 'run', ...options, ...turns, '--expect', PROMPT]);
  if (!existsSync(file) || code > 1) throw new Problem(`The run of ${policy} on ${machine} failed:\n${output.trim()}`);
  const stats = JSON.parse(readFileSync(file, 'utf8'));
  const passed = COMMANDS.filter((command) => {
    const name = command.split(' ')[0];
    return new RegExp(`^${name}: .*, ok\\r?$`, 'm').test(output);
  }).length;
  if (policy !== WRONG && (code !== 0 || passed < COMMANDS.length || stats.checker.differences > 0)) {
    throw new Problem(
      `${policy} on ${machine} went wrong: ${passed} of ${COMMANDS.length} commands passed, ` +
        `${stats.checker.differences} differences:\n${output.trim()}`,
    );
  }
  return { stats, passed, ended: ending(code, output) };
}

function ending(code, output) {
  if (code === 0) return 'at the prompt';
  const during = COMMANDS.filter((command) => output.includes(PROMPT + command)).at(-1);
  const how = /^panic: /m.test(output) ? 'guest panic' : output.includes('guest seconds') ? 'guest hung' : 'stopped';
  return during ? `${how} in \`${during}\`` : how;
}

const sum = (object) => Object.values(object ?? {}).reduce((total, n) => total + n, 0);
const number = (n) => n.toLocaleString('en-US');

/** The table of one machine: a column for each policy. */
function table(machine, runs) {
  const total = (field) => (stats) =>
    stats.flushes.kernel[field] + stats.flushes.user[field] + stats.flushes.gpa[field];
  const counted = [
    ['instructions', (s) => s.instructions],
    ['ASID changes', (s) => s.asidChanges],
    ...(machine === 'kvm'
      ? [
          ['exits', (s) => sum(s.exits)],
          ['TLB-miss exits', (s) => (s.exits['TLB Miss (LD)'] ?? 0) + (s.exits['TLB Miss (ST)'] ?? 0)],
        ]
      : []),
    ['kernel flushes', (s) => s.flushes.kernel.count],
    ['user flushes', (s) => s.flushes.user.count],
    ['GPA flushes', (s) => s.flushes.gpa.count],
    ['tables freed', total('tablesFreed')],
    ['of them kseg0', total('kseg0TablesFreed')],
    ['pages dropped', total('pages')],
    ['host TLB refills', (s) => s.hypervisor.hostTlbRefills],
    ['translations checked', (s) => s.checker.checked],
    ['differences', (s) => s.checker.differences],
    ...[...new Set(runs.flatMap(({ stats }) => Object.keys(stats.exceptions)))].map((kind) => [
      `guest ${kind}`,
      (s) => s.exceptions[kind] ?? 0,
    ]),
  ];
  const rows = [
    ['', ...POLICIES.map((policy) => `\`${policy}\``)],
    ['---', ...POLICIES.map(() => '---:')],
    ['ended', ...runs.map(({ ended }) => ended)],
    ['commands that ended with ok', ...runs.map(({ passed }) => `${passed} of ${COMMANDS.length}`)],
    ...counted.map(([name, of]) => [name, ...runs.map(({ stats }) => number(of(stats)))]),
  ];
  return rows.map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function document(results) {
  return `# Flush policies compared

\`npm run policies\` writes this file; \`npm run policies -- --check\` fails when a fresh run gives another. Each column is one run of the bundled Lab kernel, booted to its prompt and given ${COMMANDS.map((command) => `\`${command}\``).join(', ')}, with the checker on. The numbers do not depend on the host: a run is the same to the instruction everywhere.

| Policy | What happens when the guest changes its ASID |
| --- | --- |
| \`lazy-user\` | KVM's own: the kernel table's mapped segments go at once, the user table on the next entry to user mode |
| \`eager\` | both at once |
| \`everything\` | both at once, kseg0 too |
| \`tagged\` | each guest ASID has a user table of its own, which only TLB writes invalidate; of kseg2/3 the old ASID's own pages go |
| \`never\` | nothing goes, and there is one user table: wrong on purpose |

## How to read it

The guest does the same work in the first four columns, so instructions, ASID changes and its own exceptions are equal there. What a policy costs is in the rows between: what is dropped must be filled again.

- **exits**: how often the guest left to the hypervisor, for any reason. **TLB-miss exits** are those where no usable page-table entry was found: the hypervisor fills one, or hands the exception to the guest. The \`malta\` machine has no hypervisor, and no exits.
- **kernel, user, GPA flushes**: by table and kind. A GPA flush of the kernel table takes kseg0 too; \`everything\` uses GPA flushes for both tables, so all of its flushes are in that row.
- **tables freed, pages dropped**: what the flushes took. What TLB writes take is not among it.
- **host TLB refills**: how often a page-table entry was put in the host TLB, also right after a fault filled it.
- **differences**: translations that the checker found other than the guest TLB has them. In a correct policy there are none.
- **guest ...**: exceptions that the guest's own handlers got, by ExcCode. TLBL and TLBS include refills.

\`lazy-user\` and \`eager\` differ where the ASID changes more than once before user mode is entered: one lazy flush, or none, stands for several. \`everything\` shows what leaving kseg0 alone saves. \`never\` runs programs on one another's pages: the checker counts it, and the guest panics.

## The \`kvm\` machine

${table('kvm', results.kvm)}

## The \`malta\` machine

${table('malta', results.malta)}
`;
}

async function main() {
  const check = process.argv.includes('--check');
  checkNode();
  await ensureNodeModules();
  await ensureBuilt();
  const folder = mkdtempSync(path.join(os.tmpdir(), 'kseg-policies-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const results = {};
  for (const machine of MACHINES) {
    await step(`${POLICIES.length} runs on ${machine}`, async () => {
      results[machine] = await Promise.all(POLICIES.map((policy) => measure(machine, policy, folder)));
    });
  }
  // Not at the top: it is there only after ensureNodeModules.
  const prettier = await import('prettier');
  const text = await prettier.format(document(results), {
    ...(await prettier.resolveConfig(FILE)),
    filepath: FILE,
  });
  if (!check) {
    writeFileSync(FILE, text);
    console.log('Wrote docs/policies.md.');
    return;
  }
  const old = existsSync(FILE) ? readFileSync(FILE, 'utf8') : '';
  if (old === text) {
    console.log('docs/policies.md is what this run gave.');
    return;
  }
  const was = old.split('\n');
  const line = text.split('\n').findIndex((now, i) => now !== was[i]);
  throw new Problem(
    `docs/policies.md differs from this run at line ${line + 1}: \`npm run policies\` writes it anew.\n` +
      `  there: ${was[line] ?? '(end of file)'}\n  here:  ${text.split('\n')[line] ?? '(end of file)'}`,
  );
}

endOnSignals();
main().catch(fail);
