export interface Line {
  /** Seconds. */
  at: number;
  /** CPU seconds of the process. */
  cpu?: number | null;
  line: string;
}
export const GROUPS: Record<string, string>;
export function chosenGroups(values: { group?: string; program?: string; quick?: boolean }): string[];
export function geometricMean(values: number[]): number;
export function table(rows: string[][]): string;
export function parsePrograms(lines: Pick<Line, 'line'>[]): { group: string; name: string }[];
export function parseRun(lines: Line[], name: string): { seconds: number; cpuSeconds: number | null; checksum: string };
export function nextPasses(target: number, passes: number, seconds: number): number;
export function instructionsOf(marks: { expect: string; instructions: number }[]): Record<string, number>;
export function groupTable(group: {
  title: string;
  systems: string[];
  reference: string | null;
  results: { name: string; passes: number; instructions: number; seconds: Record<string, number>; first?: number }[];
}): string;
