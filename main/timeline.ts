/**
 * The timeline between page and emulator: questions that wait for their answers, and the one export that may be under
 * way, whose pieces go to its file as they come. A piece is acknowledged when it is written, so that a slow disk costs
 * no memory.
 */
import { type FileHandle, open, rm } from 'node:fs/promises';
import path from 'node:path';
import type {
  FromEmulator,
  TimelineAnswer,
  TimelineEventsPage,
  TimelineEventsRequest,
  TimelineExportRequest,
  TimelineQuery,
  ToEmulator,
} from '../emulator/protocol.ts';
import type { TimelineExportProgress } from './bridge.ts';

/** Questions that may wait at once: the page asks one at a time of each kind. */
const MOST_WAITING = 16;

type Reply = Extract<FromEmulator, { type: 'timeline' | 'timelineEvents' | 'timelineExport' }>;

interface Export {
  id: number;
  file: string;
  handle: FileHandle;
  /** The pieces are written one after the other. */
  tail: Promise<void>;
  resolve(name: string | null): void;
  reject(error: Error): void;
}

export class TimelineRelay {
  private nextId = 1;
  private readonly waiting = new Map<number, (value: unknown) => void>();
  private exporting: Export | null = null;

  /**
   * @param post reaches the worker, if there is one; returns whether there is
   * @param progress goes to the page; null when no export is under way any more
   */
  constructor(
    private readonly post: (message: ToEmulator) => boolean,
    private readonly progress: (progress: TimelineExportProgress | null) => void,
  ) {}

  /** Null without a machine. */
  query(query: TimelineQuery): Promise<TimelineAnswer | null> {
    return this.ask((id) => ({ type: 'timeline', id, query }));
  }

  events(request: TimelineEventsRequest): Promise<TimelineEventsPage | null> {
    return this.ask((id) => ({ type: 'timelineEvents', id, request }));
  }

  private ask<T>(message: (id: number) => ToEmulator): Promise<T | null> {
    if (this.waiting.size >= MOST_WAITING) throw new Error('The emulator has not answered the questions before.');
    const id = this.nextId++;
    return new Promise((resolve) => {
      this.waiting.set(id, resolve as (value: unknown) => void);
      if (!this.post(message(id))) this.answer(id, null);
    });
  }

  private answer(id: number, value: unknown): void {
    this.waiting.get(id)?.(value);
    this.waiting.delete(id);
  }

  /**
   * Writes events to a file.
   * @returns the file's name; null when cancelled
   * @throws Error with one sentence; the unfinished file is removed
   */
  async export(file: string, request: TimelineExportRequest): Promise<string | null> {
    if (this.exporting) throw new Error('Another export is under way: wait for it, or cancel it.');
    const handle = await open(file, 'w').catch((error: NodeJS.ErrnoException) => {
      throw new Error(`${path.basename(file)} cannot be written: ${error.code}.`, { cause: error });
    });
    const id = this.nextId++;
    const finished = new Promise<string | null>((resolve, reject) => {
      this.exporting = { id, file, handle, tail: Promise.resolve(), resolve, reject };
    });
    this.progress({ name: path.basename(file), events: 0, total: 0 });
    if (!this.post({ type: 'timelineExport', id, request })) {
      this.abandon(new Error('There is no machine whose events to export.'));
    }
    return finished;
  }

  cancel(): void {
    if (!this.exporting) return;
    this.post({ type: 'cancelTimelineExport', id: this.exporting.id });
    this.abandon(null);
  }

  receive(message: Reply): void {
    if (message.type === 'timeline') this.answer(message.id, message.answer);
    else if (message.type === 'timelineEvents') this.answer(message.id, message.page);
    else if (message.id !== this.exporting?.id) return;
    else if ('error' in message) this.abandon(new Error(message.error));
    else this.take(this.exporting, message);
  }

  private take(current: Export, piece: Extract<Reply, { bytes: Uint8Array }>): void {
    current.tail = current.tail.then(async () => {
      if (this.exporting !== current) return;
      try {
        await current.handle.writeFile(piece.bytes);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        this.post({ type: 'cancelTimelineExport', id: current.id });
        return this.abandon(new Error(`${path.basename(current.file)} cannot be written: ${code}.`));
      }
      if (this.exporting !== current) return;
      if (!piece.done) {
        this.progress({ name: path.basename(current.file), events: piece.events, total: piece.total });
        this.post({ type: 'ackTimelineExport', id: current.id });
        return;
      }
      this.exporting = null;
      this.progress(null);
      await current.handle.close();
      current.resolve(path.basename(current.file));
    });
  }

  /** Ends the export without its file. */
  private abandon(error: Error | null): void {
    const current = this.exporting;
    if (!current) return;
    this.exporting = null;
    this.progress(null);
    const settle = () => (error ? current.reject(error) : current.resolve(null));
    void current.tail
      .then(() => current.handle.close())
      .then(() => rm(current.file, { force: true }))
      .then(settle, settle);
  }

  /** The worker has ended, and what it was asked stays unanswered. */
  lost(): void {
    for (const id of [...this.waiting.keys()]) this.answer(id, null);
    this.abandon(new Error('The export of the timeline was not finished: the emulator stopped.'));
  }
}
