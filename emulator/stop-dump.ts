/** What a breakpoint has stopped, as text: the sentence, the registers, CP0 decoded, the code round PC. */
import { REGISTER_NAMES } from './cpu/disassembler.ts';
import { Inspector } from './debug/inspect.ts';
import type { Machine } from './machine.ts';

const SHOWN_CP0 = ['EntryHi', 'Status', 'Cause', 'EPC', 'BadVAddr'];
const LINES = 3;
const hex = (value: number) => (value >>> 0).toString(16).padStart(8, '0');

/** Lines for people, each ending in a newline; empty when no breakpoint has stopped the machine. */
export function dumpStop(machine: Machine): string {
  const { report } = machine.breakpoints;
  if (!report) return '';
  const code = { address: null, before: LINES, after: LINES };
  const view = new Inspector(machine).view({ fpu: false, code, memory: null });
  const names = [...REGISTER_NAMES, 'hi', 'lo', 'pc'];
  const cells = names.map((name, i) => `${name.padStart(4)} ${hex(view.registers[i]!)}`);
  const lines = [`${report.message} ${machine.clock.instructions()} instructions.`];
  for (let i = 0; i < cells.length; i += 8) lines.push(cells.slice(i, i + 8).join(' '));
  for (const { name, value, symbol, fields } of view.cp0.filter((each) => SHOWN_CP0.includes(each.name))) {
    const text = symbol || fields.map((field) => `${field.name} ${field.text}`).join(', ');
    lines.push(`${name.padEnd(8)} ${hex(value)}  ${text}`.trimEnd());
  }
  for (const { address, word, text, label, note } of view.code.lines) {
    if (label) lines.push(`${label}:`);
    const here = address === machine.cpu.pc >>> 0 ? '=>' : '  ';
    lines.push(
      `${here} ${hex(address)} ${word === null ? '????????' : hex(word)}  ${text}${note ? `  <${note}>` : ''}`,
    );
  }
  return lines.join('\n') + '\n';
}
