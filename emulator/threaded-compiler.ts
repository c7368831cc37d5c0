/** Has a thread of its own make modules, so that the guest runs on meanwhile. */
import path from 'node:path';
import { MessageChannel, Worker, receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import type { Batch, Compiled, Compiler, CompilerOptions } from './jit/compiler.ts';

/** What the thread is started with; see compile-thread.ts. */
export interface CompileThreadData {
  options: CompilerOptions;
  port: MessagePort;
}

/** The built compile-thread.ts, which lies beside what this is built into. */
const SCRIPT = path.join(import.meta.dirname, 'compile-thread.js');

export class ThreadedCompiler implements Compiler {
  private readonly port: MessagePort;
  private readonly worker: Worker;

  constructor(options: CompilerOptions) {
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    const workerData: CompileThreadData = { options, port: port2 };
    this.worker = new Worker(SCRIPT, { workerData, transferList: [port2], name: 'translator' });
    // Without it the guest is interpreted, which is slow but right.
    this.worker.on('error', (error) => process.emitWarning(`The translator's thread has ended: ${error.message}`));
    // Neither keeps the process from ending.
    this.worker.unref();
    port1.unref();
  }

  /** Ends the thread. */
  close(): void {
    void this.worker.terminate();
  }

  submit(batch: Batch): void {
    // Views of the machine's memory would take all of it along; copies in one buffer need not be copied once more. Many
    // blocks are of one page.
    const parts = new Map<number, Int32Array>();
    for (const { page, entries } of batch.wanted) {
      parts.set(page.byteOffset, page);
      if (entries) parts.set(entries.byteOffset, entries);
    }
    const buffer = new Int32Array([...parts.values()].reduce((sum, part) => sum + part.length, 0));
    const copies = new Map<number, Int32Array>();
    let end = 0;
    for (const [at, part] of parts) {
      buffer.set(part, end);
      copies.set(at, buffer.subarray(end, end + part.length));
      end += part.length;
    }
    const copy = ({ byteOffset }: Int32Array): Int32Array => copies.get(byteOffset)!;
    const wanted = batch.wanted.map((each) => {
      return { ...each, page: copy(each.page), entries: each.entries && copy(each.entries) };
    });
    this.port.postMessage({ ...batch, wanted }, [buffer.buffer]);
  }

  receive(): Compiled | null {
    return (receiveMessageOnPort(this.port) as { message: Compiled } | undefined)?.message ?? null;
  }
}
