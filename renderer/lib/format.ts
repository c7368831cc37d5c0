/** Numbers as the workbench writes them: addresses in 8 hex digits, ASIDs in 2, counts in decimal with separators. */

const decimal = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** Bare number of `width` hex digits, without prefix. */
export function hexDigits(value: number, width: number): string {
  return (value >>> 0).toString(16).padStart(width, '0');
}

/** `0x` and `width` hex digits. */
export function hex(value: number, width = 8): string {
  return '0x' + hexDigits(value, width);
}

/** An ASID: two hex digits. */
export function asid(value: number): string {
  return hex(value, 2);
}

/** A pgd slot's number: three hex digits. */
export function slotNumber(slot: number): string {
  return hex(slot, 3);
}

export function count(value: number): string {
  return decimal.format(value);
}

/** `1 page`, `2 pages`. */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** Bytes in binary units, with one decimal from MiB on: `916 KiB`, `45.2 MiB`, `2 GiB`. */
export function bytes(value: number): string {
  if (value < 1024) return value === 0 ? '0' : `${value} B`;
  if (value < 2 ** 20) return `${count(Math.round(value / 1024))} KiB`;
  const [unit, size] = value < 2 ** 30 ? ['MiB', 2 ** 20] : ['GiB', 2 ** 30];
  const amount = Number(value) / Number(size);
  return `${Number.isInteger(amount) ? amount : amount.toFixed(1)} ${unit}`;
}

/** A count in at most four digits and a unit: `640`, `64 K`, `12.4 M`, `1.3 G`; for axes and captions. */
export function short(value: number): string {
  for (const [unit, size] of [
    ['G', 1e9],
    ['M', 1e6],
    ['K', 1e3],
  ] as const) {
    if (value >= size) {
      const amount = value / size;
      return `${amount < 10 ? amount.toFixed(1) : Math.round(amount)} ${unit}`;
    }
  }
  return String(Math.round(value));
}

/** Guest time: nanoseconds as seconds with three decimals. */
export function seconds(nanoseconds: number): string {
  return `${(nanoseconds / 1e9).toFixed(3)} s`;
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const dayAndYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });

/** A time in the past as people write it, in their own zone: `today 08:12`, `yesterday 17:40`, `20 Nov`, `3 Mar 2024`. */
export function when(iso: string, now = new Date()): string {
  const then = new Date(iso);
  if (Number.isNaN(then.getTime())) return '';
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (then.toDateString() === now.toDateString()) return `today ${clock.format(then)}`;
  if (then.toDateString() === yesterday.toDateString()) return `yesterday ${clock.format(then)}`;
  return (then.getFullYear() === now.getFullYear() ? day : dayAndYear).format(then);
}

/** An inclusive address range, with an en dash. */
export function range(start: number, end: number): string {
  return `${hex(start)}–${hex(end)}`;
}
