/** Groups a and b: freestanding programs, integer and floating point, on the bare board. See resources/bench. */
import path from 'node:path';
import { comparePrograms } from './bench-compare.mjs';
import { Console } from './bench-console.mjs';
import { parsePrograms } from './bench-report.mjs';
import { ksegCommand, qemuCommand } from './bench-systems.mjs';
import { ROOT } from './run.mjs';

const MEMORY = 256;
const PROMPT = 'bench> ';

/**
 * @param {{ groups: string[], wanted: (name: string) => boolean, bigEndian: boolean, engine: string[], qemu: boolean,
 *   runs: number, target: number }} options
 * @returns {Promise<Record<string, object[]>>} results by group
 */
export async function bareBench({ groups, wanted, bigEndian, engine, qemu, ...options }) {
  const kernel = path.join(ROOT, `resources/bench/bench-malta-${bigEndian ? 'eb' : 'el'}.elf`);
  const kseg = [kernel, '--machine', 'malta', '--memory', `${MEMORY}M`, ...engine];
  const systems = [{ name: 'Kseg', prompt: PROMPT, command: ksegCommand(kseg) }];
  if (qemu)
    systems.push({ name: 'QEMU', prompt: PROMPT, command: qemuCommand(bigEndian, MEMORY, ['-kernel', kernel]) });
  const consoles = systems.map((system) => new Console(system));
  try {
    for (const console of consoles) await console.prompt();
    const listed = parsePrograms(await consoles[0].command('list'));
    const programs = listed
      .filter(({ group, name }) => groups.includes(group) && wanted(name))
      .map(({ group, name }) => ({ group, name, command: (passes) => `${name} ${passes}` }));
    if (programs.length === 0) return {};
    const results = await comparePrograms(consoles, kseg, programs, options);
    const inGroup = (group) => programs.filter((p) => p.group === group).map(({ name }) => name);
    return Object.fromEntries(
      groups.map((group) => [group, results.filter(({ name }) => inGroup(group).includes(name))]),
    );
  } finally {
    for (const console of consoles) console.stop();
  }
}
