/**
 * What stands beside the marks of ASID changes. Every change is named as long as there is room: in full, then without
 * its 0x; changes too close for that are named together, so that no run of labels leaves out who came between.
 */

export interface AsidChange {
  /** Pixel of its mark. */
  x: number;
  /** The new ASID. */
  asid: number;
}

export interface AsidLabel {
  /** Pixel of the mark that it stands right of. */
  x: number;
  text: string;
  /** Whether it lies over marks of other changes, and has to hide them. */
  over: boolean;
}

/** Pixels between a mark and its label, and at least between a label and the next mark. */
export const LABEL_GAP = 3;

const digits = (asid: number): string => asid.toString(16).padStart(2, '0');
const full = (asid: number): string => '0x' + digits(asid);

/**
 * The labels of a row of changes.
 * @param changes from left to right
 * @param end pixel at which the room behind the last one ends
 * @param measure width of a text in pixels
 */
export function asidLabels(
  changes: readonly AsidChange[],
  end: number,
  measure: (text: string) => number,
): AsidLabel[] {
  const labels: AsidLabel[] = [];
  const next = (i: number) => (i + 1 < changes.length ? changes[i + 1]!.x : end);
  const fits = (text: string, room: number) => measure(text) + 2 * LABEL_GAP <= room;
  const room = changes.map(({ x }, i) => next(i) - x);
  const whole = measure('0x00') + 2 * LABEL_GAP;
  // Not the last one: that now is near it is no reason to name others otherwise.
  const close = (i: number) => i < changes.length - 1 && room[i]! < whole && fits('00', room[i]!);
  for (let i = 0; i < changes.length;) {
    const { x, asid } = changes[i]!;
    const name = close(i - 1) || close(i) || close(i + 1) ? digits(asid) : full(asid);
    if (fits(name, room[i]!)) {
      labels.push({ x, text: name, over: false });
      i++;
      continue;
    }
    let end = i + 1;
    while (end < changes.length && !fits('00', room[end - 1]!)) end++;
    const over = (end: number) => namesOf(changes.slice(i, end)).find((text) => fits(text, next(end - 1) - x));
    // Two that take turns for a while are worth a name of their own, before others come.
    const turns = turnsFrom(changes, i, end);
    if (turns < end && turns - i > 3 && over(turns)) end = turns;
    if (end > i + 1) {
      const [last, behind] = [changes[end - 1]!, room[end - 1]!];
      const rest = [full(last.asid), digits(last.asid), ''].map((name) => '…' + name);
      const two = new Set(changes.slice(i, end).map(({ asid }) => asid)).size <= 2;
      // Rather behind the marks than over them.
      const first = (two ? namesOf(changes.slice(i, end)) : rest).find((text) => fits(text, behind));
      const text = first ? undefined : over(end);
      const short = first ?? rest.find((text) => fits(text, behind));
      if (text) labels.push({ x, text, over: true });
      else if (short) labels.push({ x: last.x, text: short, over: false });
    }
    i = end;
  }
  return labels;
}

/** Where a third ASID comes in. */
function turnsFrom(changes: readonly AsidChange[], first: number, end: number): number {
  const pair = new Set([changes[first]!.asid]);
  let at = first + 1;
  while (at < end && (pair.size < 2 || pair.has(changes[at]!.asid))) pair.add(changes[at++]!.asid);
  return at;
}

function namesOf(changes: readonly AsidChange[]): string[] {
  const asids = [...new Set(changes.map(({ asid }) => asid))];
  if (asids.length > 2) return [`${asids.length} ASIDs`];
  if (changes.length === 2) return [asids.map(full).join(' '), asids.map(digits).join(' ')];
  return [asids.map(full).join(' ⇄ '), asids.map(digits).join('⇄')];
}
