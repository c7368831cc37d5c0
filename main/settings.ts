/** What is remembered between starts: `<userData>/settings.json`, checked on reading, replaced whole on writing. */
import { readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import type { SavedBreakpoint } from '../emulator/protocol.ts';

const coordinate = v.pipe(v.number(), v.integer(), v.minValue(-100_000), v.maxValue(100_000));
const extent = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100_000));

/** Guests whose breakpoints are kept: those changed last. */
const MOST_GUESTS = 50;
const Breakpoints = v.pipe(
  v.array(
    v.object({
      guest: v.pipe(v.string(), v.maxLength(300)),
      list: v.pipe(
        v.array(v.object({ spec: v.pipe(v.string(), v.maxLength(2000)), enabled: v.boolean() })),
        v.maxLength(1000),
      ),
    }),
  ),
  v.maxLength(MOST_GUESTS),
);

const Bounds = v.object({ x: coordinate, y: coordinate, width: extent, height: extent });

// Each field falls back alone, so that one bad value costs only itself.
const Settings = v.object({
  /** The page's ground when it was last shown, so that a window opens in it. */
  background: v.fallback(v.nullable(v.pipe(v.string(), v.regex(/^#[0-9a-f]{6}$/i))), null),
  window: v.fallback(v.nullable(v.object({ bounds: Bounds, maximized: v.boolean() })), null),
  /** The user's choice, for native parts. */
  theme: v.fallback(v.picklist(['system', 'light', 'dark']), 'system'),
  /** By guest, the one changed last at the end. */
  breakpoints: v.fallback(Breakpoints, []),
  /** Where the last kernel was opened. */
  folder: v.fallback(v.nullable(v.pipe(v.string(), v.maxLength(4096))), null),
});

export type Bounds = v.InferOutput<typeof Bounds>;
export type Settings = v.InferOutput<typeof Settings>;

/** @param text the file's contents; anything at all */
export function parseSettings(text: string): Settings {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const object = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  return v.parse(Settings, object);
}

export class SettingsStore {
  private current: Settings;
  private writing: Promise<void> = Promise.resolve();
  private scheduled = false;

  constructor(
    private readonly file: string,
    private readonly onError: (error: unknown) => void,
  ) {
    let text = '';
    try {
      text = readFileSync(file, 'utf8');
    } catch {
      // The first start, or an unreadable file: the defaults.
    }
    this.current = parseSettings(text);
  }

  get(): Readonly<Settings> {
    return this.current;
  }

  set(change: Partial<Settings>): void {
    this.current = { ...this.current, ...change };
    if (this.scheduled) return;
    this.scheduled = true;
    this.writing = this.writing.then(() => this.write());
  }

  /** Breakpoints as the emulator takes them: by guest. */
  breakpoints(): Record<string, SavedBreakpoint[]> {
    return Object.fromEntries(this.current.breakpoints.map(({ guest, list }) => [guest, list]));
  }

  /** Keeps a guest's breakpoints; those of the guest changed longest ago go when there are too many. */
  setBreakpoints(guest: string, list: SavedBreakpoint[]): void {
    const others = this.current.breakpoints.filter((each) => each.guest !== guest);
    this.set({ breakpoints: [...others, ...(list.length > 0 ? [{ guest, list }] : [])].slice(-MOST_GUESTS) });
  }

  /** Resolves when all that was set is on the disk. */
  flush(): Promise<void> {
    return this.writing;
  }

  private async write(): Promise<void> {
    this.scheduled = false;
    const temporary = `${this.file}.${process.pid}.tmp`;
    try {
      await mkdir(path.dirname(this.file), { recursive: true });
      await writeFile(temporary, `${JSON.stringify(this.current, null, 2)}\n`);
      await rename(temporary, this.file);
    } catch (error) {
      this.onError(error);
    }
  }
}
