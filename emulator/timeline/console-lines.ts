/** The guest's console as lines: the newest few thousand, each with the instruction at which it began. */
import type { TimelineLine } from '../protocol.ts';

const DEFAULT_LINES = 16_384;
const LONGEST = 240;
/** What a terminal carries out instead of showing it: CSI sequences, and other escapes of one character. */

const ESCAPES = /\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[^[]|[\x00-\x08\x0b-\x1f\x7f]/g;

export class ConsoleLines {
  /** Lines begun since power-on; line n is the nth. */
  count = 0;
  private readonly texts: string[] = [];
  /** Texts as they are shown, of lines that have been asked for and are complete. */
  private readonly shown: (string | undefined)[] = [];
  private readonly at: Float64Array;
  private open = false;

  constructor(private readonly kept = DEFAULT_LINES) {
    this.at = new Float64Array(kept);
  }

  /** Takes a byte. Returns true when it is the first of a line; empty lines do not count. */
  take(byte: number, instructions: number): boolean {
    if (byte === 10) this.open = false;
    if (byte === 10 || byte === 13 || byte === 0) return false;
    if (this.open) {
      const slot = (this.count - 1) % this.kept;
      if (this.texts[slot]!.length < LONGEST) this.texts[slot] += String.fromCharCode(byte);
      return false;
    }
    this.open = true;
    this.texts[this.count % this.kept] = String.fromCharCode(byte);
    this.shown[this.count % this.kept] = undefined;
    this.at[this.count % this.kept] = instructions;
    this.count++;
    return true;
  }

  private get first(): number {
    return Math.max(0, this.count - this.kept);
  }

  /** The text of a line without control characters, or '' when it is no longer kept. */
  text(line: number): string {
    if (line < this.first || line >= this.count) return '';
    const slot = line % this.kept;
    const known = this.shown[slot];
    if (known !== undefined) return known;
    const bytes = Uint8Array.from(this.texts[slot]!, (character) => character.charCodeAt(0));
    const text = new TextDecoder().decode(bytes).replace(ESCAPES, '');
    if (line < this.count - 1 || !this.open) this.shown[slot] = text;
    return text;
  }

  /** Lines that begin in [from, to), at most `most`, evenly chosen. */
  between(from: number, to: number, most: number): TimelineLine[] {
    const low = this.search(from);
    const high = this.search(to);
    const step = Math.max(1, (high - low) / Math.max(1, most));
    const lines: TimelineLine[] = [];
    for (let i = low; i < high && lines.length < most; i += step) {
      const line = Math.floor(i);
      lines.push({ instructions: this.at[line % this.kept]!, text: this.text(line) });
    }
    return lines;
  }

  /** The first kept line at or after an instruction count. */
  private search(instructions: number): number {
    let low = this.first;
    let high = this.count;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.at[middle % this.kept]! < instructions) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  snapshot(): ConsoleLines {
    const copy = new ConsoleLines(this.kept);
    copy.count = this.count;
    copy.texts.push(...this.texts);
    copy.at.set(this.at);
    return copy;
  }
}
