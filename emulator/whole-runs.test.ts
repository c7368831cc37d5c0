/** Whole runs of the Lab kernel on both engines: the traces are the same to the byte, and so is all else. */
import { describe, expect, it } from 'vitest';
import type { CreateConfig } from './create.ts';
import type { EngineName } from './machine-options.ts';
import { differences } from './lockstep.ts';
import { Lab, PROMPT } from './testing/lab.ts';

const COMMANDS = ['pingpong 300', 'fork 5', 'fault', 'vmalloc 20', 'touch 20', 'bench quick', 'sleep 1'];

function run(config: CreateConfig, engine: EngineName) {
  const lab = new Lab({ ...config, engine });
  const trace: string[] = [];
  lab.machine.trace = (line) => trace.push(JSON.stringify(line));
  const turns = COMMANDS.map((command) => ({ expect: PROMPT, send: `${command}\n` }));
  expect(lab.script([...turns, { expect: PROMPT, send: '' }]).ok).toBe(true);
  return { machine: lab.machine, output: lab.output, trace };
}

describe.each<[string, CreateConfig]>([
  ['kvm', { machine: 'kvm' }],
  [
    'kvm with dynamic translation, 2 host CPUs',
    { machine: 'kvm', dynamicTranslation: true, hostCpus: 2, migrateEvery: 50_000 },
  ],
  ['kvm whose host unmaps memory', { machine: 'kvm', hostUnmapEvery: 70_000, policy: 'eager' }],
  ['malta', { machine: 'malta' }],
  ['malta, big endian', { machine: 'malta', bigEndian: true, policy: 'tagged' }],
])('%s', (_, config) => {
  it('is the same run', () => {
    const [interpreter, jit] = [
      run(config, 'interpreter'),
      run({ ...config, threshold: 5, batch: 16, gather: 50_000 }, 'jit'),
    ];
    expect(jit.output).toBe(interpreter.output);
    const at = interpreter.trace.findIndex((line, i) => line !== jit.trace[i]);
    expect(jit.trace[at], 'the first event that differs').toBe(interpreter.trace[at]);
    expect(jit.trace.length).toBe(interpreter.trace.length);
    expect(interpreter.trace.length).toBeGreaterThan(1000);
    expect(differences({ interpreter: interpreter.machine, jit: jit.machine })).toEqual([]);
    expect(jit.machine.engine!.counts.regions).toBeGreaterThan(100);
    expect(jit.machine.engine!.counts.gathered).toBeGreaterThan(50);
  });
});
