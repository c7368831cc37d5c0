/** Two boots beside each other: what each phase counted, from the marks at which phases begin. */
import type { EventCounts, PhaseMark } from '../../emulator/protocol.ts';

/** What is compared, in the order of the columns. */
export const MEASURES = [
  { key: 'instructions', label: 'instructions' },
  { key: 'exits', label: 'exits' },
  { key: 'asidChanges', label: 'ASID changes' },
  { key: 'flushes', label: 'flushes' },
  { key: 'pagesFlushed', label: 'pages flushed' },
  { key: 'tlbWrites', label: 'TLB writes' },
  { key: 'tlbRefills', label: 'TLB refills' },
  { key: 'hostTlbRefills', label: 'host TLB refills' },
] as const;
export type Measure = (typeof MEASURES)[number]['key'];
export type Measured = Record<Measure, number>;

/** One phase of two boots; null where a boot had no such phase. */
export interface PhaseRow {
  name: string;
  a: Measured | null;
  b: Measured | null;
}

/** Before the guest says anything. */
export const SILENT = 'before its first line';
export const WHOLE = 'whole boot';

type Instant = Pick<PhaseMark, 'instructions' | 'counts'>;

const NOTHING: Measured = Object.fromEntries(MEASURES.map(({ key }) => [key, 0])) as Measured;

function totals({ instructions, counts }: Instant): Measured {
  const { kernelFlushes, userFlushes, gpaFlushes, ...rest }: EventCounts = counts;
  return { ...rest, instructions, flushes: kernelFlushes + userFlushes + gpaFlushes };
}

const difference = (to: Measured, from: Measured): Measured =>
  Object.fromEntries(MEASURES.map(({ key }) => [key, to[key] - from[key]])) as Measured;

function phasesOf(marks: readonly PhaseMark[]): Map<string, Measured> {
  const phases = new Map<string, Measured>();
  let name = SILENT;
  let from = NOTHING;
  for (const mark of marks) {
    const to = totals(mark);
    phases.set(name, difference(to, from));
    name = mark.phase?.name ?? '';
    from = to;
  }
  return phases;
}

/**
 * @param a marks of a boot, the last of them its end
 * @returns a row for each phase either had, in their order, and one for the whole boot
 */
export function phaseRows(a: readonly PhaseMark[], b: readonly PhaseMark[]): PhaseRow[] {
  const [ofA, ofB] = [phasesOf(a), phasesOf(b)];
  const names = [...ofA.keys()];
  let at = 0;
  for (const name of ofB.keys()) {
    const known = names.indexOf(name);
    if (known >= 0) at = known + 1;
    else names.splice(at++, 0, name);
  }
  const whole = (marks: readonly PhaseMark[]): Measured | null => {
    const last = marks.at(-1);
    return last ? totals(last) : null;
  };
  return [
    ...names.map((name) => ({ name, a: ofA.get(name) ?? null, b: ofB.get(name) ?? null })),
    { name: WHOLE, a: whole(a), b: whole(b) },
  ];
}

/** Of b against a: `+12 %`, `−3 %`, `=`; nothing where there is nothing to compare. */
export function change(a: number | undefined, b: number | undefined): string {
  if (a === undefined || b === undefined) return '';
  if (a === b) return '=';
  if (a === 0) return 'new';
  const percent = ((b - a) / a) * 100;
  const digits = Math.abs(percent) < 10 ? 1 : 0;
  return `${percent > 0 ? '+' : '−'}${Math.abs(percent).toFixed(digits)} %`;
}

/** The table as comma-separated values. */
export function toCsv(rows: readonly PhaseRow[], labels: readonly [string, string]): string {
  const cell = (text: string): string => (/[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text);
  const line = (name: string, label: string, counts: Measured | null): string =>
    [name, label, ...MEASURES.map(({ key }) => (counts ? String(counts[key]) : ''))].map(cell).join(',');
  return [
    ['phase', 'configuration', ...MEASURES.map(({ label }) => label)].join(','),
    ...rows.flatMap(({ name, a, b }) => [line(name, labels[0], a), line(name, labels[1], b)]),
    '',
  ].join('\n');
}
