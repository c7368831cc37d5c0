/**
 * Pages of host memory whose every change somebody wants to know of: those that code has been generated from. Stores
 * through the host TLB are made to miss; whoever changes memory in another way says so.
 */
export class WatchedPages {
  /** Told that bytes from `host` on, within one page, are about to change. May stop watching the page. */
  onChange: (host: number, length: number) => void = () => {};

  /** @param flags a byte for each page of host memory, all zero */
  constructor(private readonly flags: Uint8Array) {}

  has(host: number): boolean {
    return this.flags[host >>> 12] !== 0;
  }
  add(host: number): void {
    this.flags[host >>> 12] = 1;
  }
  delete(host: number): void {
    this.flags[host >>> 12] = 0;
  }

  /** `length` bytes from `host` on are about to change, or just have. */
  changed(host: number, length: number): void {
    for (let at = host; at < host + length; at = (at & ~0xfff) + 0x1000) {
      if (this.has(at)) this.onChange(at, Math.min(host + length, (at & ~0xfff) + 0x1000) - at);
    }
  }
}
