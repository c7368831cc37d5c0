/** A file of text that is written in large pieces, for what a run writes by the gigabyte. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { sizeText, UsageError } from './cli-options.ts';

/** Characters of a piece, about. */
const PIECE = 1 << 20;

/** A file cannot be written on: one sentence that names it. */
export class OutputError extends Error {}

const REASONS: Record<string, string> = {
  ENOSPC: 'there is no space left',
  EDQUOT: 'the quota is used up',
  EFBIG: 'it would be larger than files may be there',
  EPIPE: 'its reader has gone away',
};

/** Opens a file that the command line names, to write it anew. Throws UsageError. */
export function openNamed(path: string): number {
  try {
    return openSync(path, 'w');
  } catch (error) {
    throw new UsageError(`${path}: cannot write there: ${(error as Error).message}.`);
  }
}

/** A file has the length it may have. @param instructions up to which it is complete @param option that says how long */
export function tellLimit(path: string, limitMiB: number, instructions: number, option: string): void {
  process.stderr.write(
    `kseg: ${path} has its ${sizeText(limitMiB)} and is complete up to instruction ` +
      `${instructions.toLocaleString('en-US')}; the run goes on without it (${option}).\n`,
  );
}

export class TextFile {
  private readonly fd: number;
  private pieces: string[] = [];
  private size = 0;

  /** Opens it. Throws UsageError. */
  constructor(private readonly path: string) {
    this.fd = openNamed(path);
  }

  /** Throws OutputError, as all below. */
  add(text: string): void {
    this.pieces.push(text);
    this.size += text.length;
    if (this.size > PIECE) this.flush();
  }

  flush(): void {
    const bytes = Buffer.from(this.pieces.join(''));
    this.pieces = [];
    this.size = 0;
    try {
      // A pipe may take less than it is given.
      for (let done = 0; done < bytes.length;) done += writeSync(this.fd, bytes, done);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      throw new OutputError(`${this.path}: cannot write on: ${REASONS[code ?? ''] ?? message}.`);
    }
  }

  close(): void {
    this.flush();
    closeSync(this.fd);
  }
}
