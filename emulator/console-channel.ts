/** The guest's console on its way to the host: collected byte by byte, sent in one piece, as far as the host keeps up. */
import { CONSOLE_WINDOW } from './protocol.ts';

export class ConsoleChannel {
  private bytes = new Uint8Array(4096);
  private length = 0;
  private unacknowledged = 0;

  /** @param send takes the bytes' buffer over */
  constructor(private readonly send: (bytes: Uint8Array<ArrayBuffer>) => void) {}

  /** The host is behind: the guest waits until it has acknowledged some. */
  get full(): boolean {
    return this.unacknowledged >= CONSOLE_WINDOW;
  }

  push(byte: number): void {
    if (this.length === this.bytes.length) {
      const larger = new Uint8Array(this.length * 2);
      larger.set(this.bytes);
      this.bytes = larger;
    }
    this.bytes[this.length++] = byte;
  }

  flush(): void {
    if (this.length === 0) return;
    const bytes = this.bytes.slice(0, this.length);
    this.unacknowledged += this.length;
    this.length = 0;
    this.send(bytes);
  }

  acknowledge(bytes: number): void {
    this.unacknowledged = Math.max(0, this.unacknowledged - bytes);
  }

  /** Drops what has not been sent: another machine begins. What is on its way is still to be acknowledged. */
  clear(): void {
    this.length = 0;
  }
}
