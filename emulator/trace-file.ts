/** `--trace`: a run's events as JSON lines, as long as the file may get. */
import type { TraceLine } from './debug/trace.ts';
import { tellLimit, TextFile } from './text-file.ts';

/** Bytes kept free for a file's end: the event that goes past the limit, and the note that it is cut. */
const END = 4096;

export class TraceFile {
  private readonly file: TextFile;
  private room: number;
  private closed = false;

  /** Opens it. Throws UsageError. */
  constructor(
    private readonly path: string,
    private readonly limitMiB: number,
  ) {
    this.file = new TextFile(path);
    this.room = limitMiB * 2 ** 20 - END;
  }

  /** Throws OutputError. @returns false: the file is at its end, and closed */
  add(line: TraceLine): boolean {
    this.put(line);
    if (this.room > 0) return true;
    const { instructions, pc, symbol } = line;
    this.put({ instructions, pc, symbol, event: 'cut' });
    this.close();
    tellLimit(this.path, this.limitMiB, instructions, '--trace-limit');
    return false;
  }

  private put(line: TraceLine): void {
    const text = JSON.stringify(line) + '\n';
    this.room -= Buffer.byteLength(text);
    this.file.add(text);
  }

  /** May be called twice. Throws OutputError. */
  close(): void {
    if (!this.closed) this.file.close();
    this.closed = true;
  }
}
