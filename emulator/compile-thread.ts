/** The translator's thread: a batch comes in, a module goes out. */
import { workerData } from 'node:worker_threads';
import { leaveOutBoundsTests } from './bounds-tests.ts';
import { RegionCompiler, type Batch } from './jit/compiler.ts';
import type { CompileThreadData } from './threaded-compiler.ts';

leaveOutBoundsTests();
const { options, port } = workerData as CompileThreadData;
const compiler = new RegionCompiler(options);
port.on('message', (batch: Batch) => {
  const made = compiler.compile(batch);
  port.postMessage(made, [made.wire.buffer]);
});
