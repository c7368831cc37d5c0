/** QEMU as a reference machine for tests, driven over its gdb stub (the GDB remote serial protocol). */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function qemuBinary(bigEndian: boolean): string {
  return bigEndian ? 'qemu-system-mips' : 'qemu-system-mipsel';
}

/** Whether QEMU is installed on this machine. */
export function haveQemu(): boolean {
  try {
    execFileSync(qemuBinary(false), ['--version'], { stdio: 'ignore' });
    execFileSync(qemuBinary(true), ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Registers in the stub's order: r0 to r31, Status, LO, HI, BadVAddr, Cause, PC. */
export const GDB = { status: 32, lo: 33, hi: 34, badVAddr: 35, cause: 36, pc: 37, count: 38 } as const;

export class Qemu {
  private readonly folder: string;
  private readonly process: ChildProcess;
  private socket!: Socket;
  private buffer = '';
  private waiting: ((packet: string) => void) | null = null;

  private constructor(
    private readonly bigEndian: boolean,
    args: string[],
  ) {
    this.folder = mkdtempSync(join(tmpdir(), 'kseg-qemu-'));
    this.process = spawn(
      qemuBinary(bigEndian),
      ['-M', 'malta', '-cpu', '24Kf', '-m', '64', '-display', 'none', '-serial', 'null', '-monitor', 'none']
        .concat(['-net', 'none', '-vga', 'none', '-S', '-gdb', `unix:${join(this.folder, 'gdb')},server=on,wait=off`])
        .concat(args),
      { stdio: 'ignore' },
    );
  }

  /** Starts a halted Malta; `args` are more of QEMU's own, such as a kernel. */
  static async start(bigEndian: boolean, args: string[]): Promise<Qemu> {
    const qemu = new Qemu(bigEndian, args);
    for (let attempt = 0; ; attempt++) {
      try {
        await qemu.connect();
        return qemu;
      } catch (error) {
        if (attempt === 100) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  private connect(): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = createConnection(join(this.folder, 'gdb'));
      socket.setEncoding('latin1');
      socket.on('data', (text: string) => this.receive(text));
      socket.once('error', reject);
      socket.once('connect', () => {
        this.socket = socket;
        resolve();
      });
    });
  }

  private receive(text: string): void {
    this.buffer += text;
    for (;;) {
      const start = this.buffer.indexOf('$');
      const end = this.buffer.indexOf('#', start);
      if (start < 0 || end < 0 || this.buffer.length < end + 3) return;
      const packet = this.buffer.slice(start + 1, end);
      this.buffer = this.buffer.slice(end + 3);
      this.socket.write('+');
      this.waiting?.(packet);
      this.waiting = null;
    }
  }

  private request(packet: string): Promise<string> {
    let sum = 0;
    for (let i = 0; i < packet.length; i++) sum = (sum + packet.charCodeAt(i)) & 0xff;
    return new Promise((resolve) => {
      this.waiting = resolve;
      this.socket.write(`$${packet}#${sum.toString(16).padStart(2, '0')}`);
    });
  }

  /** Register values in {@link GDB} order. */
  async registers(): Promise<Uint32Array> {
    const text = await this.request('g');
    const values = new Uint32Array(GDB.count);
    for (let i = 0; i < GDB.count; i++) {
      const bytes = Buffer.from(text.slice(i * 8, i * 8 + 8), 'hex');
      values[i] = this.bigEndian ? bytes.readUInt32BE() : bytes.readUInt32LE();
    }
    return values;
  }

  /** Sets registers by their number in {@link GDB} order; the others keep their values. */
  async setRegisters(values: Map<number, number>): Promise<void> {
    // The stub knows no packet for one MIPS register, so all are written back.
    let text = await this.request('g');
    for (const [index, value] of values) {
      const bytes = Buffer.alloc(4);
      if (this.bigEndian) bytes.writeUInt32BE(value >>> 0);
      else bytes.writeUInt32LE(value >>> 0);
      text = text.slice(0, index * 8) + bytes.toString('hex') + text.slice(index * 8 + 8);
    }
    await this.expectOk(`G${text}`);
  }

  /** Writes words to memory at a virtual address, in the guest's byte order. */
  async writeWords(address: number, words: ArrayLike<number>): Promise<void> {
    const bytes = Buffer.alloc(words.length * 4);
    for (let i = 0; i < words.length; i++) {
      if (this.bigEndian) bytes.writeUInt32BE(words[i]! >>> 0, i * 4);
      else bytes.writeUInt32LE(words[i]! >>> 0, i * 4);
    }
    for (let at = 0; at < bytes.length; at += 1024) {
      const piece = bytes.subarray(at, at + 1024);
      await this.expectOk(`M${(address + at).toString(16)},${piece.length.toString(16)}:${piece.toString('hex')}`);
    }
  }

  /** `count` words of memory at a virtual address. */
  async readWords(address: number, count: number): Promise<number[]> {
    const words: number[] = [];
    while (words.length < count) {
      const n = Math.min(256, count - words.length);
      const text = await this.request(`m${(address + words.length * 4).toString(16)},${(n * 4).toString(16)}`);
      const bytes = Buffer.from(text, 'hex');
      for (let i = 0; i < n; i++) words.push(this.bigEndian ? bytes.readUInt32BE(i * 4) : bytes.readUInt32LE(i * 4));
    }
    return words;
  }

  private async expectOk(packet: string): Promise<void> {
    const answer = await this.request(packet);
    if (answer !== 'OK')
      throw new Error(`QEMU's gdb stub answered ${JSON.stringify(answer)} to ${packet.slice(0, 40)}`);
  }

  /** Executes one instruction. */
  async step(): Promise<void> {
    await this.request('s');
  }

  /** Goes on until the instruction at `address` is next. */
  async runTo(address: number): Promise<void> {
    const breakpoint = `0,${address.toString(16)},4`;
    await this.expectOk(`Z${breakpoint}`);
    await this.request('c');
    await this.expectOk(`z${breakpoint}`);
  }

  stop(): void {
    this.socket?.destroy();
    this.process.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}
