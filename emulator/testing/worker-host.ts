/** The worker as it is shipped, in a thread of its own, spoken to as Electron's main process does; for tests. */
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll } from 'vitest';
import type { FromEmulator, RunState, ToEmulator } from '../protocol.ts';
import { bundleEmulator, type Bundle } from './bundle.ts';
import { PROMPT, RESOURCES } from './lab.ts';

let bundle: Bundle;

/** Bundles the worker once for the tests of a file. */
export function bundleWorker(): void {
  beforeAll(() => {
    bundle = bundleEmulator();
  });
  afterAll(() => bundle?.remove());
}

export const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
export const keys = (text: string) => new TextEncoder().encode(text);
type Message<T extends FromEmulator['type']> = Extract<FromEmulator, { type: T }>;

export class Host {
  readonly messages: FromEmulator[] = [];
  console = '';
  consoleBytes = 0;
  exited = false;
  acknowledges = true;
  private readonly worker = new Worker(bundle.worker, { workerData: { resources: RESOURCES } });
  private wake: () => void = () => {};

  constructor() {
    this.worker.on('message', (message: FromEmulator) => {
      this.messages.push(message);
      if (message.type === 'console') {
        this.consoleBytes += message.bytes.length;
        if (this.console.length < 100_000) this.console += String.fromCharCode(...message.bytes);
        if (this.acknowledges) this.send({ type: 'ackConsole', bytes: message.bytes.length });
      }
      if (message.type === 'view' && this.acknowledges) this.send({ type: 'ackView', sequence: message.view.sequence });
      this.wake();
    });
    this.worker.on('error', (error) => (this.messages.push({ type: 'error', message: `died: ${error}` }), this.wake()));
    this.worker.on('exit', () => ((this.exited = true), this.wake()));
  }

  send(message: ToEmulator): void {
    this.worker.postMessage(message);
  }
  sendAnything(message: unknown): void {
    this.worker.postMessage(message);
  }
  stop(): Promise<number> {
    return this.worker.terminate();
  }

  /** Waits until `done` gives something; the test's own time-out ends it. */
  async until<T>(done: () => T | undefined | false): Promise<T> {
    for (;;) {
      const result = done();
      if (result !== undefined && result !== false) return result;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
  all<T extends FromEmulator['type']>(type: T): Message<T>[] {
    return this.messages.filter((message): message is Message<T> => message.type === type);
  }
  /** The first message of a type that comes after `count` of them. */
  next<T extends FromEmulator['type']>(type: T, count = this.all(type).length): Promise<Message<T>> {
    return this.until(() => this.all(type)[count]);
  }
  state(wanted: RunState['state']): Promise<true> {
    return this.until(() => this.all('state').at(-1)?.state.state === wanted);
  }
  async prompt(): Promise<void> {
    await this.until(() => this.console.endsWith(PROMPT));
  }
  async command(line: string): Promise<string> {
    const before = this.console.length;
    this.send({ type: 'input', bytes: keys(`${line}\n`) });
    await this.until(() => this.console.length > before + line.length + PROMPT.length && this.console.endsWith(PROMPT));
    return this.console.slice(before);
  }
  /** Pauses; the view of the paused machine is the last message then. */
  async pause(): Promise<void> {
    this.send({ type: 'pause' });
    await this.state('paused');
    await this.until(() => this.messages.at(-1)!.type === 'view');
  }
  async bootLab(): Promise<void> {
    this.send({ type: 'boot', config: { memoryMiB: 16 } });
    await this.prompt();
  }
}
