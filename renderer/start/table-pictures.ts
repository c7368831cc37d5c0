/** Small pictures of the kernel table as a boot left it: 128 columns by address, a digit for each. Text in localStorage. */
import type { MachineKind } from '../../emulator/protocol.ts';
import type { Choice, Settings } from './settings.ts';

export const COLUMNS = 128;
const KEPT = 24;

export interface TablePicture {
  machine: MachineKind;
  /** The fullest slot of each column, as a shade from 0 to 5. */
  shades: string;
}

export type TablePictures = Readonly<Record<string, TablePicture>>;

/** Names a boot by guest and settings; null for one whose files have numbers for this run alone. */
export function pictureKey(choice: Choice, settings: Settings): string | null {
  if (choice.kind === 'file' || settings.disks.some(({ source }) => source.startsWith('#'))) return null;
  const id = choice.kind === 'bundled' ? choice.guest.id : choice.entry.id;
  return `${id} ${JSON.stringify(Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1)))}`;
}

/** As in Segments: five shades at 1, 4, 16, 64 and 256 of 1,024 pages. */
const shadeOf = (share: number): number =>
  share === 0 ? 0 : Math.max(1, Math.min(5, 1 + Math.floor(Math.log2(share * 1024) / 2)));

/** @param counts pages present in each slot, by address */
export function foldTable(counts: ArrayLike<number>, pagesPerSlot: number): string {
  const columns = new Array<number>(COLUMNS).fill(0);
  for (let slot = 0; slot < counts.length; slot++) {
    const column = Math.floor((slot * COLUMNS) / counts.length);
    columns[column] = Math.max(columns[column]!, shadeOf(counts[slot]! / pagesPerSlot));
  }
  return columns.join('');
}

/** With one more, the newest last; the oldest go. */
export function withPicture(pictures: TablePictures, key: string, picture: TablePicture): TablePictures {
  const rest = Object.entries(pictures).filter(([other]) => other !== key);
  return Object.fromEntries([...rest, [key, picture] as const].slice(-KEPT));
}

function isPicture(value: unknown): value is TablePicture {
  if (typeof value !== 'object' || value === null) return false;
  const { machine, shades } = value as Partial<TablePicture>;
  return (machine === 'kvm' || machine === 'malta') && typeof shades === 'string' && /^[0-5]{128}$/.test(shades);
}

/** @param text what was kept; anything at all: what is no picture is left out */
export function parsePictures(text: string | null): TablePictures {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    if (typeof value !== 'object' || value === null) return {};
    return Object.fromEntries(Object.entries(value).filter(([, picture]) => isPicture(picture)));
  } catch {
    return {};
  }
}
