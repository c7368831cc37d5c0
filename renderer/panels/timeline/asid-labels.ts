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
 * @param right pixel at which the room behind the last one ends
 * @param measure width of a text in pixels, in a face with digits of one width
 */
export function asidLabels(
  changes: readonly AsidChange[],
  right: number,
  measure: (text: string) => number,
): AsidLabel[] {
  const labels: AsidLabel[] = [];
  const after = (i: number) => (i < changes.length ? changes[i]!.x : right);
  const room = changes.map(({ x }, i) => after(i + 1) - x);
  const fits = (text: string, width: number) => measure(text) + 2 * LABEL_GAP <= width;
  // One ASID is as wide as another.
  const [whole, bare] = [full(0), digits(0)].map((text) => measure(text) + 2 * LABEL_GAP) as [number, number];
  const hasRoom = (i: number, width: number) => room[i]! >= width;
  // Not the last one: that now is near it is no reason to name others otherwise.
  const isShort = (i: number) => i < changes.length - 1 && room[i]! < whole && room[i]! >= bare;
  /** Behind the changes from `i` on that have less room than `width`, and the one that ends them. */
  const crowdEnd = (i: number, width: number) => {
    let to = i + 1;
    while (to < changes.length && !hasRoom(to - 1, width)) to++;
    return to;
  };
  for (let i = 0; i < changes.length;) {
    const { x, asid } = changes[i]!;
    const short = isShort(i - 1) || isShort(i + 1) || !hasRoom(i, whole);
    if (hasRoom(i, short ? bare : whole)) {
      labels.push({ x, text: short ? digits(asid) : full(asid), over: false });
      i++;
      continue;
    }
    const longest = (texts: readonly string[], width: number) => texts.find((text) => fits(text, width));
    const over = (to: number) => longest(namesOf(changes.slice(i, to)), after(to) - x);
    const crowd = crowdEnd(i, bare);
    const last = changes[crowd - 1]!;
    const rest = [full(last.asid), digits(last.asid), ''].map((text) => '…' + text);
    const names = namesOf(changes.slice(i, crowd));
    // Rather behind the marks than over them: both of two, or the last of several.
    const behind = longest(names.length > 1 ? names : rest, room[crowd - 1]!);
    // But two that take turns have one name, before others come, and for as long as they come close.
    const turns = turnsEnd(changes, i, crowdEnd(i, whole));
    const both = turns - i > 3 && (turns < crowd || !behind) ? over(turns) : undefined;
    const through = both ?? (behind ? undefined : over(crowd));
    const beside = behind ?? longest(rest, room[crowd - 1]!);
    const end = both ? turns : crowd;
    // One alone has now too near behind it.
    if (end > i + 1) {
      if (through) labels.push({ x, text: through, over: true });
      else if (beside) labels.push({ x: last.x, text: beside, over: false });
    }
    i = end;
  }
  return labels;
}

/** Where, before `end`, a third ASID comes in. */
function turnsEnd(changes: readonly AsidChange[], first: number, end: number): number {
  const pair = new Set([changes[first]!.asid]);
  let at = first + 1;
  while (at < end && (pair.size < 2 || pair.has(changes[at]!.asid))) pair.add(changes[at++]!.asid);
  return at;
}

/** What to call several changes, the longest first; of more than two ASIDs only their number. */
function namesOf(changes: readonly AsidChange[]): string[] {
  const asids = [...new Set(changes.map(({ asid }) => asid))];
  if (asids.length > 2) return [`${asids.length} ASIDs`];
  if (changes.length === 2) return [asids.map(full).join(' '), asids.map(digits).join(' ')];
  return [asids.map(full).join(' ⇄ '), asids.map(digits).join('⇄')];
}
